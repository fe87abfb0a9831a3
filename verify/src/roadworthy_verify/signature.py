"""A person's signature inside an entry: taken out of its payload, and the bytes that it covers.

In: a payload as it is stored. Out: payload without signature, key id, signature. Never: a
payload that is changed in any other way; what was signed is rebuilt as canonical JSON (RFC 8785).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from .covered import encoded

FIELD = "signature"
_CONTEXT = b"roadworthy/entry/v1\n"
"""What the signed bytes begin with, so that they are bytes of nothing else."""


class SignatureError(ValueError):
    """An entry that carries no signature of the one form."""


def take_signature(payload: bytes) -> tuple[dict[str, Any], str, bytes]:
    """Payload without its signature, key id, signature. Raises SignatureError."""
    said = json.loads(payload)
    signature = said.pop(FIELD, None)
    if not isinstance(signature, dict) or set(signature) != {"key_id", "value"}:
        raise SignatureError("it carries no signature")
    try:
        value = base64.b64decode(str(signature["value"]), validate=True)
    except (binascii.Error, ValueError):
        value = b""
    return said, str(signature["key_id"]), value


def signed_bytes(
    system: str, kind: str, subject: str, actor: str, payload: Mapping[str, Any]
) -> bytes:
    """What is signed: the entry's words, without number, time and chain."""
    signed = {
        "actor": actor,
        "kind": kind,
        "payload": payload,
        "subject": subject,
        "system": system,
    }
    return _CONTEXT + encoded(signed)
