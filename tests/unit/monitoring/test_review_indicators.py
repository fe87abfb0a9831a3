"""What people made of held answers, as indicators: overturned how often, decided how soon."""

from __future__ import annotations

import datetime as dt
import random

import numpy as np
import pytest
from scipy import stats

from doubles.answering import an_observation
from roadworthy.domain import Observation, Reviewed, SafetySLO, Verdict, format_instant
from roadworthy.monitoring import WAITING, measure
from roadworthy.policy import assess

NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HOUR = 3_600_000.0


def held(
    at: int,
    waited: float | None = None,
    *,
    overturned: bool = False,
    waiting: float | None = None,
    **given: object,
) -> Observation:
    """A held answer: decided after `waited` ms, or waiting still."""
    reviewed = None
    if waited is not None:
        how = "edit" if overturned else "approve"
        reviewed = Reviewed(decision=how, overturned=overturned, waited_ms=waited)
    kinds = {
        "id": f"o{at}", "case": "", "suite": "", "stage": "live", "action": "held",
        "time": format_instant(NOON + dt.timedelta(minutes=at)), "first_token_ms": 1.0,
        "attributes": {WAITING: waiting} if waiting is not None else {},
    } | given  # fmt: skip
    return an_observation(reviewed=reviewed, **kinds)


def some(seed: int, count: int) -> list[Observation]:
    source = random.Random(seed)
    rows = []
    for at in range(count):
        wait, looked = source.expovariate(1 / HOUR), source.uniform(0, 4 * HOUR)
        over = wait <= looked
        rows.append(
            held(
                at, wait if over else None,
                overturned=source.random() < 0.3, waiting=None if over else looked,
            )
        )  # fmt: skip
    return rows


def test_the_overturn_rate_is_the_mean_over_decisions() -> None:
    rows = some(1, 200)
    said = [row.reviewed.overturned for row in rows if row.reviewed is not None]
    found = measure("overturn_rate", rows)
    assert found.value == pytest.approx(np.mean(said)) and found.n == len(said) < 200
    exact = stats.binomtest(sum(said), len(said)).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high))


def test_what_nobody_decided_or_the_machine_never_said_is_in_no_rate() -> None:
    rows = [held(1), held(2, 5.0, overturned=True, first_token_ms=None)]
    found = measure("overturn_rate", rows)
    assert (found.value, found.n) == (None, 0) and found.reason
    assert measure("overturn_rate", [*rows, held(3, 5.0)]).value == 0.0


def test_the_time_to_review_is_scipys_kaplan_meier() -> None:
    rows = some(2, 300)
    times = [
        row.reviewed.waited_ms if row.reviewed is not None else row.attributes[WAITING]
        for row in rows
    ]
    cut = [row.reviewed is None for row in rows]
    steps = stats.ecdf(stats.CensoredData.right_censored(times, cut)).sf
    for how, share in (("p50", 0.5), ("p75", 0.75), ("p90", 0.9)):
        found = measure("time_to_review", rows, aggregation=how)
        assert found.value == min(steps.quantiles[steps.probabilities <= 1 - share])
        assert found.low is not None and found.high is not None
        assert found.low < found.value < found.high
        assert (found.n, found.method) == (300, "kaplan_meier")
        assert f"{sum(cut)} of 300 still wait" in found.reason


def test_when_all_is_decided_bounds_are_exact() -> None:
    rows = [held(at, float(at)) for at in range(1, 201)]
    found = measure("time_to_review", rows)
    assert (found.value, found.method, found.reason) == (190.0, "order statistics, p95", "")
    assert measure("time_to_review", rows, aggregation="mean").value == pytest.approx(100.5)
    assert measure("time_to_review", rows, aggregation="max").value == 200.0


def test_what_still_waits_makes_nobody_look_fast() -> None:
    quick = [held(at, 1000.0) for at in range(50)]
    stuck = [held(at, waiting=48 * HOUR) for at in range(50, 100)]
    assert measure("time_to_review", quick).value == 1000.0
    found = measure("time_to_review", [*quick, *stuck])
    assert found.value == 48 * HOUR and found.high is None
    assert found.reason == "at least: 50 of 100 still wait"
    for how in ("mean", "max"):
        missing = measure("time_to_review", [*quick, *stuck], aggregation=how)
        assert missing.value is None and "still wait" in missing.reason


@pytest.mark.parametrize("evidence", [None, "proven", "point"])
def test_a_queue_that_stands_still_passes_no_objective(evidence: str | None) -> None:
    stuck = [held(at, 1000.0) for at in range(50)] + [
        held(at, waiting=3600.0) for at in range(50, 60)
    ]
    for name in ("time_to_review", "time_to_review_p95"):
        slo = SafetySLO(name=name, target="<= 86400000", evidence=evidence)  # type: ignore[arg-type]
        found = measure("time_to_review", stuck, aggregation="p95")
        assert assess(slo, found).verdict is Verdict.INCONCLUSIVE, found


def test_a_lower_bound_alone_fails_an_objective() -> None:
    stuck = [held(at, HOUR) for at in range(50)] + [
        held(at, waiting=48 * HOUR) for at in range(50, 100)
    ]
    found = measure("time_to_review", stuck)
    assert found.low == 48 * HOUR
    slo = SafetySLO(name="time_to_review", target="<= 86400000")
    assert assess(slo, found).verdict is Verdict.FAIL


def test_without_a_clock_what_waits_has_waited_until_the_newest_row() -> None:
    rows = [held(0), held(60, 30 * 60_000.0)]  # an hour later, decided after half of one
    found = measure("time_to_review", rows, aggregation="p75")
    assert found.value == pytest.approx(1.5 * HOUR) and found.reason.startswith("at least")


def test_a_held_case_of_an_evaluation_waits_for_nobody() -> None:
    rows = [held(at, stage="eval", suite="s", case=f"c{at}") for at in range(9)]
    assert measure("time_to_review", rows).value is None
    assert measure("time_to_review", rows).n == 0
