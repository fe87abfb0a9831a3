"""F1 and calibration against the baseline, paired case by case: the guarantee, by simulation.

At the boundary (the truth is exactly `factor x baseline`) a proven PASS is a false one: at most
2.5 %, whatever part of the cases the two candidates answer with the same luck. Fixed seeds.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from statistics import correlation
from typing import Any

import pytest
from msgspec import structs

from roadworthy.domain import Observation, SafetySLO, Verdict, read_name
from roadworthy.monitoring import contributions, measure
from roadworthy.monitoring.cases import Rows
from roadworthy.policy import Side, assess_relative

ROUNDS = 400
SLACK = 0.02
"""Two and a half standard errors of the simulation."""

BLANK = Observation(id="", time="t", system="s", release="r", stage="eval", suite="m")


def row(case: int, label: str, decision: str, confidence: float | None = None) -> Observation:
    return structs.replace(
        BLANK, id=f"o{case}", case=f"c{case}", label=label, decision=decision,
        confidence=confidence,
    )  # fmt: skip


def side(name: str, rows: Sequence[Observation], *, paired: bool = True, how: str = "") -> Side:
    def measured(part: Rows) -> Any:
        return measure(name, part, aggregation=how)

    cases = contributions(name, rows, measured, aggregation=how) if paired else {}
    return Side(measured=measured(rows), cases={"/".join(key): of for key, of in cases.items()})


def verdict(
    slo: SafetySLO, now: list[Observation], before: list[Observation], *, paired: bool = True
) -> Verdict:
    asked = read_name(slo)
    found = [
        side(asked.metric, rows, paired=paired, how=asked.aggregation) for rows in (now, before)
    ]
    return assess_relative(slo, *found).verdict


def luck(alike: float, source: random.Random) -> tuple[float, float]:
    first = source.random()
    return first, first if source.random() < alike else source.random()


def labelled(
    n: int, labels: int, right: tuple[float, float], alike: float, source: random.Random
) -> tuple[list[Observation], list[Observation]]:
    """Two candidates with these shares right, mistakes spread evenly: macro F1 is the share."""
    both: tuple[list[Observation], list[Observation]] = ([], [])
    for case in range(n):
        truth = case % labels
        for rows, share, draw in zip(both, right, luck(alike, source), strict=True):
            wrong = (truth + 1 + int(draw * 1e6) % (labels - 1)) % labels
            rows.append(row(case, str(truth), str(truth if draw < share else wrong)))
    return both


def sure(
    n: int, gap: tuple[str, str], by: float, alike: float, source: random.Random
) -> tuple[list[Observation], list[Observation]]:
    """Two candidates whose calibration error is `by`, made in two ways."""
    both: tuple[list[Observation], list[Observation]] = ([], [])
    for case in range(n):
        said = 0.55 + 0.4 * source.random()
        for rows, kind, draw in zip(both, gap, luck(alike, source), strict=True):
            off = by if kind == "over" or int(said * 10) % 2 else -by
            rows.append(row(case, "a", "a" if draw < said - off else "b", said))
    return both


@pytest.mark.parametrize("alike", [0.0, 0.9, 1.0])
@pytest.mark.parametrize("name", ["f1", "precision", "recall", "f1_micro"])
@pytest.mark.parametrize(("n", "labels", "old", "factor"), [(60, 3, 0.7, 1.0), (150, 5, 0.9, 0.95)])
def test_a_candidate_at_the_boundary_of_f1_is_rarely_passed(
    name: str, n: int, labels: int, old: float, factor: float, alike: float
) -> None:
    slo = SafetySLO(name=name, target=f">= {factor} x baseline")
    source, passed = random.Random(11), 0
    for _ in range(ROUNDS // 2):
        now, before = labelled(n, labels, (factor * old, old), alike, source)
        passed += verdict(slo, now, before) is Verdict.PASS
    assert passed / (ROUNDS // 2) <= 0.025 + SLACK


@pytest.mark.parametrize("alike", [0.0, 0.9, 1.0])
@pytest.mark.parametrize(
    "gap", [("over", "over"), ("over", "both"), ("both", "over"), ("both", "both")]
)
@pytest.mark.parametrize(("n", "by"), [(60, 0.02), (300, 0.05), (300, 0.15)])
def test_a_candidate_as_badly_calibrated_is_rarely_passed(
    n: int, by: float, gap: tuple[str, str], alike: float
) -> None:
    slo = SafetySLO(name="decision_ece", target="<= 1 x baseline", evidence="proven")
    source, passed = random.Random(12), 0
    for _ in range(ROUNDS // 2):
        now, before = sure(n, gap, by, alike, source)
        passed += verdict(slo, now, before) is Verdict.PASS
    assert passed / (ROUNDS // 2) <= 0.025 + SLACK


def test_pairing_sees_a_gain_that_two_separate_runs_cannot() -> None:
    source = random.Random(5)
    slo = SafetySLO(name="f1", target=">= 0.97 x baseline")
    paired = apart = 0
    for _ in range(30):
        now, before = labelled(400, 4, (0.85, 0.85), 0.99, source)
        paired += verdict(slo, now, before) is Verdict.PASS
        apart += verdict(slo, now, before, paired=False) is Verdict.PASS
    assert paired >= 20 > 5 > apart


@pytest.mark.parametrize("name", ["f1", "precision", "recall", "f1_micro", "decision_ece", "brier"])
def test_what_the_cases_add_is_the_indicator_to_first_order(name: str) -> None:
    """The mean of the parts is the value (or 0, where they are differences from it)."""
    source = random.Random(3)
    rows, _ = sure(200, ("both", "over"), 0.1, 0.0, source)
    found = contributions(name, rows, lambda part: measure(name, part))
    assert len(found) == 200
    total = sum(found.values())
    value = measure(name, rows).value
    assert value is not None
    expected = value * 200 if name in ("decision_ece", "brier") else 0.0
    assert total == pytest.approx(expected, abs=0.01)


def test_repeats_and_copies_of_a_case_are_one_pair() -> None:
    rows = [structs.replace(row(case, "a", "a" if case % 3 else "b", 0.7), repeat=repeat)
            for case in range(12) for repeat in range(5)]  # fmt: skip
    rows.append(structs.replace(rows[0], case="copy", attributes={"copy_of": ["m", "c0"]}))
    for name in ("f1", "decision_ece", "brier", "accuracy"):
        assert len(contributions(name, rows, lambda part, name=name: measure(name, part))) == 12  # type: ignore[misc]


def durations(
    n: int, tail: float, alike: float, source: random.Random
) -> tuple[list[Observation], list[Observation]]:
    """Two candidates equally fast: hard cases are slow for both, the rest is luck."""
    both: tuple[list[Observation], list[Observation]] = ([], [])
    for case in range(n):
        for rows, draw in zip(both, luck(alike, source), strict=True):
            taken = 100.0 * (1 - draw) ** -tail
            rows.append(structs.replace(BLANK, id=f"o{case}", case=f"c{case}", latency_ms=taken))
    return both


@pytest.mark.parametrize("alike", [0.0, 0.9, 1.0])
@pytest.mark.parametrize("tail", [0.1, 1.0])
@pytest.mark.parametrize(("name", "n"), [("latency_p50", 60), ("latency_p95", 200)])
def test_a_candidate_as_slow_is_rarely_passed(name: str, n: int, tail: float, alike: float) -> None:
    slo = SafetySLO(name=name, target="<= 1 x baseline")
    source, passed = random.Random(21), 0
    for _ in range(ROUNDS // 2):
        now, before = durations(n, tail, alike, source)
        passed += verdict(slo, now, before) is Verdict.PASS
    assert passed / (ROUNDS // 2) <= 0.025 + SLACK


@pytest.mark.parametrize("alike", [0.0, 0.9, 1.0])
@pytest.mark.parametrize("gap", [("over", "over"), ("over", "both"), ("both", "over")])
@pytest.mark.parametrize("name", ["adaptive_ece", "debiased_ece"])
def test_a_candidate_as_badly_calibrated_by_bins_of_equal_mass_is_rarely_passed(
    name: str, gap: tuple[str, str], alike: float
) -> None:
    slo = SafetySLO(name=name, target="<= 1 x baseline", evidence="proven")
    source, passed = random.Random(13), 0
    for _ in range(ROUNDS // 4):
        now, before = sure(300, gap, 0.12, alike, source)
        passed += verdict(slo, now, before) is Verdict.PASS
    assert passed / (ROUNDS // 4) <= 0.025 + 0.04


@pytest.mark.parametrize("alike", [0.0, 0.9, 1.0])
def test_a_candidate_that_risks_as_much_is_rarely_passed(alike: float) -> None:
    slo = SafetySLO(name="risk_coverage", target="<= 1 x baseline", evidence="proven")
    source, passed = random.Random(14), 0
    for _ in range(ROUNDS // 2):
        now, before = sure(200, ("over", "over"), 0.1, alike, source)
        passed += verdict(slo, now, before) is Verdict.PASS
    assert passed / (ROUNDS // 2) <= 0.025 + SLACK


def test_pairing_sees_a_faster_candidate_that_two_separate_runs_cannot() -> None:
    source = random.Random(6)
    slo = SafetySLO(name="latency_p50", target="<= 1.05 x baseline")
    paired = apart = 0
    for _ in range(30):
        now, before = durations(300, 0.5, 0.97, source)
        paired += verdict(slo, now, before) is Verdict.PASS
        apart += verdict(slo, now, before, paired=False) is Verdict.PASS
    assert paired >= 20 > 8 > apart


@pytest.mark.parametrize("name", ["adaptive_ece", "debiased_ece", "risk_coverage"])
def test_what_a_case_adds_is_what_leaving_it_out_takes(name: str) -> None:
    """Leaving each case out in turn is the oracle (the jackknife), where no bin's edge moves."""
    source = random.Random(8)
    drawn, _ = sure(300, ("over", "over"), 0.2, 0.0, source)
    rows = [structs.replace(each, confidence=round(each.confidence or 0, 1)) for each in drawn]
    found = contributions(name, rows, lambda part: measure(name, part))
    whole = measure(name, rows).value
    left = [measure(name, [*rows[:n], *rows[n + 1 :]]).value for n in range(len(rows))]
    assert whole is not None
    taken = [(whole - (each or 0.0)) * (len(rows) - 1) for each in left]
    assert correlation(taken, list(found.values())) > 0.97


@pytest.mark.parametrize(
    ("how", "value"), [("p90", 18.0), ("p50", 10.0), ("mean", None), ("max", None)]
)
def test_of_a_percentile_cases_add_whether_they_lie_above_it(how: str, value: float) -> None:
    rows = [structs.replace(BLANK, case=f"c{n}", latency_ms=1.0 + n) for n in range(20)]
    found = contributions(
        "latency", rows, lambda part: measure("latency", part, aggregation=how), aggregation=how
    )
    if how == "mean":
        assert list(found.values()) == [1.0 + n for n in range(20)]
    elif how == "max":
        assert not found
    else:
        assert sum(found.values()) == pytest.approx(20 - value, abs=1)


def test_what_has_no_parts_says_that_it_is_not_paired() -> None:
    rows = [structs.replace(BLANK, case=f"c{n}", latency_ms=1.0 + n) for n in range(200)]
    slo = SafetySLO(name="latency_p95", target="<= 2 x baseline")
    alone = assess_relative(slo, side("latency", rows, paired=False), side("latency", rows))
    assert "not paired case by case" in alone.reason
    both = assess_relative(slo, side("latency", rows), side("latency", rows))
    assert "200 cases paired" in both.reason
