"""Doubles of the evaluation's ports: a provider and a target that count what they are asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from roadworthy.domain import Case, Chunk, ModelRequest, Observation, ProviderError, Usage


class CountingProvider:
    """The Provider port: answers with `answer(request)`, or raises `fault` while it is set."""

    name = "counting"

    def __init__(self, answer: Callable[[ModelRequest], str] | str = "42") -> None:
        self.answer = answer
        self.asked: list[ModelRequest] = []
        self.fault: ProviderError | None = None
        self.truncated = False
        self.pieces = 1
        self.closed = 0
        self.gate: asyncio.Event | None = None

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        self.asked.append(request)
        if self.gate is not None:
            await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        text = self.answer if isinstance(self.answer, str) else self.answer(request)
        size = max(1, -(-len(text) // self.pieces))
        parts = [text[at : at + size] for at in range(0, len(text), size)] or [""]
        for part in parts[:-1]:
            yield Chunk(text=part)
        if self.truncated:
            yield Chunk(text=parts[-1])
            return
        usage = Usage(input_tokens=3, output_tokens=len(parts))
        yield Chunk(text=parts[-1], finish_reason="stop", usage=usage)

    async def aclose(self) -> None:
        self.closed += 1


class CountingTarget:
    """The Target port: answers with `answer(case, repeat)`; None is an error row."""

    def __init__(self, answer: Callable[[Case, int], str | None] | str = "42") -> None:
        self.answer_with = answer
        self.asked: list[tuple[str, str, int]] = []
        self.running = 0
        self.most_running = 0
        self.cost: str | None = None
        self.crash_at: int | None = None

    async def answer(self, case: Case, *, suite: str, repeat: int) -> Observation:
        self.asked.append((suite, case.id, repeat))
        if self.crash_at is not None and len(self.asked) > self.crash_at:
            raise RuntimeError("a fault of the target's own")
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        given = self.answer_with
        text = given if isinstance(given, str) else given(case, repeat)
        return an_observation(
            suite=suite,
            case=case.id,
            repeat=repeat,
            tags=tuple(case.tags),
            facets=case.facets,
            output=text or "",
            status="ok" if text is not None else "error",
            error="" if text is not None else "no answer",
            cost=self.cost,
            currency="EUR" if self.cost else "",
        )


_serial = 0


def an_observation(**fields: object) -> Observation:
    """An observation of an evaluation; its id is another one each time."""
    global _serial
    _serial += 1
    plain: dict[str, object] = {
        "id": f"observation-{_serial}",
        "time": f"2026-11-21T20:00:00.{_serial:06d}Z",
        "system": "desk",
        "release": "sha256:" + "c" * 64,
        "stage": "eval",
    }
    return Observation(**(plain | fields))  # type: ignore[arg-type]
