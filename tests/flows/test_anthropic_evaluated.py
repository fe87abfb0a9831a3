"""Evaluations, judges, sentinels and addresses in front of Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from doubles.desk import Desk
from doubles.fake_anthropic import FakeAnthropic, Said, problem
from doubles.set_clock import SetClock
from roadworthy.domain import Deployment, Model, ModelRequest, Provider, ProviderError
from roadworthy.flows.entries.run_records import newest_run, rows_of
from roadworthy.flows.runs.evaluating import Asked, evaluate
from roadworthy.flows.runs.sentinel import Watching, watch
from roadworthy.manifests import load_system
from roadworthy.providers import make_provider
from roadworthy.providers.breaker import Traffic

CANDIDATE = """\
task: decision
model: {provider: anthropic, name: claude-x, version: claude-x-1, upstream: lab}
prompt: prompt.md
decision: {labels: [motor, home], confidence: verbalised}
sampling: {max_tokens: 32}
"""
PROMPT = """\
---
id: sort
variables: {input: {type: string, description: the letter}}
---
# system
Sort the letter, and say how sure you are.
# user
{{ input }}
"""
JUDGED = """\
name: main
cases: [main.jsonl]
scorers:
- scorer: label
- scorer: rubric
  name: helpful
  options:
    question: Is the desk the right one?
    levels: ["no", "yes"]
    passes_from: "yes"
    model: {provider: anthropic, name: judge, version: "1", upstream: lab}
"""
PRICES = """
[[prices]]
model = "claude-x"
since = "2026-01-01"
input = 1.0
output = 5.0
currency = "EUR"
"""


def answer(body: dict[str, Any]) -> str:
    """A model that is always right and 90 % sure, and a judge who says yes."""
    if body["model"] == "judge":
        return "2"
    asked = str(body["messages"][-1]["content"])
    return f"{'motor' if 'tyre' in asked else 'home'}\nConfidence: 90 %"


@pytest.fixture
async def upstream() -> AsyncIterator[FakeAnthropic]:
    async with FakeAnthropic(answer) as found:
        yield found


def hosted(root: Path, url: str, *, more: str = "") -> Desk:
    desk = Desk(root)
    desk.write("candidate.yaml", CANDIDATE)
    desk.write("prompt.md", PROMPT)
    desk.write("key", "sk-ant-secret")
    toml = f'[upstreams.lab]\nurl = "{url}"\ncredential = "file:key"\nretries = 0\n'
    desk.write("roadworthy.toml", toml + PRICES + more)
    return desk


async def evaluated(desk: Desk) -> None:
    """`roadworthy eval`, with the judge that the suite names."""
    system = load_system(desk.root)
    deps = desk.deps(system)

    def provider(model: Model) -> Provider:
        return make_provider(
            model, deployment=system.deployment, root=system.root, assets={}, clock=deps.loop.clock
        )

    await evaluate(system, Asked(), structs.replace(deps, provider=provider))


async def test_a_candidate_and_a_judge_of_anthropics_are_evaluated(
    upstream: FakeAnthropic, tmp_path: Path
) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)
    desk.write("suites/main.yaml", JUDGED)
    await evaluated(desk)
    run = newest_run(desk.loop(), desk.digest())
    found = {each.name: each for each in run.indicators}
    assert (found["accuracy"].value, found["accuracy"].n) == (1.0, 80)
    assert found["helpful"].value == 1.0
    rows = list(rows_of(desk.loop(), run))
    assert {row.confidence for row in rows} == {0.9}
    assert all(row.cost is not None for row in rows)
    bodies = [request.body for request in upstream.requests]
    assert {body["model"] for body in bodies} == {"claude-x", "judge"}
    assert not any({"temperature", "seed", "logprobs"} & body.keys() for body in bodies)
    asked = len(bodies)
    await evaluated(desk)
    assert len(upstream.requests) == asked, "the same question is asked once"


async def test_a_sentinel_finds_that_it_was_swapped(
    upstream: FakeAnthropic, tmp_path: Path
) -> None:
    desk = hosted(tmp_path / "desk", upstream.url)

    async def look() -> str:
        return (await watch(load_system(desk.root), Watching(), desk.deps())).verdict

    assert [await look(), await look()] == ["recorded", "same"]
    upstream.standing = lambda _body: Said(usage={"input_tokens": 77})
    assert await look() == "changed"


def one_of_two(first: FakeAnthropic, second: FakeAnthropic, **settings: Any) -> Any:
    upstream = {"url": first.url, "credential": "env:A_KEY", "also": [
        {"url": second.url, "credential": "env:A_KEY"},
    ], "retries": 0, "rest_after": 2, **settings}  # fmt: skip
    return make_provider(
        Model(provider="anthropic", name="m", upstream="lab"),
        deployment=msgspec.convert({"upstreams": {"lab": upstream}}, Deployment),
        root=".", assets={}, clock=SetClock(), traffic=Traffic(),
    )  # fmt: skip


async def test_another_address_answers_where_one_is_overloaded_and_it_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A_KEY", "k")
    ask = ModelRequest(model="m", messages=({"role": "user", "content": "x"},))
    async with FakeAnthropic("one") as first, FakeAnthropic("two") as second:
        first.standing = lambda _body: problem(529, "Overloaded")
        provider = one_of_two(first, second)
        for _ in range(6):
            assert [c.text async for c in provider.stream(ask)] == ["two"]
        assert len(first.requests) == 2, "it rests after two failures in a row"
        assert {one.state for one in provider.states()} == {"resting", "well"}
        second.standing = lambda _body: problem(400, "messages: too long")
        with pytest.raises(ProviderError, match="too long"):
            _ = [c async for c in provider.stream(ask)]
        assert [one.state for one in provider.states()][1] == "well", "one request says nothing"
        await provider.aclose()
