"""Signed statements: in-toto Statement v1 in a DSSE envelope.

In: what is said about which digest, and who signs. Out: the envelope as plain JSON. Never: a
signature over a payload without its type; the pre-authentication encoding binds both (DSSE v1,
https://github.com/secure-systems-lab/dsse/blob/master/protocol.md). `roadworthy_verify.envelope`
reads them.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from roadworthy.domain import SHA256_PREFIX, EvidenceError, Signer, canonical
from roadworthy_verify.envelope import PAYLOAD_TYPE, STATEMENT_TYPE, pae


def statement(predicate_type: str, subject: str, predicate: Mapping[str, Any]) -> bytes:
    """An in-toto Statement v1 about one digest (`sha256:…`), as canonical JSON.

    Raises EvidenceError when the subject is no SHA-256 digest.
    """
    digest = subject.removeprefix(SHA256_PREFIX)
    if subject == digest or len(digest) != 64 or digest.strip("0123456789abcdef"):
        raise EvidenceError(f"{subject!r} is no digest", fix="write sha256:<64 hex digits>")
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": [{"digest": {"sha256": digest}}],
            "predicateType": predicate_type,
            "predicate": predicate,
        }
    )


def sign_envelope(
    payload: bytes, payload_type: str = PAYLOAD_TYPE, signers: Sequence[Signer] = ()
) -> dict[str, Any]:
    """The DSSE envelope of a payload with one signature of each signer.

    Raises EvidenceError when nobody signs, or one key signs twice.
    """
    key_ids = [signer.key_id for signer in signers]
    if not key_ids or len(set(key_ids)) != len(key_ids):
        raise EvidenceError("an envelope is signed by at least one key, and once by each")
    signed = pae(payload_type, payload)
    return {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [
            {"keyid": signer.key_id, "sig": base64.b64encode(signer.sign(signed)).decode()}
            for signer in signers
        ],
    }
