"""Vectors that are compared: scikit-learn as the oracle, and what is no vector is an error row."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest
from sklearn.metrics.pairwise import cosine_similarity

from roadworthy.domain import (
    Case,
    Chunk,
    EmbeddingOptions,
    Expect,
    Model,
    ModelRequest,
    Observation,
    ProviderError,
)
from roadworthy.evaluation import Embedding, LikenedTarget, Likeness
from roadworthy.evaluation.plan import Item

MODEL = Model(provider="openai_compatible", name="vectors", upstream="up", version="1")


class Vectors:
    """An embedding model that says what a function says."""

    name = "vectors"

    def __init__(self, says: Callable[[str], str]) -> None:
        self.asked: list[str] = []
        self._says = says

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        assert request.prompt is not None
        self.asked.append(request.prompt)
        yield Chunk(text=self._says(request.prompt), finish_reason="stop")

    async def aclose(self) -> None:
        pass


class Answers:
    """A target that gives one answer."""

    def __init__(self, **said: str) -> None:
        self._said = {"status": "ok", "action": "answered", **said}

    async def answer(self, case: Case, *, suite: str, repeat: int) -> Observation:
        return Observation(
            id="o", time="2026-01-01T00:00:00Z", system="s", release="r", stage="eval",
            suite=suite, case=case.id, **self._said,
        )  # fmt: skip


class Planned:
    def __init__(self, case: Case) -> None:
        self.items = [Item(suite="main", case=case, repeat=0)]


def drawn(text: str) -> list[float]:
    source = random.Random(text)
    return [source.gauss(0.2, 1.0) for _ in range(64)]


def said(text: str) -> str:
    return json.dumps(drawn(text))


def liken(
    says: Callable[[str], str] = said,
    expect: Expect | None = None,
    at_least: float | None = None,
    **answer: str,
) -> tuple[Observation, Vectors]:
    case = Case(id="c", input="?", expect=expect or Expect(text="one", texts=["two"]))
    vectors = Vectors(says)
    likeness = Likeness(
        name="alike",
        options=EmbeddingOptions(model=MODEL, at_least=at_least),
        embedding=Embedding(MODEL, vectors, digest="sha256:made"),
    )
    target = LikenedTarget(
        Answers(**{"output": "an answer", **answer}), Planned(case), {"main": [likeness]}
    )
    return asyncio.run(target.answer(case, suite="main", repeat=0)), vectors


def test_the_score_is_scikit_learns_cosine_to_the_text_most_alike() -> None:
    found, vectors = liken()
    table = cosine_similarity([drawn("an answer")], [drawn("one"), drawn("two")])
    assert found.scores["alike"] == pytest.approx(max(0.0, float(table.max())), abs=1e-12)
    assert found.attributes["embedded"] == {"alike": {"model": "sha256:made", "length": 64}}
    assert vectors.asked == ["an answer", "one", "two"]


@pytest.mark.parametrize("scale", [1e-300, 1.0, 1e200])
def test_the_length_of_a_vector_does_not_matter(scale: float) -> None:
    vectors = {"an answer": [3.0 * scale, 4.0 * scale], "one": [4.0, 3.0]}
    found, _ = liken(lambda text: json.dumps(vectors[text]), Expect(text="one"))
    assert found.scores["alike"] == pytest.approx(0.96, abs=1e-12)


def test_vectors_that_point_apart_are_worth_nothing() -> None:
    vectors = {"an answer": [1.0, 0.1], "one": [-1.0, 0.0]}
    found, _ = liken(lambda text: json.dumps(vectors[text]), Expect(text="one"))
    assert found.scores["alike"] == 0.0


BROKEN = {
    "zeros": "[0.0, 0.0]",
    "not a number": "[NaN, 1.0]",
    "infinite": "[1e999, 1.0]",
    "empty": "[]",
    "words": "I am a language model",
    "an object": '{"embedding": [1, 2]}',
    "nested": "[[1.0, 2.0]]",
    "deep": "[" * 100_000,
    "nothing": "",
}


@pytest.mark.parametrize("kind", sorted(BROKEN))
def test_what_is_no_vector_is_an_error_row_and_never_a_score(kind: str) -> None:
    found, _ = liken(lambda text: BROKEN[kind] if text == "an answer" else "[1.0, 2.0]")
    assert found.status == "error"
    assert "not scored: alike: the embedding model vectors" in found.error
    assert "alike" not in found.scores


def test_vectors_of_another_length_in_mid_run_are_an_error_row() -> None:
    found, _ = liken(lambda text: "[1.0, 2.0]" if text == "an answer" else "[1.0, 2.0, 3.0]")
    assert found.status == "error"
    assert "replied with 3 numbers, before with 2" in found.error


def test_a_model_that_cannot_be_asked_is_an_error_row() -> None:
    def down(_text: str) -> str:
        raise ProviderError("down", retryable=True)

    assert liken(down)[0].status == "error"


@pytest.mark.parametrize(
    "answer", [{"action": "blocked", "output": "the fallback"}, {"output": "  "}]
)
def test_words_that_did_not_leave_are_like_nothing(answer: dict[str, str]) -> None:
    found, vectors = liken(**answer)
    assert found.scores["alike"] == 0.0
    assert not vectors.asked


def test_a_case_without_an_expected_text_is_not_likened() -> None:
    found, vectors = liken(expect=Expect(label="motor"))
    assert "alike" not in found.scores
    assert not vectors.asked


@pytest.mark.parametrize(("line", "verdict"), [(0.95, 1.0), (0.97, 0.0)])
def test_a_line_makes_it_a_verdict(line: float, verdict: float) -> None:
    vectors = {"an answer": [3.0, 4.0], "one": [4.0, 3.0]}
    found, _ = liken(lambda text: json.dumps(vectors[text]), Expect(text="one"), line)
    assert found.scores["alike"] == verdict


def test_many_random_pairs_agree_with_numpy() -> None:
    source = np.random.default_rng(3)
    for _ in range(50):
        a, b = source.normal(size=(2, 7)) * 10.0 ** source.integers(-9, 9)
        vectors = {"an answer": a.tolist(), "one": b.tolist()}
        found, _ = liken(lambda text, v=vectors: json.dumps(v[text]), Expect(text="one"))
        wanted = float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
        assert found.scores["alike"] == pytest.approx(max(0.0, wanted), abs=1e-12)
