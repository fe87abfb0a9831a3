"""Retries: when, how long, and when not. Nobody sleeps here."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from doubles.set_clock import SetClock
from roadworthy.domain import Chunk, ModelRequest, ProviderError
from roadworthy.providers import Resilient, RetryPolicy

LAST = Chunk(text="ok", finish_reason="stop")


class Scripted:
    """A provider that plays steps: a chunk is yielded, an error ends the call."""

    name = "scripted"

    def __init__(self, *calls: list[Chunk | Exception]) -> None:
        self.calls = list(calls)
        self.requests: list[ModelRequest] = []
        self.closed = 0

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        self.requests.append(request)
        for step in self.calls.pop(0):
            if isinstance(step, Exception):
                raise step
            yield step

    async def aclose(self) -> None:
        self.closed += 1


class Trial:
    """A resilient provider on a clock that only its own sleeps move."""

    def __init__(self, *calls: list[Chunk | Exception], policy: RetryPolicy | None = None) -> None:
        self.clock = SetClock()
        self.slept: list[float] = []
        self.inner = Scripted(*calls)
        self.provider = Resilient(
            self.inner, clock=self.clock, policy=policy, sleep=self.sleep, draw=lambda: 0.5
        )

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)

    async def run(self, *, timeout_s: float = 60.0) -> list[Chunk]:
        request = ModelRequest(model="m", prompt="x", timeout_s=timeout_s)
        return [chunk async for chunk in self.provider.stream(request)]


def fault(*, wish: float | None = None, retryable: bool = True) -> ProviderError:
    return ProviderError("fault", retryable=retryable, status=503, retry_after_s=wish)


async def test_transient_faults_are_hidden() -> None:
    trial = Trial([fault()], [fault()], [LAST])
    assert await trial.run() == [LAST]
    assert trial.slept == [0.125, 0.25]
    assert [request.timeout_s for request in trial.inner.requests] == [60.0, 59.875, 59.625]


async def test_not_more_often_than_allowed() -> None:
    trial = Trial(*[[fault()]] * 4)
    with pytest.raises(ProviderError):
        await trial.run()
    assert len(trial.slept) == 3


async def test_waits_grow_no_further_than_the_cap() -> None:
    trial = Trial(*[[fault()]] * 9, [LAST], policy=RetryPolicy(retries=9, cap_s=2.0))
    await trial.run()
    assert max(trial.slept) == 1.0


async def test_what_is_not_retryable_is_not_retried() -> None:
    trial = Trial([fault(retryable=False)])
    with pytest.raises(ProviderError):
        await trial.run()
    assert trial.slept == []


async def test_after_the_first_text_nothing_is_retried() -> None:
    trial = Trial([Chunk(text="half"), fault()], [LAST])
    with pytest.raises(ProviderError):
        await trial.run()
    assert len(trial.inner.requests) == 1


async def test_the_upstreams_own_wish_is_honoured() -> None:
    trial = Trial([fault(wish=5.0)], [LAST])
    assert await trial.run() == [LAST]
    assert trial.slept == [5.125]


async def test_a_wish_beyond_the_cap_goes_to_the_caller() -> None:
    trial = Trial([fault(wish=31.0)])
    with pytest.raises(ProviderError) as caught:
        await trial.run()
    assert caught.value.retry_after_s == 31.0
    assert trial.slept == []


async def test_nothing_is_retried_past_the_calls_time() -> None:
    trial = Trial([fault(wish=5.0)])
    with pytest.raises(ProviderError):
        await trial.run(timeout_s=5.0)
    assert trial.slept == []


async def test_the_budget_ends_a_storm_of_retries() -> None:
    policy = RetryPolicy(budget=2.0, earn=0.5, retries=5)
    trial = Trial([fault()], [fault()], [fault()], [LAST], [fault()], [LAST], policy=policy)
    with pytest.raises(ProviderError):
        await trial.run()
    assert len(trial.slept) == 2
    assert await trial.run() == [LAST]
    with pytest.raises(ProviderError):
        await trial.run()
    assert len(trial.slept) == 2


async def test_other_errors_pass() -> None:
    trial = Trial([ValueError("a fault of ours")])
    with pytest.raises(ValueError, match="ours"):
        await trial.run()


async def test_closing_closes_the_inner_provider() -> None:
    trial = Trial()
    await trial.provider.aclose()
    assert trial.inner.closed == 1
