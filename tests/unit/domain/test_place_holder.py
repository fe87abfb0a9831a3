"""A place holder is no text, and a text with one in it is not finished."""

from __future__ import annotations

import pytest

from roadworthy.domain import is_unfinished, says_something


@pytest.mark.parametrize(
    "text",
    ["", " \n", "TODO: fill in", "tbd", "n/a", "___", "<!-- ask Cleo -->", "&nbsp;", "folgt"],
)
def test_a_place_holder_says_nothing(text: str) -> None:
    assert not says_something(text)


@pytest.mark.parametrize(
    "text", ["It was so. TBD who", "- todo: ask Cleo", "They waited.\nTODO the number"]
)
def test_a_text_with_a_place_holder_in_it_is_not_finished(text: str) -> None:
    assert says_something(text) and is_unfinished(text)


@pytest.mark.parametrize("text", ["They waited.", "The to-do list was done: 12 items."])
def test_a_text_is_one(text: str) -> None:
    assert says_something(text) and not is_unfinished(text)
