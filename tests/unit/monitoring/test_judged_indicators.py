"""Indicators that a judge says: corrected by people, marked without them, never believed alone."""

from __future__ import annotations

import random

import pytest
from msgspec import structs

from roadworthy.domain import JUDGE_SHOWN, Observation, SafetySLO, Verdict
from roadworthy.flows.gate.graded import paired_scores
from roadworthy.monitoring import contributions, judges_of, measure, measure_all
from roadworthy.policy import RegressionRule, assess, regressions

PAIRS = {"judge": "d", "people": "preference@reference"}


def row(case: int, scores: dict[str, float], *, action: str = "answered", judge: str = "",
        about: dict[str, str] | None = None) -> Observation:  # fmt: skip
    names = [judge] if judge else [name for name in scores if not name.startswith("human.")]
    return Observation(
        id=f"o{case}", time="t", system="desk", release="r", stage="eval", suite="s",
        case=f"c{case}", action=action, scores=scores,  # type: ignore[arg-type]
        attributes={"judges": {name: about or {"judge": "d"} for name in names}},
    )  # fmt: skip


def drawn(name: str, people: str, *, rated: int = 60, cases: int = 200, seed: int = 1,
          sharp: float = 0.85, about: dict[str, str] | None = None,
) -> list[Observation]:  # fmt: skip
    """Answers of which seven in ten are good; the judge says so of `sharp` of each kind."""
    draw = random.Random(seed)
    rows = []
    for case in range(cases):
        truth = float(draw.random() < 0.7)
        said = truth if draw.random() < sharp else 1.0 - truth
        scores = {name: said, **({f"human.{people}": truth} if case < rated else {})}
        rows.append(row(case, scores, about=about))
    return rows


@pytest.mark.parametrize("name", JUDGE_SHOWN)
def test_a_ready_rubric_is_marked_without_people_and_corrected_with_them(name: str) -> None:
    score = JUDGE_SHOWN[name]
    alone = measure(name, drawn(score, score, rated=0))
    assert alone.doubt.startswith("uncorrected judge")
    assert (alone.low, alone.high, alone.n) == (None, None, 200)
    found = measure(name, drawn(score, score))
    assert not found.doubt
    assert found.low is not None and found.high is not None
    truth = 0.7 if found.higher_is_better else 0.3
    assert found.low < truth < found.high
    assert abs((found.value or 0.0) - truth) < abs((alone.value or 0.0) - truth) + 0.05


@pytest.mark.parametrize("name", ["hallucination_rate", "self_contradiction"])
def test_a_harm_is_what_the_score_lacks_of_one(name: str) -> None:
    score = JUDGE_SHOWN[name]
    rows = drawn(score, score)
    harm, good = measure(name, rows), measure(score, rows)
    assert harm.value == pytest.approx(1 - (good.value or 0.0))
    assert harm.low == pytest.approx(1 - (good.high or 0.0))
    assert harm.high == pytest.approx(1 - (good.low or 0.0))
    assert (harm.higher_is_better, good.higher_is_better) == (False, True)


def test_what_did_not_leave_hallucinated_nothing_and_was_grounded_in_nothing() -> None:
    rows = [
        row(0, {"hallucination": 0.0, "groundedness": 0.0}, action="held"),
        row(1, {"hallucination": 1.0, "groundedness": 1.0}),
    ]
    harm, good = measure("hallucination_rate", rows), measure("groundedness", rows)
    assert (harm.value, harm.n) == (0.0, 1)
    assert (good.value, good.n) == (0.5, 2)


def test_judge_score_is_that_of_the_one_rubric() -> None:
    found, own = measure("judge_score", drawn("own", "own")), measure("own", drawn("own", "own"))
    assert (found.value, found.low, found.high) == (own.value, own.low, own.high)
    assert found.name == "judge_score"
    assert measure("win_rate", drawn("own", "own")).value is None


def test_win_rate_is_that_of_the_one_scorer_of_pairs() -> None:
    rows = drawn("better", "preference@reference", about=PAIRS)
    assert measure("win_rate", rows).value == measure("better", rows).value
    assert measure("judge_score", rows).value is None
    assert "no judge of a rubric" in measure("judge_score", rows).reason


def test_of_two_judges_no_one_score_is_said() -> None:
    """Their mean would answer no question that anybody asked."""
    rows = [*drawn("own", "own"), *drawn("other", "other")]
    found = measure("judge_score", rows)
    assert found.value is None
    assert "several judges looked at these cases (other, own)" in found.reason


def test_judge_agreement_is_krippendorff_s_alpha_of_what_both_rated() -> None:
    rows = drawn("own", "own", rated=50)
    found = measure("judge_agreement", rows)
    pairs = [(each.scores["own"], each.scores["human.own"]) for each in rows[:50]]
    unlike = sum(judge != people for judge, people in pairs)
    ones = sum(judge + people for judge, people in pairs)
    # Krippendorff 2011, binary data, two observers, none missing: 1 - (n - 1) o01 / (n0 n1).
    assert found.value == pytest.approx(1 - 99 * unlike / (ones * (100 - ones)))
    assert found.n == 50
    assert found.low is not None and found.high is not None
    assert found.low < (found.value or 0.0) < found.high


def test_the_least_of_several_judges_agreement_rules() -> None:
    good, bad = drawn("own", "own", rated=50), drawn("other", "other", rated=50, sharp=0.5)
    both, least = measure("judge_agreement", [*good, *bad]), measure("judge_agreement", bad)
    assert both.value == least.value
    assert both.low is not None and least.low is not None
    assert both.low <= least.low
    assert both.reason == "judge other"


