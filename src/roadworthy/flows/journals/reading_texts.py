"""Unsealing many texts at once: by a person who may, and said in the ledger before one is shown.

Enters: who asks, and for what. Leaves: an entry. What never happens here: a text.
"""

from __future__ import annotations

from typing import Any

from roadworthy.domain import Draft, Entry, PersonRole, format_instant, plain
from roadworthy.ledger import require_role, sign_draft

from ..entries.second_person import DECIDERS
from ..workspace.loop import Loop
from ..workspace.people import Acting

TEXT_READERS: tuple[PersonRole, ...] = (*DECIDERS, "auditor")
"""Who may read what callers asked and were answered."""

READ = "journal.texts_read"


def enter_reading(asked: dict[str, Any], loop: Loop, by: Acting, *, system: str = "") -> Entry:
    """Enter that somebody unseals the texts of what was asked for. Raises AccessError."""
    key = require_role(loop.trust, by.key.key_id, TEXT_READERS, format_instant(loop.clock.now()))
    draft = Draft(
        system=system,
        kind=READ,
        subject=system or "journal",
        actor=f"person:{key.key_id}",
        payload={"asked": plain(asked)},
    )
    (entry,) = loop.ledger.record(sign_draft(draft, by.signer))
    return entry
