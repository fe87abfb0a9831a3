from __future__ import annotations

from doubles.answering import an_observation
from roadworthy.domain import Quarantined
from roadworthy.evaluation import compare, compare_all, flaky_cases, outcomes


def rows(**verdicts: list[float | None]):
    return [
        an_observation(
            suite="s",
            case=case,
            repeat=repeat,
            scores={} if value is None else {"exact": value},
            status="error" if value is None else "ok",
        )
        for case, values in verdicts.items()
        for repeat, value in enumerate(values)
    ]


def test_which_cases_flipped():
    before = rows(a=[1.0], b=[1.0], c=[0.0], d=[0.0], gone=[1.0])
    after = rows(a=[1.0], b=[0.0], c=[1.0], d=[0.0], new=[0.0])
    found = compare(before, after, score="exact")
    assert (found.n, found.both, found.neither) == (4, 1, 1)
    assert (found.broken, found.fixed, found.b, found.c) == (("b",), ("c",), 1, 1)
    assert (found.before, found.after, found.difference) == (0.5, 0.5, 0.0)
    assert (found.only_before, found.only_after) == (("gone",), ("new",))


def test_an_error_counts_as_wrong():
    assert compare(rows(a=[1.0]), rows(a=[None])).broken == ("a",)


def test_repeats_decide_by_more_than_half():
    assert compare(rows(a=[1.0, 0.0]), rows(a=[1.0, 1.0, 0.0])).fixed == ("a",)


def test_nothing_shared_is_no_difference_not_zero():
    found = compare(rows(a=[1.0]), rows(b=[1.0]))
    assert (found.n, found.before, found.difference) == (0, None, None)


def test_every_shared_score_is_compared():
    before, after = rows(a=[1.0]), rows(a=[0.0])
    assert [found.score for found in compare_all(before, after)] == ["", "exact"]


def test_flaky_cases():
    found = rows(steady=[1.0, 1.0], flaky=[1.0, 0.0], bad=[0.0, 0.0], erring=[1.0, None])
    told = [(each.case, each.passed, each.asked) for each in flaky_cases(found)]
    assert told == [("erring", 1, 2), ("flaky", 1, 2)]
    assert outcomes(found)["s", "flaky"] == (True, False)


def test_raw_scores_and_unjudged_rows_do_not_count():
    one = an_observation(case="a", scores={"exact": 1.0, "raw.exact": 0.0})
    two = an_observation(case="a", repeat=1)
    assert outcomes([one, two]) == {("", "a"): (True,)}


def test_a_flaky_case_says_who_answers_for_it_in_whichever_suite_it_counts():
    found = [
        an_observation(suite="a", case="x", repeat=n, scores={"exact": float(n)},
                       attributes={"suites": ["a", "b"]})
        for n in (0, 1)
    ]  # fmt: skip
    held = Quarantined(case="x", suite="b", owner="Ada", reason="dates", until="2026-12-31")
    assert [(each.owner, each.until) for each in flaky_cases(found, [held])] == [
        ("Ada", "2026-12-31")
    ]
    assert flaky_cases(found)[0].owner == ""