def test_a_judge_that_nobody_was_held_against_leaves_the_agreement_open() -> None:
    found = measure("judge_agreement", [*drawn("own", "own"), *drawn("other", "other", rated=0)])
    assert "judge other: people rated 0 of its cases" in found.doubt
    assert (found.low, found.high) == (None, None)
    few = measure("judge_agreement", drawn("own", "own", rated=19))
    assert "people rated 19 of its cases, at least 20 are needed" in few.doubt


def test_what_only_one_value_was_said_of_agrees_about_nothing() -> None:
    rows = [row(case, {"own": 1.0, "human.own": 1.0}) for case in range(40)]
    found = measure("judge_agreement", rows)
    assert found.value is None
    assert "only one value was ever given" in found.reason


def test_all_of_it_is_measured_together_where_there_is_a_judge() -> None:
    names = {each.name for each in measure_all(drawn("groundedness", "groundedness"))}
    assert {"groundedness", "judge_score", "judge_agreement"} <= names
    assert not any(each.name == "judge_agreement" for each in measure_all([]))


def test_a_rate_that_its_correction_cuts_off_at_zero_is_not_zero() -> None:
    """People saw 20 hallucinations; the judge finds fewer in the rest than it invents."""
    said = [(0.0, 0.0)] * 19 + [(1.0, 0.0)] + [(0.0, 1.0)] * 10 + [(1.0, 1.0)] * 30
    rows = [
        row(case, {"hallucination": judge, "human.hallucination": people})
        for case, (judge, people) in enumerate(said)
    ] + [row(case, {"hallucination": float(case % 40 > 0)}) for case in range(60, 460)]
    found = measure("hallucination_rate", rows)
    assert found.value == 0.0
    judged = assess(SafetySLO(name="hallucination_rate", target="== 0"), found)
    assert (judged.verdict, judged.n) == (Verdict.FAIL, 460)
    assert "20 violations" in judged.reason


def grouped(size: int, *, seed: int, groups: int = 40, rated: int = 100) -> list[Observation]:
    """Cases of a group are all good or all bad; half of them are. The judge errs case by case."""
    draw = random.Random(seed)
    truths = [float(draw.random() < 0.5) for _ in range(groups)]
    every = [(group, truth) for group, truth in enumerate(truths) for _ in range(size)]
    draw.shuffle(every)
    rows = []
    for case, (group, truth) in enumerate(every):
        said = truth if draw.random() < 0.9 else 1.0 - truth
        scores = {"own": said, **({"human.own": truth} if case < rated else {})}
        rows.append(structs.replace(row(case, scores), tags=(f"group:{group}",)))
    return rows


def test_cases_in_groups_widen_what_a_judge_proves() -> None:
    rows = grouped(5, seed=1)
    alone = measure("own", [structs.replace(each, tags=()) for each in rows])
    found = measure("own", rows)
    assert found.value == alone.value
    for bound, other in ((found.low, alone.low), (found.high, alone.high)):
        assert bound is not None and other is not None and found.value is not None
        assert bound - found.value == pytest.approx(5**0.5 * (other - found.value))
    assert (found.independent, alone.independent) == (40, 100)


def test_the_interval_of_a_judge_covers_groups_as_often_as_it_says() -> None:
    """Without the groups it covers three in four; the truth is one half."""
    covered = naive = 0
    for seed in range(200):
        rows = grouped(5, seed=seed)
        found = measure("own", rows)
        bare = measure("own", [structs.replace(each, tags=()) for each in rows])
        assert None not in (found.low, found.high, bare.low, bare.high)
        covered += found.low <= 0.5 <= found.high  # type: ignore[operator]
        naive += bare.low <= 0.5 <= bare.high  # type: ignore[operator]
    assert covered >= 186
    assert naive < 180


def test_agreement_on_cases_in_groups_is_bounded_less_well() -> None:
    rows = grouped(5, seed=1)
    found = measure("judge_agreement", rows)
    alone = measure("judge_agreement", [structs.replace(each, tags=()) for each in rows])
    assert found.value == alone.value
    assert None not in (found.low, found.high, alone.low, alone.high)
    assert found.low < alone.low < alone.high < found.high  # type: ignore[operator]


@pytest.mark.parametrize("name", ["groundedness", "own"])
def test_what_a_judge_says_of_two_runs_is_not_paired(name: str) -> None:
    """The pairs' noise would be the judge's, and the correction's is not in it."""
    rows = drawn(name, name)
    assert contributions(name, rows, lambda part: measure(name, part)) == {}
    bare = [structs.replace(each, attributes={}) for each in rows]
    assert len(contributions(name, bare, lambda part: measure(name, part))) == len(rows)


def test_a_judge_s_word_excludes_no_drop_in_a_change() -> None:
    """A judge that always says yes would pass every change: what it says is not compared."""
    before = [row(case, {"own": 1.0, "exact": 1.0}, judge="own") for case in range(300)]
    after = [structs.replace(each) for each in before]
    assert {each.score for each in paired_scores(before, after)} == {"all scores", "exact"}
    alone = [row(case, {"own": 1.0}) for case in range(300)]
    assert paired_scores(alone, alone) == []
    (found,) = regressions(paired_scores(alone, alone), RegressionRule())
    assert found.verdict is Verdict.INCONCLUSIVE
    assert judges_of(alone) == ["own"]
