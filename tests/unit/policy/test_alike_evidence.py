"""Scores that flipped alike are one piece of evidence; those that did not are each judged."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from roadworthy.domain import Verdict
from roadworthy.policy import GradedPair, PairedScore, RegressionRule, regressions
from roadworthy.statistics import Interval

RULE = RegressionRule(drop=0.03, alpha=0.05)
VERDICT = PairedScore(
    score="a", n=1000, before=0.9, after=0.9, interval=Interval(-0.01, 0.01), gained=5, lost=5
)
DEGREE = GradedPair(
    score="a", n=1000, before=0.5, after=0.45, worse=Interval(-0.06, -0.04), p_worse=1.0,
    span=1.0, noise=2.0, weight=1000.0, lower_is_better=True, fell=50, rose=50,
)  # fmt: skip


@pytest.mark.parametrize("pair", [VERDICT, DEGREE])
def test_a_score_by_another_name_is_judged_once(pair: Any) -> None:
    found = regressions([pair, structs.replace(pair, score="b")], RULE)
    assert [each.verdict for each in found] == [Verdict.PASS]


def test_a_score_that_few_groups_moved_hides_behind_no_other() -> None:
    found = regressions([DEGREE, structs.replace(DEGREE, score="b", worse=None)], RULE)
    assert [each.verdict for each in found] == [Verdict.PASS, Verdict.INCONCLUSIVE]


def test_a_score_that_got_worse_hides_behind_none_that_got_better_by_the_same_numbers() -> None:
    worse = structs.replace(
        DEGREE, score="b", lower_is_better=False, worse=Interval(0.04, 0.06), p_worse=1e-6
    )
    found = regressions([DEGREE, worse], RULE)
    assert [each.verdict for each in found] == [Verdict.PASS, Verdict.FAIL]
