"""Several addresses of one model: who is asked, and what becomes of a call when one fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from doubles.set_clock import SetClock
from roadworthy.domain import Chunk, ModelRequest, ProviderError
from roadworthy.providers.addresses import Addresses, Member
from roadworthy.providers.breaker import Breaker, BreakerPolicy, Traffic

DOWN = ProviderError("down", retryable=True)
YOUR_FAULT = ProviderError("too long", retryable=False, status=400)


class Place:
    """A provider that answers with its name, or fails, at its leisure."""

    def __init__(self, name: str, clock: SetClock) -> None:
        self.name = name
        self.error: ProviderError | None = None
        self.after_text = False
        self.takes_s = 0.0
        self.gate: asyncio.Event | None = None
        self.timeouts: list[float] = []
        self.closed = 0
        self._clock = clock

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        self.timeouts.append(request.timeout_s)
        self._clock.advance(self.takes_s)
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None and not self.after_text:
            raise self.error
        yield Chunk(text=self.name)
        if self.error is not None:
            raise self.error
        yield Chunk(finish_reason="stop")

    async def aclose(self) -> None:
        self.closed += 1


class Trial:
    def __init__(
        self,
        *weights: int,
        after: int = 2,
        fail_fast: bool = True,
        traffic: Traffic | None = None,
    ) -> None:
        traffic = traffic or Traffic()
        self.clock = SetClock()
        self.places = [Place(f"p{at}", self.clock) for at in range(len(weights))]
        rest = BreakerPolicy(after=after, rest_s=10.0)
        members = [
            Member(place.name, place, Breaker(self.clock, rest, traffic.at(place.name)), weight)
            for place, weight in zip(self.places, weights, strict=True)
        ]
        self.addresses = Addresses("lab", members, clock=self.clock, fail_fast=fail_fast)

    async def ask(self, timeout_s: float = 0.0) -> str:
        request = ModelRequest(model="m", prompt="x", timeout_s=timeout_s)
        return "".join([chunk.text async for chunk in self.addresses.stream(request)])

    def states(self) -> list[str]:
        return [one.state for one in self.addresses.states()]


async def test_calls_one_after_the_other_are_spread_by_weight() -> None:
    trial = Trial(1, 3)
    said = [await trial.ask() for _ in range(40)]
    assert said.count("p0") == 10


async def test_one_that_comes_back_has_nothing_to_catch_up() -> None:
    trial = Trial(1, 1, after=1)
    trial.places[0].error = DOWN
    assert [await trial.ask() for _ in range(40)] == ["p1"] * 40
    trial.places[0].error = None
    trial.clock.advance(10.0)
    said = [await trial.ask() for _ in range(10)]
    assert said.count("p0") == 5


async def test_the_least_busy_is_asked() -> None:
    trial = Trial(1, 1)
    trial.places[0].gate = asyncio.Event()
    slow = asyncio.ensure_future(trial.ask())
    await asyncio.sleep(0)
    assert [await trial.ask() for _ in range(5)] == ["p1"] * 5
    trial.places[0].gate.set()
    assert await slow == "p0"


async def test_another_releases_calls_make_an_address_busy() -> None:
    traffic = Traffic()
    live, canary = Trial(1, 1, traffic=traffic), Trial(1, 1, traffic=traffic)
    live.places[0].gate = asyncio.Event()
    slow = asyncio.ensure_future(live.ask())
    await asyncio.sleep(0)
    assert [await canary.ask() for _ in range(5)] == ["p1"] * 5
    live.places[0].gate.set()
    assert await slow == "p0"
    assert await canary.ask() == "p0", "it has been asked less"


@pytest.mark.parametrize("fail_fast", [True, False])
async def test_a_call_counts_as_long_as_it_lasts_however_it_ends(fail_fast: bool) -> None:
    traffic = Traffic()
    trial = Trial(1, 1, after=1, fail_fast=fail_fast, traffic=traffic)
    loads = [traffic.at(name) for name in ("p0", "p1")]
    assert await trial.ask() == "p0"
    for place in trial.places:
        place.error = DOWN
    for _ in range(3):  # the second and the third while all rest
        with pytest.raises(ProviderError):
            await trial.ask()
    trial.clock.advance(1000.0)
    for place in trial.places:
        place.error, place.gate = None, asyncio.Event()
    left = asyncio.ensure_future(trial.ask())
    await asyncio.sleep(0)
    assert sorted(load.busy for load in loads) == [0, 1]
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    assert [load.busy for load in loads] == [0, 0]


async def test_a_call_goes_on_at_the_next_address_when_one_fails_before_it_spoke() -> None:
    trial = Trial(1, 1)
    trial.places[0].error = DOWN
    assert [await trial.ask() for _ in range(6)] == ["p1"] * 6
    assert trial.states() == ["resting", "well"]
    assert len(trial.places[0].timeouts) == 2, "it rests: nobody asks it"


async def test_a_call_that_was_half_answered_is_not_asked_again() -> None:
    trial = Trial(1, 1)
    trial.places[0].error, trial.places[0].after_text = DOWN, True
    with pytest.raises(ProviderError, match="down"):
        await trial.ask()
    assert not trial.places[1].timeouts


async def test_what_is_refused_for_what_it_asks_is_not_asked_elsewhere() -> None:
    trial = Trial(1, 1)
    trial.places[0].error = YOUR_FAULT
    with pytest.raises(ProviderError, match="too long"):
        await trial.ask()
    assert not trial.places[1].timeouts and trial.states() == ["well", "well"]


async def test_all_addresses_together_take_the_time_of_one_call() -> None:
    trial = Trial(1, 1, 1)
    for place in trial.places:
        place.error, place.takes_s = DOWN, 4.0
    with pytest.raises(ProviderError, match="down"):
        await trial.ask(timeout_s=6.0)
    assert [place.timeouts for place in trial.places] == [[6.0], [2.0], []]


async def test_while_all_rest_calls_end_at_once() -> None:
    trial = Trial(1, 1, after=1)
    for place in trial.places:
        place.error = DOWN
    with pytest.raises(ProviderError, match="down"):
        await trial.ask()
    with pytest.raises(ProviderError, match="every address of lab failed") as rests:
        await trial.ask()
    assert not rests.value.retryable and rests.value.retry_after_s == 10.0
    assert [len(place.timeouts) for place in trial.places] == [1, 1]


async def test_whoever_would_rather_wait_is_let_through_while_all_rest() -> None:
    trial = Trial(1, 1, after=1, fail_fast=False)
    for place in trial.places:
        place.error = DOWN
    for _ in range(2):
        with pytest.raises(ProviderError, match="down"):
            await trial.ask()
    trial.places[0].error = None
    assert await trial.ask() == "p0"
    assert trial.states()[0] == "well"


async def test_a_caller_who_leaves_leaves_no_trace() -> None:
    trial = Trial(1)
    trial.places[0].gate = asyncio.Event()
    call = asyncio.ensure_future(trial.ask())
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    trial.places[0].gate = None
    assert await trial.ask() == "p0" and trial.states() == ["well"]
    await trial.addresses.aclose()
    assert trial.places[0].closed == 1
