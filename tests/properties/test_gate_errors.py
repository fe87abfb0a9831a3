"""The whole gate refuses a change that changes nothing rarely, and finds a drop as it announced."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from roadworthy.domain import Assessment, Observation, SafetySLO, Verdict
from roadworthy.flows.gate.baseline import Baseline
from roadworthy.flows.gate.judging import Evidence, judge
from roadworthy.policy import (
    PairedScore,
    RegressionRule,
    beside_objectives,
    held_together,
    regressions,
)
from roadworthy.statistics import Interval, paired_cases

BENCH = Path(__file__).parents[2] / "bench" / "gate_errors.py"


@pytest.fixture(scope="module")
def simulated() -> Any:
    spec = importlib.util.spec_from_file_location("gate_errors", BENCH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_whole_gate_refuses_a_change_that_changes_nothing_rarely(simulated: Any) -> None:
    """Nine comparisons with the base and a rule about regressions; alpha is 5 % for all of them.

    At 5 %, more than 16 of 150 pairs would be refused in less than one of a thousand such tests.
    """
    assert simulated.false_alarms(150, 96) <= 16


@pytest.mark.parametrize("flips", [0.04, 0.1])
def test_a_drop_of_three_points_is_found_with_the_power_it_announced(
    simulated: Any, flips: float
) -> None:
    lost, gained = (flips + 0.03) / 2, (flips - 0.03) / 2
    cases = paired_cases(gained, lost, alpha=0.1, power=0.8)
    assert cases is not None
    found = simulated.verdicts(400, cases, gained, lost)
    assert found["FAIL"] >= found["said"] - 0.06, found
    assert 0.74 <= found["said"] <= 0.84, found
    assert found["PASS"] <= 0.06, "a real drop hardly ever passes"


def test_a_change_that_changes_nothing_passes_with_that_many_cases(simulated: Any) -> None:
    cases = paired_cases(0.025, 0.055, alpha=0.1, power=0.8)
    assert cases is not None
    found = simulated.verdicts(400, cases, 0.04, 0.04)
    assert found["FAIL"] <= 0.08
    assert found["PASS"] >= 0.6


def pair(lost: int, gained: int = 0, n: int = 100, score: str = "a") -> PairedScore:
    return PairedScore(
        score=score, n=n, before=0.9, after=0.9 - (lost - gained) / n,
        interval=Interval(-0.2, 0.1), gained=gained, lost=lost,
    )  # fmt: skip


def test_holm_counts_every_score_and_scores_that_flipped_alike_once() -> None:
    rule = RegressionRule()
    assert regressions([pair(5)], rule)[0].verdict is Verdict.FAIL
    assert regressions([pair(5), pair(5, score="b")], rule)[0].verdict is Verdict.FAIL
    many = [pair(5), *(pair(2, 2, n=100 + each) for each in range(3))]
    assert regressions(many, rule)[0].verdict is Verdict.INCONCLUSIVE


def test_nothing_to_compare_is_never_a_pass() -> None:
    (found,) = regressions([], RegressionRule(), "the base was not run")
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "the base was not run" in found.reason


def slices(lost: int) -> tuple[list[Any], list[Any]]:
    """Ten tenants of 40 cases; the first loses some that were right, the others stay the same."""
    runs: tuple[list[Any], list[Any]] = ([], [])
    for tenant in range(10):
        for number in range(40):
            old = number < 36
            new = old and not (tenant == 0 and number < lost)
            for rows, right in zip(runs, (old, new), strict=True):
                rows.append(
                    Observation(
                        id=f"{tenant}-{number}", time="2026-11-21T20:00:00.000000Z", system="desk",
                        release="r", stage="eval", suite="s", case=f"c{tenant}-{number}",
                        facets={"tenant": f"t{tenant}"}, decision="a" if right else "b", label="a",
                    )
                )  # fmt: skip
    return runs


@pytest.mark.parametrize(
    ("lost", "alone", "among_ten"),
    [
        (3, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
        (9, Verdict.FAIL, Verdict.INCONCLUSIVE),
        (16, Verdict.FAIL, Verdict.FAIL),
    ],
)
def test_one_slice_of_ten_must_fail_beside_the_others(
    lost: int, alone: Verdict, among_ten: Verdict
) -> None:
    before, after = slices(lost)
    evidence = Evidence(rows=after, baseline=Baseline(run="run-0", rows=tuple(before)))
    target = {"metric": "accuracy", "target": ">= 1 x baseline"}
    one = SafetySLO(name="one", where="facets.tenant == 't0'", **target)  # type: ignore[arg-type]
    each = SafetySLO(name="each", by=["tenant"], **target)  # type: ignore[arg-type]
    assert judge([one], evidence)[0][0].verdict is alone
    found = next(item for item in judge([each], evidence)[0] if "t0" in item.name)
    assert found.verdict is among_ten
    assert ("beside the 10" in found.reason) == (alone is not among_ten)


def judged(verdict: Verdict) -> Assessment:
    return Assessment(
        slo=SafetySLO(name="x", target=">= 1 x baseline"), name="x", target=">= 1 x baseline",
        estimate=0.8, low=0.7, high=0.9, n=100, verdict=verdict, baseline=0.9,
    )  # fmt: skip


@pytest.mark.parametrize("alone", list(Verdict))
@pytest.mark.parametrize("together", list(Verdict))
def test_among_many_no_verdict_ever_opens(alone: Verdict, together: Verdict) -> None:
    found = held_together(judged(alone), judged(together), 9)
    assert found.verdict in (alone, Verdict.INCONCLUSIVE)
    assert found.verdict.opens == alone.opens


def test_the_rule_and_the_objectives_share_one_alpha() -> None:
    assert beside_objectives(RegressionRule(), []).alpha == 0.05
    assert beside_objectives(RegressionRule(), [judged(Verdict.PASS)]).alpha == 0.025
