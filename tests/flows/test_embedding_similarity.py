"""Vectors in a run: made once, kept, measured; two models or none are never a number."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import structs

from doubles.rated_desk import RatedDesk
from roadworthy.domain import Chunk, Measurement, Model, ModelRequest, Provider, UsageError
from roadworthy.flows.entries.run_records import rows_of
from roadworthy.flows.runs.evaluating import Asked, Evaluated, EvaluatingDeps, evaluate
from roadworthy.manifests import load_system
from roadworthy.monitoring import measure
from roadworthy.wiring.clock import new_id
from roadworthy.wiring.service import build_service

SUITE = """\
name: main
cases: [main.jsonl]
scorers:
- scorer: embedding_similarity
  options:
    model: {provider: openai_compatible, name: vectors, upstream: up, version: "1"}
"""

VECTORS = {"motor": [1.0, 0.0], "home": [0.6, 0.8]}


class Vectors:
    """Says the vector of a word."""

    name = "vectors"

    def __init__(self) -> None:
        self.asked = 0
        self.said = VECTORS

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        self.asked += 1
        yield Chunk(text=json.dumps(self.said[str(request.prompt)]), finish_reason="stop")

    async def aclose(self) -> None:
        pass


class Desk(RatedDesk):
    """A desk whose cases expect the desk's name as a text."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.vectors = Vectors()
        self.write("suites/main.yaml", SUITE)
        self.write("roadworthy.toml", '[upstreams.up]\nurl = "http://127.0.0.1:9/v1"\n')
        lines = [
            {"id": f"c{n}", "input": f"tyre {n}", "expect": {"text": ("motor", "home")[n % 4 == 0]}}
            for n in range(40)
        ]
        self.write("suites/main.jsonl", "".join(json.dumps(line) + "\n" for line in lines))

    async def evaluate(self, asked: Asked | None = None, *, embedder: bool = True) -> Evaluated:
        system = load_system(self.root)
        loop = self.loop()

        def made(model: Model) -> Provider:
            assert model.name == "vectors"
            return self.vectors

        deps = EvaluatingDeps(
            loop=loop,
            new_id=new_id,
            service=lambda content, wrap: build_service(
                content, content.candidate_digest, deployment=system.deployment,
                clock=loop.clock, root=system.root, wrap=wrap,
            ),
            embedder=made if embedder else None,
        )  # fmt: skip
        return await evaluate(system, asked or Asked(), deps)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    return Desk(tmp_path / "desk")


def shown(evaluated: Evaluated) -> Measurement:
    return next(
        each for each in evaluated.summary.indicators if each.name == "embedding_similarity"
    )


async def test_the_mean_cosine_is_measured_over_the_cases(desk: Desk) -> None:
    found = shown(await desk.evaluate())
    assert found.n == 40
    assert found.value == pytest.approx((30 * 1.0 + 10 * 0.6) / 40)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.9 < found.high


async def test_a_text_is_made_a_vector_once(desk: Desk) -> None:
    await desk.evaluate()
    assert desk.vectors.asked == len(VECTORS)
    await desk.evaluate(Asked(fresh=True))
    assert desk.vectors.asked == len(VECTORS)


async def test_without_anything_that_makes_vectors_nothing_runs(desk: Desk) -> None:
    with pytest.raises(UsageError, match="nothing can make an embedding model"):
        await desk.evaluate(embedder=False)


async def test_a_model_that_breaks_leaves_error_rows_and_no_value(desk: Desk) -> None:
    desk.vectors.said = {"motor": [0.0, 0.0], "home": [math.pi, 1.0]}
    found = await desk.evaluate()
    assert found.summary.status == "partial"
    assert all(each.name != "embedding_similarity" for each in found.summary.indicators)
    assert "a vector of zeros" in next(iter(found.faults))


@pytest.mark.parametrize("name", ["embedding_similarity", "alike"])
async def test_vectors_of_two_models_are_no_mean(desk: Desk, name: str) -> None:
    desk.write("suites/main.yaml", SUITE.replace("options:", f"name: {name}\n  options:"))
    evaluated = await desk.evaluate()
    rows = rows_of(desk.loop(), evaluated.summary)
    assert measure(name, rows).value is not None
    other = {name: {"model": "sha256:other", "length": 384}}
    mixed = [structs.replace(rows[0], attributes={"embedded": other}), *rows[1:]]
    found = measure(name, mixed)
    assert found.value is None
    assert "of 2 models" in found.reason
