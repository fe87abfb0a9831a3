"""What every user's file is made of."""

from __future__ import annotations

from msgspec import Struct


class File(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a user's file: frozen, keyword-only, unknown keys are faults."""
