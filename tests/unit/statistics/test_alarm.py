"""An alarm: rare while nothing is wrong, quick once it is, and no innocent past holds it back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.statistics import BernoulliAlarm


def first_alarm(signs: np.ndarray, usual: float, attack: float, at: float) -> int | None:
    alarm = BernoulliAlarm(usual, attack)
    for number, seen in enumerate(signs, start=1):
        alarm.add(bool(seen))
        if alarm.log_evidence >= math.log(at):
            return number
    return None


@pytest.mark.parametrize(("usual", "attack"), [(0.1, 0.8), (0.02, 0.4), (0.005, 0.5), (0.2, 0.8)])
def test_innocent_answers_go_by_for_as_long_as_was_promised(usual: float, attack: float) -> None:
    random = np.random.default_rng(7)
    promised, longest, runs = 100.0, 4000, 400
    waited = []
    for _ in range(runs):
        found = first_alarm(random.random(longest) < usual, usual, attack, promised)
        waited.append(longest if found is None else found)
    error = np.std(waited) / math.sqrt(runs)
    assert np.mean(waited) + 3 * error >= promised  # cut at `longest`: a lower bound
    assert np.mean(waited) < longest, "it would say nothing if it never rang"


@pytest.mark.parametrize(("usual", "attack"), [(0.1, 0.8), (0.02, 0.3), (0.3, 0.5)])
def test_a_short_innocent_session_rings_as_rarely_as_was_promised(
    usual: float, attack: float
) -> None:
    random = np.random.default_rng(11)
    answers, at, runs = 50, 500.0, 2000
    rang = sum(
        first_alarm(random.random(answers) < usual, usual, attack, at) is not None
        for _ in range(runs)
    )
    promised = answers / at
    assert rang / runs <= promised + 3 * math.sqrt(promised * (1 - promised) / runs)


@given(st.lists(st.booleans(), max_size=60))
def test_the_evidence_is_the_best_product_over_all_beginnings(signs: list[bool]) -> None:
    usual, attack = 0.1, 0.6
    alarm = BernoulliAlarm(usual, attack)
    for seen in signs:
        alarm.add(seen)
    ratios = [attack / usual if seen else (1 - attack) / (1 - usual) for seen in signs]
    best = max((math.prod(ratios[at:]) for at in range(len(ratios))), default=1.0)
    assert math.isclose(alarm.log_evidence, math.log(best), abs_tol=1e-9) or (
        best < 1.0 and alarm.log_evidence <= 0.0
    )


def test_an_innocent_past_holds_nothing_back() -> None:
    attack = [True] * 6
    late = first_alarm(np.array([False] * 5000 + attack), 0.1, 0.8, 10_000)
    soon = first_alarm(np.array(attack), 0.1, 0.8, 10_000)
    assert soon is not None
    assert late == 5000 + soon


def test_signs_are_counted_since_the_evidence_began() -> None:
    alarm = BernoulliAlarm(0.1, 0.8)
    alarm.add(True)
    for _ in range(5):
        alarm.add(False)
    alarm.add(True)
    alarm.add(True)
    assert alarm.hits == 2


@pytest.mark.parametrize(
    "shares", [(0.0, 0.5), (0.5, 0.5), (0.6, 0.5), (0.5, 1.0), (math.nan, 0.5)]
)
def test_shares_that_say_nothing_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="usual"):
        BernoulliAlarm(*shares)
