"""`pii`: personal data with a shape: accounts, cards, national numbers, addresses to reach people.

Enters: which kinds. Leaves: a detector. Never happens here: names or anything else that needs
understanding; a number counts only when its checksum holds, and a weak checksum only beside a
word that says what it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import bank, contact, national
from .normalise import Normaliser
from .options import Options
from .shape import Shape, ShapeDetector

KINDS = (
    "IBAN",
    "PAYMENT_CARD",
    "EMAIL",
    "PHONE",
    "NATIONAL_ID",
    "VAT_NUMBER",
    "IP_ADDRESS",
)

_OPT_IN = ("IP_ADDRESS",)
"""Looks too much like version numbers to be on by default."""


def make(options: Mapping[str, Any], assets: Mapping[str, Any]) -> ShapeDetector:
    """Build the detector.

    Options: `kinds` (some of KINDS; default all but IP_ADDRESS), `countries` (ISO codes whose
    national numbers are looked for; default all known), `normalise` (default true).
    """
    read = Options("pii", options, ("kinds", "countries", "normalise"))
    kinds = read.chosen("kinds", KINDS)
    if not read.has("kinds"):
        kinds = [kind for kind in kinds if kind not in _OPT_IN]
    countries = read.chosen("countries", national.COUNTRIES)
    shapes: list[Shape] = []
    if "IBAN" in kinds:
        shapes.append(bank.iban())
    if "PAYMENT_CARD" in kinds:
        shapes.append(bank.payment_card())
    if "EMAIL" in kinds:
        shapes.append(contact.email())
    if "PHONE" in kinds:
        shapes += contact.phone()
    if "IP_ADDRESS" in kinds:
        shapes.append(contact.ip_address())
    if "NATIONAL_ID" in kinds:
        shapes += national.numbers(countries)
    if "VAT_NUMBER" in kinds:
        shapes.append(national.vat_number())
    return ShapeDetector(
        "pii",
        shapes,
        normaliser=Normaliser() if read.flag("normalise", True) else None,
    )
