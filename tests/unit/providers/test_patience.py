"""Rate limits in an evaluation: all calls pause together, and not for ever. Nobody sleeps here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from doubles.set_clock import SetClock
from roadworthy.domain import Chunk, ModelRequest, ProviderError, UnavailableError
from roadworthy.providers import Patience, Patient

LAST = Chunk(text="ok", finish_reason="stop")


class Limiting:
    """Refuses until an instant of the clock."""

    name = "limiting"

    def __init__(self, clock: SetClock, *, until_s: float, error: ProviderError) -> None:
        self.clock = clock
        self.until = clock.monotonic() + until_s
        self.error = error
        self.asked = 0

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        self.asked += 1
        if self.clock.monotonic() < self.until:
            raise self.error
        yield LAST

    async def aclose(self) -> None:
        pass


class Trial:
    """Patient calls on a clock that only their own sleeps move."""

    def __init__(self, error: ProviderError, *, until_s: float = 20.0, total_s: float = 600.0):
        self.clock = SetClock()
        self.slept: list[float] = []
        self.said: list[str] = []
        self.inner = Limiting(self.clock, until_s=until_s, error=error)
        self.patience = Patience(
            self.clock, total_s=total_s, sleep=self.sleep, on_pause=self.said.append
        )
        self.provider = Patient(self.inner, self.patience)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)

    async def run(self) -> list[Chunk]:
        return [c async for c in self.provider.stream(ModelRequest(model="m", prompt="x"))]


def limit(wish: float | None = 5.0, *, status: int = 429, retryable: bool = True) -> ProviderError:
    return ProviderError(
        f"upstream 'lab' answered HTTP {status}",
        retryable=retryable, status=status, retry_after_s=wish,
    )  # fmt: skip


async def test_a_limit_is_waited_for_as_long_as_the_upstream_asks() -> None:
    trial = Trial(limit())
    assert await trial.run() == [LAST]
    assert trial.slept == [5.0] * 4
    assert trial.said[0] == "waiting 5 s: upstream 'lab' answered HTTP 429"


async def test_without_a_wish_each_pause_is_twice_the_one_before() -> None:
    trial = Trial(limit(None))
    assert await trial.run() == [LAST]
    assert trial.slept == [1.0, 2.0, 4.0, 8.0, 16.0]


async def test_all_calls_pause_together_and_the_pause_is_paid_for_once() -> None:
    """Sixteen workers meet one limit of 5 s for 4 times: 20 s of patience are enough for all."""
    trial = Trial(limit(), total_s=20.0)

    async def later(seconds: float) -> None:
        until = trial.clock.monotonic() + seconds
        for _ in range(50):
            await asyncio.sleep(0)
        trial.clock.advance(max(0.0, until - trial.clock.monotonic()))

    trial.patience._sleep = later
    answers = await asyncio.gather(*(trial.run() for _ in range(16)))
    assert answers == [[LAST]] * 16
    assert len(trial.said) == 4
    assert trial.inner.asked <= 16 * 5


async def test_patience_ends_and_the_error_names_upstream_wish_and_way_on() -> None:
    trial = Trial(limit(120.0), until_s=1e6, total_s=300.0)
    with pytest.raises(UnavailableError) as caught:
        await trial.run()
    assert sum(trial.slept) == 240.0
    assert "upstream 'lab' answered HTTP 429; it asks to wait 120 s" in caught.value.message
    assert "60 of 300 s" in caught.value.message
    assert "--patience" in caught.value.fix


@pytest.mark.parametrize(
    "error",
    [
        limit(None, status=401, retryable=False),
        limit(None, status=403, retryable=False),
        limit(None, status=429, retryable=False),  # the quota is spent: no wait mends that
    ],
)
async def test_a_refused_credential_and_a_spent_quota_stop_at_once(error: ProviderError) -> None:
    trial = Trial(error)
    with pytest.raises(UnavailableError, match="upstream 'lab'"):
        await trial.run()
    assert (trial.inner.asked, trial.slept) == (1, [])


async def test_any_other_error_goes_to_the_caller() -> None:
    trial = Trial(limit(None, status=503))
    with pytest.raises(ProviderError):
        await trial.run()
    assert trial.slept == []
