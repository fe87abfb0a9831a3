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
        {"context": {"account": "closed"}},
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
