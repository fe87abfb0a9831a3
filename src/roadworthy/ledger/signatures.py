"""A person's signature inside an entry: what was said, about what, signed before it is appended.

The signature covers system, kind, subject, actor and the payload without the signature itself, so
it cannot be moved to another entry that says something else.
"""

from __future__ import annotations

import base64
import binascii

import msgspec

from roadworthy.domain import Draft, Entry, Signer, Trust, VerificationError

from .payload import encode_payload
from .signers import signature_holds
from .trust import require_key

FIELD = "signature"
"""The payload key that holds `{"key_id", "value"}`; value is base64."""
_CONTEXT = b"roadworthy/entry/v1\n"
"""Keeps these signatures from being read as signatures over anything else."""


def sign_draft(draft: Draft, signer: Signer) -> Draft:
    """The draft with the signer's signature in its payload.

    Raises VerificationError when the draft's actor is not the signer's key.
    """
    if draft.actor.partition(":")[2] != signer.key_id:
        raise VerificationError(f"{draft.actor} cannot be signed by key {signer.key_id}")
    value = base64.b64encode(signer.sign(_signed_bytes(draft))).decode()
    signature = {"key_id": signer.key_id, "value": value}
    return msgspec.structs.replace(draft, payload={**draft.payload, FIELD: signature})


def require_signature(entry: Draft | Entry, trust: Trust, *, at: str) -> str:
    """The key id that signed the entry, valid at `at`.

    Raises VerificationError when there is no signature or it does not hold, UndecidedError or
    AccessError when the key is unknown or was not valid.
    """
    signature = entry.payload.get(FIELD)
    if not isinstance(signature, dict) or set(signature) != {"key_id", "value"}:
        raise VerificationError(f"{entry.kind} of {entry.subject} carries no signature")
    key = require_key(trust, str(signature["key_id"]), at)
    try:
        value = base64.b64decode(str(signature["value"]), validate=True)
    except (binascii.Error, ValueError):
        value = b""
    ours = entry.actor.partition(":")[2] == key.key_id
    if not ours or not signature_holds(key, _signed_bytes(entry), value):
        raise VerificationError(f"the signature of {key.name} on {entry.kind} does not hold")
    return key.key_id


def _signed_bytes(entry: Draft | Entry) -> bytes:
    payload = {name: value for name, value in entry.payload.items() if name != FIELD}
    return _CONTEXT + encode_payload(
        {
            "actor": entry.actor,
            "kind": entry.kind,
            "payload": payload,
            "subject": entry.subject,
            "system": entry.system,
        }
    )
