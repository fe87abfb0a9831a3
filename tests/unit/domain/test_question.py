"""What a case asks is the same under any name, tag, facet or expectation."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.domain import Case, Expect, question_of

PLAIN = Case(id="a", input="Where is my bill?")


@pytest.mark.parametrize(
    "copy",
    [
        {"input": " where  is\nmy BILL?"},
        {"input": "Where is my bill?"},
        {"input": {"input": "Where is my bill?"}},
        {"input": [{"role": "user", "content": "Where is my bill?"}]},
        {"tags": ["golden"], "facets": {"tenant": "x"}, "source": "s", "repeats": 3},
        {"expect": Expect(label="bills")},
        {"context": {"account": "closed"}},
        {"input": "Where is my bill?" + "\u200b\u2060\ufeff\u00ad\u034f\ufe0f\U000e0041"},
        {"input": "W\x00here\x7f is my bill?"},
        {"input": "\uff37here is my bill\uff1f"},
    ],
    ids=str,
)
def test_it_is_the_same_question(copy: dict[str, Any]) -> None:
    assert question_of(Case(**{"id": "b", "input": PLAIN.input, **copy})) == question_of(PLAIN)


@pytest.mark.parametrize(
    "other",
    [
        {"input": "Where is my card?"},
        {"input": {"input": "Where is my bill?", "language": "en"}},
        {"input": [{"role": "system", "content": "Where is my bill?"}]},
        {"input": [{"role": "user", "content": [{"type": "text"}]}]},
        {"input": []},
        {"turns": [{"role": "user", "content": "Hello"}]},
    ],
    ids=str,
)
def test_it_is_another_question(other: dict[str, Any]) -> None:
    assert question_of(Case(**{"id": "b", "input": PLAIN.input, **other})) != question_of(PLAIN)


def test_every_blank_is_one_in_any_script() -> None:
    for blank in ("\u00a0", "\u3000", "\u2003", "\x1f"):
        assert question_of(Case(id="b", input=f"Straße{blank}7")) == question_of(
            Case(id="c", input="STRASSE 7")
        )


def test_marks_that_make_a_word_of_another_language_are_seen() -> None:
    """Vowel signs and accents are no decoration: to leave them out would join two questions."""
    for one, other in (("\u0915\u093f", "\u0915\u0941"), ("pêche", "péche"), ("нет", "net")):
        assert question_of(Case(id="a", input=one)) != question_of(Case(id="b", input=other))


def test_composed_and_decomposed_letters_are_one() -> None:
    assert question_of(Case(id="a", input="pêche")) == question_of(
        Case(id="b", input="pe\u0302che")
    )


def test_what_is_expected_of_a_turn_is_no_part_of_it() -> None:
    asked = [
        Case(id=label, input="Hello", turns=[{"user": "And?", "expect": {"label": label}}])
        for label in ("a", "b")
    ]
    assert question_of(asked[0]) == question_of(asked[1])
