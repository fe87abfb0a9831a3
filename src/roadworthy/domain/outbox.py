"""Notices that a target has not taken yet, and how it stands: kept on disk."""

from __future__ import annotations

from msgspec import Struct

from .clock import Instant
from .notification import Notice


class WaitingNotice(Struct, frozen=True, kw_only=True):
    """A notice that was not taken yet."""

    notice: Notice
    since: Instant
    tries: int = 0
    next_at: Instant = ""
    """Not before this instant."""


class TargetState(Struct, frozen=True, kw_only=True):
    """How one target stands, on disk: a restart forgets no notice."""

    mark: int = -1
    """Entries of the ledger that were looked at; -1: nobody has looked yet."""
    waiting: tuple[WaitingNotice, ...] = ()
    reminded: tuple[str, ...] = ()
    """Notices of clocks that were made: they are of no entry."""
    delivered: int = 0
    given_up: int = 0
    failing_since: Instant = ""
    fault: str = ""
    """Why the last try failed; empty while all is well."""
