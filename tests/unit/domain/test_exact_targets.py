"""A target is every digit that somebody wrote: when it is parsed, judged and printed."""

from __future__ import annotations

import pytest

from roadworthy.domain import exact, parse_target


@pytest.mark.parametrize(
    ("text", "bound", "shown"),
    [
        ("== 0.9999999999999", 0.9999999999999, "0.9999999999999"),
        ("== 1", 1.0, "1"),
        (">= 95 %", 0.95, "0.95"),
        ("<= 0.1 %", 0.001, "0.001"),
        ("<= 1.5 s", 1500.0, "1500"),
        ("<= 123456789 ms", 123456789.0, "123456789"),
        (">= 0.12345678901234", 0.12345678901234, "0.12345678901234"),
    ],
)
def test_no_digit_is_rounded_away(text: str, bound: float, shown: str) -> None:
    target = parse_target(text)
    assert target.bound == bound
    assert exact(target.bound) == shown


def test_almost_one_is_not_the_end_of_the_scale() -> None:
    """Before, it was rounded to 1, judged on the count and printed as `== 1`."""
    assert parse_target("== 1").end_of_scale
    assert not parse_target("== 0.9999999999999").end_of_scale
    assert not parse_target("== 0.0000000000001").end_of_scale
