"""Bank accounts and payment cards.

Enters: nothing but the shapes' own knowledge. Leaves: shapes. Never happens here: an account or
card whose checksum does not hold.

Sources: ISO 13616 (IBAN, checked by python-stdnum with each country's structure), ISO/IEC 7812
(cards: issuer ranges and Luhn).
"""

from __future__ import annotations

from .context import REACH, inside_number, near
from .extent import extent_of
from .shape import REFUSED, Shape

_IBAN = r"\b[A-Za-z]{2}[0-9]{2}(?:[ \-]?[A-Za-z0-9]{4}){2,7}(?:[ \-]?[A-Za-z0-9]{1,3})?\b"
_CARD = r"\b[0-9](?:[ \-]?[0-9]){11,18}\b"

_ISSUERS = (
    ("4", "4", (13, 16, 19)),
    ("51", "55", (16,)),
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("300", "305", (14,)),
    ("36", "36", (14, 16)),
    ("38", "39", (14, 16)),
    ("6011", "6011", (16, 19)),
    ("622126", "622925", (16, 19)),
    ("644", "649", (16, 19)),
    ("65", "65", (16, 19)),
    ("3528", "3589", (16, 19)),
    ("1800", "1800", (15,)),
    ("2131", "2131", (15,)),
    ("62", "62", (16, 17, 18, 19)),
    ("5018", "5018", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("5020", "5020", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("5038", "5038", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("5893", "5893", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("6304", "6304", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("6759", "6763", (12, 13, 14, 15, 16, 17, 18, 19)),
)
"""First digits from, to, and the lengths that the range issues (public issuer tables, 2026)."""

_SHORTEST = 12
"""Digits of the shortest card number."""

_CARD_WORDS = near(
    (
        *("card", "credit", "debit", "visa", "mastercard", "amex", "american express", "maestro"),
        *("karte*", "kreditkarte*", "carte", "tarjeta", "carta", "cartão", "kaart", "payment"),
    )
)


def iban() -> Shape:
    """International bank account numbers, with or without blanks."""
    return Shape(
        kind="IBAN", pattern=_IBAN, extent=extent_of(_IBAN), accept=_accept_iban, left=1, right=1
    )


def payment_card() -> Shape:
    """Payment card numbers of 12 to 19 digits."""
    return Shape(
        kind="PAYMENT_CARD",
        pattern=_CARD,
        extent=extent_of(_CARD),
        accept=_accept_card,
        left=REACH,
        right=1,
    )


def luhn_holds(digits: str) -> bool:
    """The Luhn checksum (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, sign in enumerate(reversed(digits)):
        value = ord(sign) - 48
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def _accept_iban(match: str, before: str, after: str) -> tuple[float, int]:
    """Try the lengths at which the match may end: a following word may have been taken along."""
    from stdnum import iban as rules

    ends = [len(match)]
    ends += [at for at in range(len(match) - 1, 14, -1) if match[at] in " -"]
    for end in ends:
        if rules.is_valid(match[:end]):
            return 1.0, end
    return REFUSED


def _accept_card(match: str, before: str, after: str) -> tuple[float, int]:
    """Try the ends at which a group ends: a number that follows may have been taken along."""
    ends = [len(match)]
    ends += [at for at in range(len(match) - 1, 11, -1) if match[at] in " -"]
    for end in ends:
        accepted = _accept_number(match[:end], before, whole=end == len(match))
        if accepted is not REFUSED:
            return accepted
    return REFUSED


def _accept_number(text: str, before: str, *, whole: bool) -> tuple[float, int]:
    """One number. A part of a longer one must be of a range that some issuer has."""
    digits = text.replace(" ", "").replace("-", "")
    if len(digits) < _SHORTEST or not luhn_holds(digits) or len(set(digits)) < 2:
        return REFUSED
    issued = _issued(digits)
    if _CARD_WORDS(before) and (issued or whole):
        return (1.0 if issued else 0.8), len(text)
    return REFUSED if inside_number(before) or not issued else (0.85, len(text))


def _issued(digits: str) -> bool:
    size = len(digits)
    for low, high, lengths in _ISSUERS:
        if size in lengths and low <= digits[: len(low)] <= high:
            return True
    return False
