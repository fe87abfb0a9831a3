"""The circuit breaker: when calls end at once, who finds out, and who does not."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from doubles.set_clock import SetClock
from roadworthy.domain import ProviderError
from roadworthy.providers.breaker import MOST_RESTS, Breaker, BreakerPolicy, Visit

DOWN = ProviderError("down", retryable=True)
YOUR_FAULT = ProviderError("no such model", retryable=False, status=404)


def entered(breaker: Breaker) -> Visit:
    visit = breaker.enter()
    assert visit is not None
    return visit


def ended(breaker: Breaker, error: ProviderError | None) -> None:
    visit = entered(breaker)
    visit.learn(error)
    visit.leave()


def failing(after: int = 3) -> tuple[Breaker, SetClock]:
    clock = SetClock()
    breaker = Breaker(clock, BreakerPolicy(after=after, rest_s=10.0))
    for _ in range(after):
        ended(breaker, DOWN)
    return breaker, clock


def test_it_rests_after_failures_in_a_row_and_not_before() -> None:
    breaker = Breaker(SetClock(), BreakerPolicy(after=3))
    for error in (DOWN, DOWN, None, DOWN, DOWN):
        ended(breaker, error)
    assert breaker.state == "well"
    ended(breaker, DOWN)
    assert (breaker.state, breaker.enter()) == ("resting", None)


def test_a_refusal_of_one_request_says_that_the_address_answers() -> None:
    breaker = Breaker(SetClock(), BreakerPolicy(after=2))
    for error in (DOWN, YOUR_FAULT, DOWN, YOUR_FAULT):
        ended(breaker, error)
    assert breaker.state == "well"


def test_one_call_finds_out_and_the_others_wait_for_it() -> None:
    breaker, clock = failing()
    clock.advance(10.0)
    probe = entered(breaker)
    assert (breaker.state, breaker.enter()) == ("probed", None)
    probe.learn(None)
    probe.leave()
    assert breaker.state == "well" and breaker.enter() is not None


def test_a_probe_whose_caller_left_lets_the_next_one_find_out() -> None:
    breaker, clock = failing()
    clock.advance(10.0)
    entered(breaker).leave()
    assert breaker.state == "resting" and breaker.enter() is not None


def test_a_call_from_before_the_rest_ends_no_probe() -> None:
    clock = SetClock()
    breaker = Breaker(clock, BreakerPolicy(after=1, rest_s=10.0))
    early = entered(breaker)
    ended(breaker, DOWN)
    clock.advance(10.0)
    entered(breaker)
    early.leave()
    assert (breaker.state, breaker.enter()) == ("probed", None)


def test_each_rest_after_a_probe_that_failed_is_longer_to_a_limit() -> None:
    breaker, clock = failing()
    waits = []
    for _ in range(6):
        waits.append(breaker.wait_s())
        clock.advance(breaker.wait_s())
        ended(breaker, DOWN)
    assert waits == [10.0, 20.0, 40.0, 80.0, 80.0, 80.0]
    clock.advance(80.0)
    ended(breaker, None)
    for _ in range(3):
        ended(breaker, DOWN)
    assert breaker.wait_s() == 10.0


def test_it_rests_as_long_as_the_address_wishes() -> None:
    clock = SetClock()
    breaker = Breaker(clock, BreakerPolicy(after=1, rest_s=10.0))
    ended(breaker, ProviderError("slow down", retryable=True, status=429, retry_after_s=25.0))
    assert breaker.wait_s() == 25.0


@given(st.lists(st.tuples(st.sampled_from(["down", "ok", "left"]), st.floats(0, 30)), max_size=60))
def test_it_never_rests_for_ever(calls: list[tuple[str, float]]) -> None:
    clock = SetClock()
    breaker = Breaker(clock, BreakerPolicy(after=2, rest_s=1.0))
    for how, passes in calls:
        clock.advance(passes)
        visit = breaker.enter()
        if visit is None:
            continue
        if how != "left":
            visit.learn(None if how == "ok" else DOWN)
        visit.leave()
    assert breaker.state != "probed", "nobody is under way"
    clock.advance(MOST_RESTS)
    ended(breaker, None)
    assert breaker.state == "well"
