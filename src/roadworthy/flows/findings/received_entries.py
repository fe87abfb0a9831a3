"""Entries of evidence that was made elsewhere: found, read again, told in words.

What never happens here: a judgement on any of it.
"""

from __future__ import annotations

import msgspec

from roadworthy.domain import Entry, Received, trust_in, trusted

from ..workspace.loop import Loop

RECEIVED = "evidence.received"
"""Made elsewhere, read and checked here, with how far it is trusted."""


def received_of(loop: Loop, system: str) -> list[Entry]:
    """Everything that was received about a system, oldest first."""
    return list(loop.ledger.entries(kind=RECEIVED, system=system))


def received(loop: Loop, entry: Entry) -> Received:
    """What an entry names, whole. Raises VerificationError when it was changed."""
    return msgspec.convert(loop.blobs.get_json(str(entry.payload["content"])), Received)


def in_words(loop: Loop, system: str, candidate: str) -> list[str]:
    """What was received about a candidate, for who decides. It judges nothing."""
    return [
        f"{trusted(*trust_in(entry))}: {entry.payload['title']}, entry {entry.seq};"
        " no objective is judged on it"
        for entry in received_of(loop, system)
        if entry.payload["candidate"] == candidate
    ]
