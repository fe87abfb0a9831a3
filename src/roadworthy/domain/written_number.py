"""A number as an answer writes it: decimal, never binary; thousands, signs and exponents too."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

Which = Literal["last", "first", "only"]
DecimalMark = Literal[".", ","]

_NUMBER = re.compile(
    r"[-+]?(?:[0-9]{1,3}+(?:,[0-9]{3})+|[0-9]{1,40}+)(?:\.[0-9]{1,40}+)?"
    r"(?:[eE][-+]?[0-9]{1,3}+)?|[-+]?\.[0-9]{1,40}+"
)
"""No text makes it go back far. Groups are not possessive: Python 3.11 up to 3.11.4 leaves what a
possessive group took before it failed."""

_SWAP = str.maketrans(",.", ".,")


def written_number(
    text: str, *, which: Which = "last", decimal: DecimalMark = "."
) -> Decimal | None:
    """The number that a text means; None when there is none, or several where there must be one."""
    plain = text.replace("\N{MINUS SIGN}", "-")
    if decimal == ",":
        plain = plain.translate(_SWAP)
    found = _NUMBER.findall(plain)
    if not found or (which == "only" and len(found) > 1):
        return None
    return Decimal(found[0 if which == "first" else -1].replace(",", ""))
