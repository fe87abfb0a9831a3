"""Numbers as answers write them, against RE2 as the oracle of where a number is."""

from __future__ import annotations

from decimal import Decimal

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from roadworthy.domain import written_number

ORACLE = re2.compile(
    r"[-+]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,40})(?:\.[0-9]{1,40})?(?:[eE][-+]?[0-9]{1,3})?"
    r"|[-+]?\.[0-9]{1,40}"
)


@given(st.text(alphabet="0123456789,.+-eE x\n", max_size=60))
def test_it_finds_what_an_automaton_finds(text: str) -> None:
    found = ORACLE.findall(text)
    last = Decimal(found[-1].replace(",", "")) if found else None
    first = Decimal(found[0].replace(",", "")) if found else None
    assert written_number(text) == last
    assert written_number(text, which="first") == first
    assert written_number(text, which="only") == (last if len(found) == 1 else None)


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1,234.5 EUR", ".", "1234.5"),
        ("1.234,5 EUR", ",", "1234.5"),
        ("\N{MINUS SIGN}3", ".", "-3"),
        ("six", ".", None),
    ],
)
def test_signs_and_decimals(text: str, decimal: str, number: str | None) -> None:
    found = written_number(text, decimal=decimal)  # type: ignore[arg-type]
    assert found == (None if number is None else Decimal(number))


@pytest.mark.parametrize("piece", ["1", "1,", ",111", "1e", ".", "-", "1.1"])
def test_a_hostile_text_is_read_once(piece: str) -> None:
    """Were it read again from each of its marks, this would not end today."""
    written_number(piece * 300_000)
