"""Matters of degree of two runs are compared as such, not as right or wrong."""

from __future__ import annotations

import random

import msgspec
import pytest

from doubles.answering import an_observation
from roadworthy.domain import Observation
from roadworthy.evaluation import compare_degrees
from roadworthy.evaluation.reading import _Marks
from roadworthy.flows.gate.comparing import all_differences, as_pair, differences, in_words
from roadworthy.monitoring import families
from roadworthy.statistics import score_difference


def rows(values: list[float], grade: str = "up", **more: object) -> list[Observation]:
    graded = {"graded": {"rouge": grade}} if grade else {}
    return [
        an_observation(suite="s", case=f"c{n:03}", scores={"rouge": value, "exact": 1.0},
                       attributes={**graded, **more})
        for n, value in enumerate(values)
    ]  # fmt: skip


def runs(shift: float, n: int = 60, seed: int = 1) -> tuple[list[float], list[float]]:
    source = random.Random(seed)
    before = [source.uniform(0.2, 0.6) for _ in range(n)]
    return before, [value + shift + source.gauss(0, 0.05) for value in before]


def test_a_change_of_degree_is_found_where_no_case_flips() -> None:
    before, after = runs(0.05)
    found = {each.score: each for each in all_differences(rows(before), rows(after))}
    degree = found["rouge"]
    oracle = score_difference(before, after)
    assert (degree.n, degree.test, degree.method) == (60, "wilcoxon", "bca")
    assert degree.difference == pytest.approx(oracle.difference)
    assert degree.interval == oracle.interval
    assert degree.p_value == oracle.rank_p_value < 0.001
    assert degree.direction == "better"
    assert (degree.fixed, degree.broken) == ((), ())
    assert found["exact"].test == "mcnemar"
    told = in_words(degree)
    assert "60 paired cases" in told
    assert "Wilcoxon" in told
    assert "typical case" in told


def test_less_of_what_should_be_less_is_better() -> None:
    before, after = runs(-0.05)
    worse, better = (
        next(each for each in all_differences(rows(before, grade), rows(after, grade))
             if each.score == "rouge")
        for grade in ("up", "down")
    )  # fmt: skip
    assert (worse.direction, better.direction) == ("worse", "better")


def test_a_value_between_right_and_wrong_makes_a_score_a_matter_of_degree() -> None:
    before, after = runs(0.0)
    names = [each.score for each in compare_degrees(rows(before, ""), rows(after, ""))]
    assert names == ["rouge"]
    assert not compare_degrees(rows([1.0, 0.0], ""), rows([0.0, 1.0], ""))


def test_holm_is_over_all_that_is_compared() -> None:
    before, after = runs(0.05)
    found = all_differences(rows(before), rows(after))
    least = min(each.p_value for each in found)
    assert min(each.adjusted for each in found) == pytest.approx(least * len(found))


def test_a_case_that_failed_in_one_run_is_counted_apart() -> None:
    before, after = runs(0.05)
    broken = [*rows(after)[1:], an_observation(suite="s", case="c000", status="error")]
    found = next(each for each in all_differences(rows(before), broken) if each.score == "rouge")
    assert (found.n, found.unpaired) == (59, 1)


def test_every_case_moved_alike_has_no_interval_and_proves_nothing() -> None:
    found = next(each for each in all_differences(rows([0.5] * 40), rows([0.6] * 40))
                 if each.score == "rouge")  # fmt: skip
    assert found.interval is None
    assert found.direction == ""
    assert "no interval" in in_words(found)


def test_variants_of_one_case_count_together() -> None:
    before, after = runs(0.02, n=90)
    alone = next(each for each in all_differences(rows(before), rows(after))
                 if each.score == "rouge")  # fmt: skip
    grown = [[each for n, row in enumerate(rows(values)) for each in [
        an_observation(suite="s", case=row.case, scores=row.scores,
                       attributes={**row.attributes, "grown_from": f"p{n % 9}"})]]
             for values in (before, after)]  # fmt: skip
    found = next(each for each in all_differences(*grown) if each.score == "rouge")
    assert found.method == "cluster_robust"
    assert found.n == alone.n == 90
    assert found.p_value >= 2 / 2**9


def test_the_gates_rule_on_regressions_takes_only_what_is_right_or_wrong() -> None:
    before, after = runs(0.05)
    verdicts = differences(rows(before), rows(after))
    assert [each.score for each in verdicts] == ["all scores", "exact"]
    degree = next(each for each in all_differences(rows(before), rows(after))
                  if each.score == "rouge")  # fmt: skip
    with pytest.raises(ValueError, match="right or wrong"):
        as_pair(degree)


def test_a_run_file_keeps_what_the_comparison_needs() -> None:
    kept = msgspec.json.decode(
        msgspec.json.encode({"graded": {"a": "up"}, "grown_from": "c1", "copy_of": ["s", "c2"]}),
        type=_Marks,
    )
    row = an_observation(suite="s", case="c9", attributes=msgspec.to_builtins(kept))
    assert row.unit == ("s", "c2")
    assert families([row]) == {"c2": "c1"}


def test_of_runs_that_do_not_differ_few_are_said_to() -> None:
    said = 0
    for seed in range(200):
        before, after = runs(0.0, n=25, seed=seed)
        found = next(each for each in all_differences(rows(before), rows(after))
                     if each.score == "rouge")  # fmt: skip
        said += found.p_value <= 0.05
    assert said / 200 <= 0.05 + 0.04
