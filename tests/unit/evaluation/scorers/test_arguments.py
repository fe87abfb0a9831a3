from __future__ import annotations

import pytest

from roadworthy.domain import DetectorError
from roadworthy.evaluation.scorers.arguments import arguments_match, value_matches


@pytest.mark.parametrize(
    ("matcher", "value", "same"),
    [
        (2, 2.0, True),
        (2, "2", False),
        (True, 1, False),
        (1, True, False),
        (None, None, True),
        (None, 0, False),
        ("a", "a", True),
        ("a", "A", False),
        ([1, 2], [1, 2.0], True),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"$any_of": [1, "x"]}, "x", True),
        ({"$any_of": [1, "x"]}, "y", False),
        ({"$any_of": []}, "y", False),
        ({"$any": True}, {"deep": [1]}, True),
        ({"$like": ["New York, NY"]}, "new york ny", True),
        ({"$like": ["New York"]}, "Newark", False),
        ({"$like": ["5"]}, 5, False),
        ({"$regex": "^A[0-9]+$"}, "A17", True),
        ({"$regex": "^A[0-9]+$"}, "B17", False),
        ({"$regex": "1"}, 1, False),
        ([{"$any_of": [1, 2]}], [2], True),
        ({"at": {"$regex": "^x"}}, {"at": "xy"}, True),
        ({"$other": 1}, {"$other": 1}, True),
    ],
)
def test_each_matcher(matcher, value, same):
    assert value_matches(matcher, value) is same


def test_what_is_not_named_may_be_anything_unless_exactly():
    assert arguments_match({"a": 1}, {"a": 1, "b": 2})
    assert not arguments_match({"a": 1}, {"a": 1, "b": 2}, exactly=True)
    assert not arguments_match({"a": 1}, {"b": 2})


def test_an_optional_argument_may_be_left_out_but_not_be_wrong():
    wanted = {"unit": {"$optional": {"$any_of": ["km", "miles"]}}}
    assert arguments_match(wanted, {}, exactly=True)
    assert arguments_match(wanted, {"unit": "km"})
    assert not arguments_match(wanted, {"unit": "feet"})


def test_a_pattern_that_is_none_is_a_fault_and_not_a_miss():
    with pytest.raises(DetectorError, match="RE2"):
        value_matches({"$regex": "(?=x)"}, "x")


def test_hostile_text_costs_no_time():
    assert not value_matches({"$regex": "(a+)+$"}, "a" * 50_000 + "b")
    assert not value_matches({"$regex": "x"}, "x" * 200_000)
