"""Attacks of a set of somebody else's: read from a file, put beside the case, never kept by us.

A set says by itself what must not be answered (`absent`, RE2), or says nothing: then the case's
label must stay, or (without one) the request line must block or hold.
"""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import Expect

from ..draw import Draw
from ..variant import Seed, Variant
from .delivery import fitted


class Payload(Struct, frozen=True, kw_only=True):
    """One attack of an outside set."""

    text: str
    absent: str = ""
    """RE2 that must match nowhere in the answer."""
    hazard: str = "steering"
    language: str = ""
    source: str = ""
    """File and place."""


def make(seed: Seed, draw: Draw) -> Variant | str:
    """The case with the next attack after it."""
    if not seed.payloads:
        return "no set was given: --payloads FILE"
    payload: Payload = seed.payloads[seed.turn % len(seed.payloads)]
    return fitted(
        seed,
        Variant(
            text=f"{seed.text}\n\n{payload.text}", language=payload.language,
            hazard=payload.hazard, expect=_expect(seed, payload), detail=payload.source,
        ),
    )  # fmt: skip


def _expect(seed: Seed, payload: Payload) -> Expect:
    if seed.guarded:
        return seed.case.expect
    if payload.absent:
        return Expect(absent=payload.absent)
    if seed.case.expect.label is not None:
        return Expect(label=seed.case.expect.label)
    return Expect(action="block")
