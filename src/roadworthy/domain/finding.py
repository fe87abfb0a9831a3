"""What a detector found, and what a rail made of it."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field


class Finding(Struct, frozen=True, kw_only=True):
    """Something in a text: what, where, how surely. Offsets are characters of the given text."""

    kind: str
    start: int
    end: int
    score: float = 1.0
    """In [0, 1]."""


class TextContext(Struct, frozen=True, kw_only=True):
    """What a detector may know beside the text. It never does I/O with it."""

    side: Literal["input", "output"]
    input: str = ""
    decision: str = ""
    confidence: float | None = None
    facets: dict[str, str] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)


NOBODY_LOOKS = "nothing looks for it: no judge is wired"
"""Reason of a never event that would be looked at after the answer left, if anything could."""

LOOKED_AT_LATER = "a judge looks for it after the answer left"
"""Reason of one that is, as long as its judge has not spoken."""


class RailVerdict(Struct, frozen=True, kw_only=True):
    """One rail's verdict on one side of one exchange; kept in the observation."""

    rail: str
    side: Literal["input", "output"]
    outcome: Literal[
        "passed", "block", "redact", "flag", "hold", "replace", "label", "resample", "not_checked"
    ]
    kinds: tuple[str, ...] = ()
    """Kinds of what was found; never the text itself."""
    score: float | None = None
    reason: str = ""
    """Why it was not checked, or what the rail says of it."""
    never_event: str = ""
    """The never event's id when the rail guards one."""
    ms: float | UnsetType = UNSET
    """How long a rail that asks outside waited for its word; left out of all others."""
