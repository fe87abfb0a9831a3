"""Whether what a person did, brought or answered is signed by that person.

Enters: an entry that something is about to be concluded from. Leaves: yes or no. Never: evidence by
a signature that is missing or false; that ends in an error which names the entry.
"""

from __future__ import annotations

from roadworthy.domain import AccessError, Entry, Trust, UndecidedError, VerificationError
from roadworthy.ledger import require_signature

from ..findings.received_entries import RECEIVED
from .assure import CLASSIFIED

_ALWAYS = ("evidence.recorded", RECEIVED, CLASSIFIED)
"""Kinds that nothing but a signed act makes, whoever is named as its actor."""


def is_signed(entry: Entry, trust: Trust) -> bool:
    """Whether whose act it is signed it with a key that counted then; True of what is nobody's.

    Raises VerificationError where there is no signature, or a false one.
    """
    if not entry.actor.startswith("person:") and entry.kind not in _ALWAYS:
        return True
    try:
        require_signature(entry, trust, at=str(entry.payload.get("signed_at", entry.time)))
    except VerificationError as error:
        raise VerificationError(
            f"the ledger does not verify: entry {entry.seq} does not fit: {error.message}",
            fix="`roadworthy verify` on the workspace says more",
        ) from None
    except (UndecidedError, AccessError):
        return False
    return True
