"""A condition is true or false; nothing else is taken for either."""

from __future__ import annotations

import pytest

from roadworthy.expressions import Condition


@pytest.mark.parametrize("expression", ["1 + 1", "suite", "tags", "0", "''", "1.5", "null"])
def test_what_is_no_truth_value_is_no_yes_and_no_no(expression: str) -> None:
    condition = Condition(expression)
    with pytest.raises(ValueError, match="not true or false"):
        condition.holds({"suite": "golden", "tags": ["a"]})


def test_true_and_false_are() -> None:
    assert Condition("suite == 'golden'").holds({"suite": "golden"})
    assert not Condition("suite == 'golden'").holds({"suite": "tail"})


def test_what_cannot_be_evaluated_is_an_error() -> None:
    with pytest.raises(ValueError, match="lang"):
        Condition("facets.lang == 'de'").holds({"facets": {}})
    with pytest.raises(ValueError, match="parse"):
        Condition("this is (not CEL")


def test_another_kind_is_known_without_data_where_it_can_be() -> None:
    names = {"suite": "", "tags": [], "facets": {}}
    assert Condition("1 + 1").other_kind(names) == "a number"
    assert Condition("suite").other_kind(names) == "a text"
    assert Condition("tags").other_kind(names) == "a list"
    assert Condition("suite == 'x'").other_kind(names) == ""
    assert Condition("facets.lang").other_kind(names) == ""
