"""A matter of degree at a pull request: false alarms, power as announced, and what passes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from doubles.answering import an_observation
from roadworthy.domain import Observation, Verdict
from roadworthy.flows.gate.graded import graded_pairs, paired_scores
from roadworthy.policy import GradedPair, RegressionRule, power_of, regressions

RULE = RegressionRule(drop=0.03, alpha=0.05)

Draw = Callable[[random.Random], tuple[float, float]]


def close(value: float) -> float:
    return min(1.0, max(0.0, value))


def smooth(source: random.Random) -> tuple[float, float]:
    middle = 0.6 + 0.2 * source.random()
    return close(source.gauss(middle, 0.1)), close(source.gauss(middle, 0.1))


def marks(source: random.Random) -> tuple[float, float]:
    old = source.randint(0, 4)
    return old / 4, (source.randint(0, 4) if source.random() < 0.2 else old) / 4


def rare(source: random.Random) -> tuple[float, float]:
    flip = source.random()
    return (0.0, 0.9) if flip < 0.02 else (0.9, 0.0) if flip < 0.04 else (0.9, 0.9)


def rows(values: list[float], name: str = "alike", grade: str = "up", **more: Any) -> list[Any]:
    return [
        an_observation(
            suite="s", case=f"c{n:04}", scores={name: value},
            attributes={"graded": {name: grade}, **more},
        )
        for n, value in enumerate(values)
    ]  # fmt: skip


def runs(draw: Draw, n: int, source: random.Random, shift: float = 0.0) -> tuple[Any, Any]:
    drawn = [draw(source) for _ in range(n)]
    return [old for old, _ in drawn], [new - shift for _, new in drawn]


def judged(before: list[Any], after: list[Any]) -> Any:
    (found,) = regressions(paired_scores(before, after), RULE)
    return found


def only(before: list[Observation], after: list[Observation]) -> GradedPair:
    (found,) = graded_pairs(before, after)
    return found


@pytest.mark.parametrize("draw", [smooth, marks, rare])
@pytest.mark.parametrize("n", [25, 80])
def test_a_change_that_changes_nothing_is_rarely_refused(draw: Draw, n: int) -> None:
    """At 5 %, more than 20 of 200 happen in less than one of a thousand such tests."""
    source = random.Random(n)
    refused = 0
    for _ in range(200):
        old, new = runs(draw, n, source)
        refused += judged(rows(old), rows(new)).verdict is Verdict.FAIL
    assert refused <= 20


@pytest.mark.slow
def test_one_alpha_is_held_by_scores_of_both_kinds_together() -> None:
    """Four scores that change nothing: more than 27 of 300 are one of a thousand such tests."""
    source = random.Random(4)
    refused = 0
    for _ in range(300):
        sides: tuple[list[Any], list[Any]] = ([], [])
        for n in range(60):
            drawn = [smooth(source), marks(source), smooth(source), marks(source)]
            for side, values in zip(sides, zip(*drawn, strict=True), strict=True):
                names = dict(zip("abcd", values, strict=True))
                names["d"] = float(names["d"] >= 0.5)
                side.append(
                    an_observation(suite="s", case=f"c{n}", scores=names,
                                   attributes={"graded": dict.fromkeys("abc", "up")})
                )  # fmt: skip
        found = regressions(paired_scores(*sides), RULE)
        assert len(found) == 4  # three degrees and one verdict, which is all scores, too
        refused += any(each.verdict is Verdict.FAIL for each in found)
    assert refused <= 27


@pytest.mark.slow
@pytest.mark.parametrize(("draw", "n"), [(smooth, 170), (marks, 500)])
def test_a_drop_is_found_at_least_as_often_as_announced_and_hardly_ever_passes(
    draw: Draw, n: int
) -> None:
    source = random.Random(n)
    said, found = 0.0, {verdict: 0 for verdict in Verdict}
    for _ in range(150):
        old, new = runs(draw, n, source, 0.03)
        old, new = [each + 1 for each in old], [each + 1 for each in new]  # room below
        pair = only(rows(old), rows(new))
        rule = RegressionRule(drop=0.03 / pair.span, alpha=0.05)
        said += power_of(pair, rule) / 150
        found[regressions([pair], rule)[0].verdict] += 1
    assert 0.5 < said < 0.99
    assert found[Verdict.FAIL] / 150 >= said - 0.08
    assert found[Verdict.PASS] / 150 <= 0.07


def test_few_cases_that_moved_promise_no_more_than_flips_would() -> None:
    """A rare fall to nothing: three seen among a hundred, and it costs three points."""
    before = rows([0.9] * 100)
    after = rows([0.9] * 97 + [0.0] * 3)
    pair = only(before, after)
    assert power_of(pair, RULE) < 0.5
    assert judged(before, after).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("n", "verdict"), [(60, Verdict.INCONCLUSIVE), (400, Verdict.PASS)])
def test_that_nothing_moved_proves_as_much_as_there_are_cases(n: int, verdict: Verdict) -> None:
    found = judged(rows([0.7] * n), rows([0.7] * n))
    assert found.verdict is verdict
    assert found.low is not None
    assert found.low < 0.0 < found.high


def test_where_less_is_better_more_is_worse() -> None:
    source = random.Random(1)
    old = [5 * source.random() for _ in range(200)]
    new = [each + 0.4 + 0.2 * source.random() for each in old]
    before, after = rows(old, "wer", "down"), rows(new, "wer", "down")
    worse, better = judged(before, after), judged(after, before)
    assert worse.verdict is Verdict.FAIL
    assert 0 < worse.low <= worse.estimate <= worse.high
    assert better.verdict is Verdict.PASS
    assert "% of the range" in better.reason


def test_a_case_that_failed_counts_as_the_worst() -> None:
    source = random.Random(2)
    old = [0.5 + 0.5 * source.random() for _ in range(60)]
    before, after = rows(old), rows(old)
    for n in range(12):
        after[n] = an_observation(suite="s", case=f"c{n:04}", status="error")
    found = judged(before, [*after, an_observation(suite="s", case="other", status="error")])
    assert only(before, after).fell == 12
    assert found.verdict is Verdict.FAIL
    assert found.n == 60


def test_variants_of_one_case_are_no_many_cases() -> None:
    source = random.Random(3)
    old, new = [], []
    for _ in range(8):
        gap = source.gauss(-0.05, 0.1)
        for _ in range(50):
            old.append(0.5)
            new.append(0.5 + gap)
    alone = judged(rows(old), rows(new))
    sides = [
        [
            an_observation(suite="s", case=row.case, scores=row.scores,
                           attributes={**row.attributes, "grown_from": f"p{n // 50}"})
            for n, row in enumerate(rows(values))
        ]
        for values in (old, new)
    ]  # fmt: skip
    together = judged(*sides)
    assert alone.verdict is not Verdict.INCONCLUSIVE
    assert together.verdict is Verdict.INCONCLUSIVE
    assert together.high - together.low > 2 * (alone.high - alone.low)
