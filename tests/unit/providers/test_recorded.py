"""Recordings: what was recorded comes back, what was not is an error."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from roadworthy.domain import Chunk, ModelRequest, ProviderError, Sampling, UsageError
from roadworthy.providers.recorded import (
    RecordedProvider,
    Recorder,
    read_recording,
    request_digest,
)

ASK = ModelRequest(model="m", messages=({"role": "user", "content": "h\u00e9"},), labels=("a",))


class Counting:
    """Answers with how often it was asked; fails on request."""

    name = "counting"

    def __init__(self) -> None:
        self.asked = 0

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        self.asked += 1
        yield Chunk(text=f"{self.asked} ")
        if request.prompt == "fail":
            raise ProviderError("fault", retryable=True)
        yield Chunk(text="times", finish_reason="stop", label_logprobs={"a": -0.5})

    async def aclose(self) -> None:
        self.asked = -1


async def test_a_recording_replays_exactly(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    recorder = Recorder(Counting(), path)
    first = [chunk async for chunk in recorder.stream(ASK)]
    await recorder.aclose()
    replay = RecordedProvider(read_recording(path.read_bytes(), source="r"), source="r")
    for _ in range(2):
        assert [chunk async for chunk in replay.stream(ASK)] == first
    parsed = [json.loads(line) for line in path.read_text().splitlines()]
    assert len(read_recording(parsed, source="r")) == 1


async def test_a_request_that_was_not_recorded_is_an_error() -> None:
    replay = RecordedProvider([], source="r.jsonl")
    with pytest.raises(ProviderError, match=r"r\.jsonl holds no answer") as caught:
        _ = [chunk async for chunk in replay.stream(ASK)]
    assert not caught.value.retryable


async def test_failed_and_abandoned_exchanges_are_not_recorded(tmp_path: Path) -> None:
    path = tmp_path / "recording.jsonl"
    recorder = Recorder(Counting(), path)
    with pytest.raises(ProviderError):
        _ = [c async for c in recorder.stream(ModelRequest(model="m", prompt="fail"))]
    stream = recorder.stream(ASK)
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    assert not path.exists()


@pytest.mark.parametrize(
    ("field", "value", "same"),
    [
        ("stream", True, True),
        ("timeout_s", 1.0, True),
        ("prefix_chars", 5, True),
        ("model", "n", False),
        ("labels", ("b",), False),
        ("repeat", 1, False),
        ("sampling", Sampling(temperature=0.1), False),
        ("extra", {"x": 1}, False),
        ("prompt", "x", False),
    ],
)
def test_what_names_a_request(field: str, value: object, same: bool) -> None:
    other = msgspec.structs.replace(ASK, **{field: value})
    assert (request_digest(other) == request_digest(ASK)) is same


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"request": 1, "chunks": []}', '{"chunks": []}', "\xff"]
)
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(UsageError, match=r"r\.jsonl:2"):
        read_recording(b"\n" + line.encode("latin-1"), source="r.jsonl")
