"""Which never events are not looked for as they were, and until when their violations count."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.policy import NeverFixed, never_moved, never_spoken

AT = "2026-11-22T10:00:00.000000Z"


def form(**changes: Any) -> dict[str, Any]:
    pattern = {
        "patterns": ["BAD"],
        "on": "output",
        "ignore_case": True,
        **changes.pop("pattern", {}),
    }
    made = {"id": "bomb", "scope": "tenant", "inline": False, "files": {},
            "rule": {"pattern": pattern, "cel": None}}  # fmt: skip
    return made | changes


def fixed(
    *forms: dict[str, Any], seen: int = 0, seen_at: int = 0, passed_at: int = 0
) -> NeverFixed:
    return NeverFixed(
        at=AT, forms=forms, violated={"bomb": seen} if seen else {}, seen_at=seen_at,
        passed_at=passed_at,
    )  # fmt: skip


NARROWER: list[dict[str, Any]] = [
    {"pattern": {"patterns": ["WORSE"]}},
    {"pattern": {"patterns": []}},
    {"pattern": {"on": "input"}},
    {"pattern": {"ignore_case": False}},
    {"scope": "slice"},
    {"files": {"a.json": "sha256:1"}},
    {"rule": {"pattern": None, "cel": "true"}},
    {"rule": {"classifier": {"detector": "toxic", "threshold": "0.5"}}},
]
WIDER: list[dict[str, Any]] = [
    {},
    {"id": "bombs"},
    {"inline": True},
    {"scope": "system"},
    {"pattern": {"patterns": ["WORSE", "BAD"]}},
    {"pattern": {"on": "both"}},
]


@pytest.mark.parametrize("change", NARROWER)
def test_a_form_that_may_see_less_is_a_move(change: dict[str, Any]) -> None:
    (move,) = never_moved([fixed(form(), seen=3)], [form(**change)])
    assert (move.event, move.violations) == ("bomb", 3)
    assert " was " in move.said


@pytest.mark.parametrize("change", WIDER)
def test_a_form_that_sees_as_much_is_none(change: dict[str, Any]) -> None:
    assert never_moved([fixed(form(), seen=3)], [form(**change)]) == []


def test_what_was_looked_for_before_the_answer_left_is_not_looked_for_after() -> None:
    (move,) = never_moved([fixed(form(inline=True))], [form()])
    assert "inline was `True` and is `False`" in move.said


def test_another_candidate_that_met_the_rule_is_no_word_on_the_rule() -> None:
    """The live candidate, run and judged again between the violation and the change."""
    earlier = [fixed(form(), seen=3, seen_at=5), fixed(form(), passed_at=9)]
    assert [move.violations for move in never_moved(earlier, [])] == [3]


def test_a_pass_under_other_rules_is_one_in_which_people_named_it() -> None:
    narrow = form(pattern={"patterns": ["WORSE"]})
    earlier = [fixed(form(), seen=3, seen_at=5), fixed(narrow, passed_at=9)]
    assert [move.violations for move in never_moved(earlier, [narrow])] == [0]
    again = [*earlier, fixed(form(), seen=2, seen_at=12)]
    assert [move.violations for move in never_moved(again, [narrow])] == [2]


def test_a_pass_from_before_the_violation_names_nothing() -> None:
    narrow = form(pattern={"patterns": ["WORSE"]})
    earlier = [fixed(narrow, passed_at=3), fixed(form(), seen=3, seen_at=5)]
    assert [move.violations for move in never_moved(earlier, [narrow])] == [3]


def test_a_long_rule_is_cut_and_nothing_is_named_without_a_note() -> None:
    moves = never_moved([fixed(form(pattern={"patterns": ["x" * 500]}), seen=1)], [form()])
    (blocker,), notes = never_spoken(moves, None, "sha256:c")
    assert "saw it in 1 answer;" in blocker.reason
    assert len(blocker.reason) < 500
    assert notes == []
