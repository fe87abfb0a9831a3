"""Which earlier runs count as a try of what is judged now."""

from __future__ import annotations

import pytest

from roadworthy.domain import Bar, SuitePin
from roadworthy.policy import looked_at, only_adds, shares, tried_before


def bar(cases: dict[str, str]) -> Bar:
    pin = SuitePin(name="s", digest="d", cases=cases)
    return Bar(system="desk", candidate="c", slos="o", suites=(pin,))


PRESENT = bar({f"c{n}": "digest" for n in range(60)})


@pytest.mark.parametrize("touched", [0, 7, 60])
def test_a_retry_on_touched_cases_is_still_a_retry(touched: int) -> None:
    earlier = bar({f"c{n}": "other" if n < touched else "digest" for n in range(60)})
    assert looked_at(earlier, PRESENT)


@pytest.mark.parametrize(("asked", "counts"), [(30, True), (29, False), (0, False)])
def test_a_run_of_few_of_the_cases_is_no_try_of_them(asked: int, counts: bool) -> None:
    assert looked_at(bar({f"c{n}": "digest" for n in range(asked)}), PRESENT) is counts


def test_nothing_to_ask_was_never_tried() -> None:
    assert not looked_at(PRESENT, bar({}))


def test_only_what_had_to_be_added_makes_a_bar_that_is_no_other_chance() -> None:
    more = bar({**PRESENT.suites[0].cases, "new": "digest"})
    assert only_adds(PRESENT, more, {("s", "new")})
    assert not only_adds(PRESENT, more, {("other", "new")})
    assert not only_adds(PRESENT, PRESENT, set())
    touched = bar({**more.suites[0].cases, "c0": "other"})
    assert not only_adds(PRESENT, touched, {("s", "new")})


def test_how_many_other_candidates_met_the_cases_is_said_plainly() -> None:
    assert tried_before(0) == ""
    assert tried_before(1).startswith("1 other candidate was asked these cases before")
    assert tried_before(12).startswith("12 other candidates were asked")


@pytest.mark.parametrize(("kept", "added", "same"), [(60, 0, True), (30, 0, True), (1, 0, True),
                                                     (30, 900, True), (29, 900, False),
                                                     (0, 60, False), (0, 0, False)])  # fmt: skip
def test_bars_that_share_half_of_the_smaller_ask_the_same(
    kept: int, added: int, same: bool
) -> None:
    names = [*(f"c{n}" for n in range(kept)), *(f"new{n}" for n in range(added))]
    assert shares(PRESENT, bar(dict.fromkeys(names, "digest"))) is same
    assert shares(bar(dict.fromkeys(names, "digest")), PRESENT) is same
