"""How many cases: against scipy, by exhaustive search, and by simulation of what is promised."""

from __future__ import annotations

import random

import pytest
from scipy import stats

from roadworthy.domain import Measurement, SafetySLO
from roadworthy.statistics import (
    cases_needed,
    clopper_pearson,
    mcnemar_exact,
    paired_cases,
    paired_power,
    proof_cases,
    quantile_cases,
    quantile_interval,
    zero_count_cases,
    zero_count_upper,
)


@pytest.mark.parametrize("rate", [0.001, 0.01, 0.049, 0.05, 0.3, 0.9])
def test_the_fewest_clean_cases_exclude_the_rate_and_one_less_does_not(rate: float) -> None:
    n = zero_count_cases(rate)
    assert zero_count_upper(n) <= rate + 1e-12
    assert n == 1 or zero_count_upper(n - 1) > rate


def test_a_rate_of_one_percent_takes_299_clean_cases() -> None:
    assert zero_count_cases(0.01) == 299


@pytest.mark.parametrize(
    ("share", "bound"),
    [(0.9, 0.8), (0.95, 0.9), (1.0, 0.95), (0.02, 0.05), (0.0, 0.01), (0.5, 0.4)],
)
def test_a_plan_proves_with_the_power_that_it_says_and_no_plan_of_fewer_cases_does(
    share: float, bound: float
) -> None:
    plan = proof_cases(share, bound)
    assert plan is not None
    high = share > bound

    def power(n: int) -> float:
        proofs = [
            k
            for k in range(n + 1)
            if (clopper_pearson(k, n).low >= bound if high else clopper_pearson(k, n).high <= bound)
        ]
        return float(sum(stats.binom.pmf(proofs, n, share))) if proofs else 0.0

    assert plan.power == pytest.approx(power(plan.cases), abs=1e-9)
    assert plan.power >= 0.8
    worst = clopper_pearson(plan.cases - plan.allowed if high else plan.allowed, plan.cases)
    assert worst.low >= bound - 1e-12 if high else worst.high <= bound + 1e-12
    for n in range(max(1, plan.cases - 6), plan.cases):
        assert power(n) < 0.8


def test_no_number_of_cases_proves_a_share_that_is_at_its_bound() -> None:
    assert proof_cases(0.8, 0.8) is None
    assert proof_cases(0.8, 0.8000001) is None


@pytest.mark.parametrize("bound", [0.0, 1.0, -1.0, float("nan")])
def test_a_bound_at_the_end_of_the_scale_has_no_plan(bound: float) -> None:
    with pytest.raises(ValueError, match="strictly between"):
        proof_cases(0.5, bound)
    with pytest.raises(ValueError, match="strictly between"):
        zero_count_cases(bound)


def test_a_share_outside_its_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="no share"):
        proof_cases(float("nan"), 0.5)


@pytest.mark.parametrize(("gained", "lost"), [(0.08, 0.03), (0.02, 0.1), (0.3, 0.1), (0.05, 0.0)])
def test_paired_power_is_the_sum_over_all_tables(gained: float, lost: float) -> None:
    n, total = 40, 0.0
    for up in range(n + 1):
        for down in range(n + 1 - up):
            right = up > down if gained > lost else down > up
            if right and mcnemar_exact(up, down) < 0.05:
                total += stats.multinomial.pmf(
                    [up, down, n - up - down], n, [gained, lost, 1 - gained - lost]
                )
    assert paired_power(n, gained, lost) == pytest.approx(total, abs=1e-7)


def test_a_drop_of_three_points_is_found_with_the_power_that_was_announced() -> None:
    gained, lost = 0.02, 0.05
    n = paired_cases(gained, lost)
    assert n is not None
    assert paired_power(n - 1, gained, lost) < 0.8 <= paired_power(n, gained, lost)
    source = random.Random(11)
    found = rounds = 0
    for _ in range(1500):
        flips = [source.random() for _ in range(n)]
        down = sum(draw < lost for draw in flips)
        up = sum(lost <= draw < lost + gained for draw in flips)
        found += down > up and mcnemar_exact(up, down) < 0.05
        rounds += 1
    assert found / rounds == pytest.approx(paired_power(n, gained, lost), abs=0.031)


def test_a_difference_that_takes_a_million_cases_is_planned_by_the_approximation() -> None:
    n = paired_cases(0.1, 0.101)
    assert n is not None
    assert n == pytest.approx(7.849 * 0.201 / 0.001**2, rel=0.01)
    assert paired_cases(0.1, 0.10001) is None


def test_equal_flips_are_never_found() -> None:
    assert paired_cases(0.05, 0.05) is None
    assert paired_power(1000, 0.05, 0.05) == 0.0
    with pytest.raises(ValueError, match="no shares"):
        paired_power(10, 0.7, 0.7)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.95, 0.99])
def test_the_fewest_cases_with_an_interval_of_a_quantile(share: float) -> None:
    n = quantile_cases(share)
    values = [float(value) for value in range(n)]
    assert quantile_interval(values, share) is not None
    assert quantile_interval(values[1:], share) is None


def measured(count: int, n: int, **more: object) -> Measurement:
    bounds = clopper_pearson(count, n)
    blank = {
        "name": "accuracy", "value": count / n, "low": bounds.low, "high": bounds.high, "n": n,
        "count": count, "every": count, "unit": "share", "method": "clopper_pearson",
    }  # fmt: skip
    return Measurement(**{**blank, **more})  # type: ignore[arg-type]


def test_an_objective_says_how_many_cases_would_prove_it() -> None:
    needed = cases_needed(SafetySLO(name="accuracy", target=">= 0.8"), measured(108, 120))
    assert needed == getattr(proof_cases(0.9, 0.8), "cases")  # noqa: B009
    strict = cases_needed(
        SafetySLO(name="accuracy", target=">= 0.8"), measured(108, 120, confidence=0.99)
    )
    assert strict is not None
    assert needed is not None
    assert strict > needed


@pytest.mark.parametrize(
    ("target", "found"),
    [
        (">= 0.95", measured(108, 120)),
        (">= 0.9", measured(108, 120)),
        ("== 0.9", measured(108, 120)),
        (">= 0.98 x baseline", measured(108, 120)),
        (">= 0.8", Measurement(name="accuracy", value=None)),
        ("== 0", measured(1, 120)),
    ],
)
def test_where_no_number_of_cases_helps_none_is_named(target: str, found: Measurement) -> None:
    assert cases_needed(SafetySLO(name="accuracy", target=target, max_rate=0.01), found) is None


def test_a_zero_target_names_the_clean_cases_that_its_rate_takes() -> None:
    slo = SafetySLO(name="pii_leak", target="== 0", max_rate=0.01)
    assert cases_needed(slo, measured(0, 120)) == 299


def test_a_percentile_without_an_interval_names_the_fewest_cases_with_one() -> None:
    slo = SafetySLO(name="latency_p95", target="<= 800 ms")
    found = Measurement(name="latency", value=500.0, n=40, unit="ms")
    assert cases_needed(slo, found) == quantile_cases(0.95)


def test_a_mean_needs_as_many_cases_as_its_interval_is_too_wide() -> None:
    slo = SafetySLO(name="cost_per_request", target="<= 2")
    found = Measurement(
        name="cost_per_request", value=1.5, low=0.7, high=2.3, n=40, method="student_t"
    )
    needed = cases_needed(slo, found)
    assert needed is not None
    width = 0.8 * (40 / needed) ** 0.5
    assert 1.5 + width < 2
