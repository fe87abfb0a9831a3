from __future__ import annotations

import pytest

from doubles.answering import an_observation
from roadworthy.evaluation import compare, compare_all, flaky_cases, outcomes, pass_at_k, pass_hat_k


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
    assert flaky_cases(found) == ("erring", "flaky")
    assert outcomes(found)["s", "flaky"] == (True, False)


def test_raw_scores_and_unjudged_rows_do_not_count():
    one = an_observation(case="a", scores={"exact": 1.0, "raw.exact": 0.0})
    two = an_observation(case="a", repeat=1)
    assert outcomes([one, two]) == {("", "a"): (True,)}


@pytest.mark.parametrize(
    ("n", "passes", "k", "any_of", "all_of"),
    [
        (5, 5, 2, 1.0, 1.0),
        (5, 0, 2, 0.0, 0.0),
        (4, 2, 2, 1 - 1 / 6, 1 / 6),
        (3, 2, 1, 2 / 3, 2 / 3),
    ],
)
def test_pass_at_k_and_pass_hat_k(n, passes, k, any_of, all_of):
    assert pass_at_k(n, passes, k) == pytest.approx(any_of)
    assert pass_hat_k(n, passes, k) == pytest.approx(all_of)


@pytest.mark.parametrize(("n", "passes", "k"), [(3, 2, 4), (3, 4, 1), (3, -1, 1), (3, 1, 0)])
def test_impossible_counts_are_refused(n, passes, k):
    with pytest.raises(ValueError, match="need 1 <= k"):
        pass_at_k(n, passes, k)
