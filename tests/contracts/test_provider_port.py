"""The Provider port: every provider keeps the same promises."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from doubles.fake_anthropic import FakeAnthropic
from doubles.fake_upstream import FakeUpstream
from doubles.set_clock import SetClock
from roadworthy.domain import (
    Chunk,
    Deployment,
    Model,
    ModelRequest,
    Provider,
    Sampling,
    Upstream,
    UsageError,
    sha256,
)
from roadworthy.providers import make_provider
from roadworthy.providers.recorded import Recorder

LABELS = ("motor", "home", "travel")
RULES = {"labels": {label: {"words": {label: 2.0}} for label in LABELS}}
SOURCE = """
def label(request):
    text = request["prompt"] or request["messages"][-1]["content"]
    return next((label for label in request["labels"] if label in text), "none")
"""
ASK = ModelRequest(
    model="m",
    messages=({"role": "user", "content": "the roof of my home"},),
    sampling=Sampling(max_tokens=8),
)


def build(
    model: Model, *, root: Path | str = ".", url: str = "http://host", **files: object
) -> Provider:
    return make_provider(
        model,
        deployment=Deployment(upstreams={"main": Upstream(url=url)}),
        root=str(root),
        assets=dict(files),
        clock=SetClock(),
    )


def _rules() -> Provider:
    return build(Model(provider="rule", name="m", file="r.yaml"), **{"r.yaml": RULES})


@asynccontextmanager
async def opened(kind: str, folder: Path) -> AsyncIterator[Provider]:
    """A provider of that kind that can answer ASK, with labels and without."""
    async with FakeUpstream("home") as upstream, FakeAnthropic("home") as other:
        if kind == "openai_compatible":
            provider = build(
                Model(provider="openai_compatible", name="m", upstream="main"), url=upstream.url
            )
        elif kind == "anthropic":
            named = {"headers": {"x-api-key": "k"}}
            model = Model(provider="anthropic", name="m", upstream="main", options=named)
            provider = build(model, url=other.url)
        elif kind == "rule":
            provider = _rules()
        elif kind == "python":
            digest = sha256(SOURCE.encode())
            model = Model(
                provider="python", name="label", file="b.py", digest=digest,
                options={"trusted": True},
            )  # fmt: skip
            provider = build(model, **{"b.py": SOURCE})
        elif kind == "recorded":
            recorder = Recorder(_rules(), folder / "recording.jsonl")
            for labels in ((), LABELS):
                _ = [chunk async for chunk in recorder.stream(asked(labels=labels))]
            provider = build(
                Model(provider="recorded", name="m", file="recording.jsonl"), root=folder
            )
        else:
            pytest.importorskip("xllamacpp", reason="pip install 'roadworthy[local]'")
            try:
                provider = build(Model(provider="local", name="gemma-3-270m"))
            except UsageError as error:
                pytest.skip(str(error))
        try:
            yield provider
        finally:
            await provider.aclose()


def asked(**fields: object) -> ModelRequest:
    return ModelRequest(
        **{
            "model": ASK.model,
            "messages": ASK.messages,
            "sampling": ASK.sampling,
            **fields,
        }  # type: ignore[arg-type]
    )


KINDS = [
    "openai_compatible",
    "anthropic",
    "rule",
    "python",
    "recorded",
    pytest.param("local", marks=[pytest.mark.model, pytest.mark.slow]),
]
each_kind: Callable[..., object] = pytest.mark.parametrize("kind", KINDS)


@each_kind
@pytest.mark.parametrize("stream", [True, False])
async def test_the_last_chunk_and_only_the_last_has_a_finish_reason(
    kind: str, stream: bool, tmp_path: Path
) -> None:
    async with opened(kind, tmp_path) as provider:
        chunks = [chunk async for chunk in provider.stream(asked(stream=stream))]
        assert chunks[-1].finish_reason
        assert [chunk.finish_reason for chunk in chunks[:-1]] == [""] * (len(chunks) - 1)


@each_kind
async def test_a_decision_is_one_of_the_labels_and_has_all_or_no_probabilities(
    kind: str, tmp_path: Path
) -> None:
    async with opened(kind, tmp_path) as provider:
        chunks: list[Chunk] = [c async for c in provider.stream(asked(labels=LABELS))]
        assert "".join(chunk.text for chunk in chunks) in LABELS
        scored = [chunk.label_logprobs for chunk in chunks if chunk.label_logprobs is not None]
        assert all(set(logprobs) == set(LABELS) for logprobs in scored)
        assert all(value <= 1e-6 for logprobs in scored for value in logprobs.values())


@each_kind
async def test_the_same_request_gives_the_same_answer(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as provider:
        answers = [
            [(chunk.text, chunk.label_logprobs) async for chunk in provider.stream(request)]
            for request in (asked(labels=LABELS), asked(labels=LABELS))
        ]
        assert answers[0] == answers[1]


@each_kind
async def test_closing_early_stops_and_the_next_call_works(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as provider:
        stream = provider.stream(asked(stream=True))
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        chunks = [chunk async for chunk in provider.stream(asked())]
        assert chunks[-1].finish_reason


@each_kind
async def test_a_stream_that_was_never_read_costs_nothing(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as provider:
        stream = provider.stream(asked())
        await stream.aclose()  # type: ignore[attr-defined]


@each_kind
async def test_closing_twice_is_fine(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as provider:
        await provider.aclose()
        await provider.aclose()


@each_kind
async def test_it_has_a_name(kind: str, tmp_path: Path) -> None:
    async with opened(kind, tmp_path) as provider:
        assert provider.name
