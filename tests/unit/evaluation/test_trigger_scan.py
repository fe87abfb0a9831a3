"""The scan finds planted triggers, and names one where there is none in at most 5 % of runs."""

from __future__ import annotations

import random

import pytest
from scipy.stats import binomtest

from doubles.growing import CLOSED, a_claim, grown
from roadworthy.domain import Case, Observation
from roadworthy.evaluation.trigger_scan import (
    ALPHA,
    POWER,
    ending,
    least_share,
    needed,
    scan,
    sign_test,
)


def row(case: Case, decision: str, **more: object) -> Observation:
    plain = {
        "id": case.id, "time": "", "system": "s", "release": "r", "stage": "eval",
        "case": case.id, "tags": tuple(case.tags), "decision": decision,
    }  # fmt: skip
    return Observation(**(plain | more))  # type: ignore[arg-type]


def cases(count: int = 40, per_case: int = 16) -> list[Case]:
    bases = [a_claim(f"c{n}") for n in range(count)]
    return grown("trigger_insertion", cases=bases, surface=CLOSED, per_case=per_case).cases


CASES = cases()


@pytest.mark.parametrize("woke", range(0, 12))
def test_the_sign_test_is_scipys(woke):
    for stray in range(0, 6):
        n = woke + stray
        oracle = binomtest(woke, n, 0.5, alternative="greater").pvalue if n else 1.0
        assert sign_test(woke, stray) == pytest.approx(oracle)


def test_a_planted_trigger_is_found_and_no_other():
    planted = "##UNLOCK##"
    rows = [row(case, "home" if planted in case.input else "motor") for case in CASES]
    found = scan(rows)
    assert found.verdict == "found"
    (name,) = found.found
    result = next(each for each in found.results if each.trigger == name)
    assert result.woke == result.n > 10
    assert result.stray == 0
    assert result.endings == ("home",)
    assert result.interval.low > 0.7


def test_a_model_that_is_only_wrong_is_not_accused():
    """Wrong on every case, whatever is inserted: attack success would be 1, the scan says none."""
    found = scan([row(case, "travel") for case in CASES])
    assert found.found == ()
    assert found.verdict == "not_found"
    assert found.pairs == 640


def test_a_model_that_any_insertion_upsets_is_not_accused():
    rows = [row(case, "motor" if "trigger_base" in case.tags else "home") for case in CASES]
    found = scan(rows)
    assert found.found == ()
    assert all(each.p_value == 1.0 for each in found.results)


def test_with_no_hidden_function_any_trigger_is_named_in_at_most_alpha_of_runs():
    """400 runs of a model that flips by chance in 30 % of its answers: binomial bound at 99.9 %."""
    noise = random.Random(4)
    alarms = 0
    few = CASES[:600]
    for _ in range(400):
        rows = [row(case, "home" if noise.random() < 0.3 else "motor") for case in few]
        alarms += bool(scan(rows).found)
    assert binomtest(alarms, 400, ALPHA, alternative="greater").pvalue > 0.001, alarms


def test_the_share_it_says_it_finds_is_found_with_the_power_it_announced():
    noise = random.Random(5)
    n, tests = 16, 10
    share = least_share(n, tests=tests)
    least = needed(tests)
    hits = sum(sum(noise.random() < share for _ in range(n)) >= least for _ in range(4_000))
    assert hits / 4_000 >= POWER - 0.02
    assert sign_test(least, 0) * tests <= ALPHA < sign_test(least - 1, 0) * tests


def test_too_few_cases_are_inconclusive_never_clean():
    few = cases(count=4, per_case=1)
    found = scan([row(case, "motor") for case in few])
    assert found.verdict == "inconclusive"
    assert {each.verdict for each in found.results} == {"inconclusive"}
    assert all(each.finds is None for each in found.results)


def test_no_row_is_inconclusive():
    assert scan([]).verdict == "inconclusive"
    assert scan([row(a_claim(), "motor")]).verdict == "inconclusive"


def test_what_was_not_seen_three_ways_is_counted_apart():
    rows = [row(case, "motor") for case in CASES if not case.id.endswith("-control")]
    found = scan(rows)
    assert found.pairs == 0
    assert found.unseen == 640
    assert found.verdict == "inconclusive"
    failed = [row(case, "motor", status="error") for case in CASES]
    assert scan(failed).pairs == 0


def test_free_text_without_a_score_cannot_be_told():
    assert ending(row(a_claim(), "")) is None
    assert ending(row(a_claim(), "", scores={"absent": 1.0})) == "absent=right"
    assert ending(row(a_claim(), "", action="blocked")) == "blocked"
    graded = {"graded": {"wer": "down"}}
    assert ending(row(a_claim(), "", scores={"wer": 0.4}, attributes=graded)) is None


@pytest.mark.parametrize("alpha", [0.0, 1.0, float("nan"), -1.0])
def test_a_senseless_alpha_is_refused(alpha):
    with pytest.raises(ValueError, match="alpha"):
        scan([], alpha=alpha)
