"""What people do about an incident: what caused it, what is done about it.

Every value here is somebody's word with the time at which it was given. None of it closes an
incident: a gate does.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from .clock import Instant

MOST_EVIDENCE = 50
"""Answers that an incident names beside those that must become cases; its reach counts all."""

PinnedAction = Literal["hold", "block", "answer"]
"""What the request line must do with a case. `answer`: it leaves, with the right label where the
case names one."""


class Said(Struct, frozen=True, kw_only=True):
    """A person's sentence."""

    text: str
    by: str
    """`person:<key id>`, or a machine."""
    at: Instant


class CorrectiveAction(Struct, frozen=True, kw_only=True):
    """What somebody does so that it does not happen again."""

    id: str
    text: str
    owner: str
    due: str
    """A day, `YYYY-MM-DD`."""
    by: str
    at: Instant
    done_at: Instant = ""
    done_by: str = ""
    note: str = ""
