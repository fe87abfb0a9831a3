"""What is not decided says how many cases would decide it, where any number would."""

from __future__ import annotations

import pytest

from roadworthy.domain import Measurement, SafetySLO, Verdict
from roadworthy.policy import assess
from roadworthy.statistics import clopper_pearson, proof_cases, quantile_cases


def share(count: int, n: int, name: str = "accuracy") -> Measurement:
    bounds = clopper_pearson(count, n)
    return Measurement(
        name=name, value=count / n, low=bounds.low, high=bounds.high, n=n, rows=n, count=count,
        every=count, unit="share", method="clopper_pearson",
    )  # fmt: skip


def test_an_undecided_share_names_the_cases_that_would_prove_it() -> None:
    found = assess(SafetySLO(name="accuracy", target=">= 0.8"), share(52, 60))
    plan = proof_cases(52 / 60, 0.8)
    assert plan is not None
    assert found.verdict is Verdict.INCONCLUSIVE
    assert f"{plan.cases} cases in all prove it" in found.reason


def test_an_estimate_on_the_wrong_side_is_promised_nothing() -> None:
    found = assess(SafetySLO(name="accuracy", target=">= 0.9"), share(52, 60))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "or a better candidate" in found.reason
    assert "prove it" not in found.reason


def test_a_rate_to_be_proven_names_its_clean_cases() -> None:
    slo = SafetySLO(name="pii_leak", target="== 0", max_rate=0.01)
    found = assess(slo, share(0, 60, "pii_leak"))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason.endswith("299 clean cases in all would prove it")
    enough = assess(slo, share(0, 299, "pii_leak"))
    assert enough.verdict is Verdict.PASS


@pytest.mark.parametrize("n", [40, quantile_cases(0.95) - 1])
def test_a_percentile_without_an_interval_names_the_fewest_cases_with_one(n: int) -> None:
    found = assess(
        SafetySLO(name="latency_p95", target="<= 800 ms"),
        Measurement(name="latency", value=500.0, n=n, rows=n, unit="ms"),
    )
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason.endswith(f"{quantile_cases(0.95)} cases are the fewest with one")
