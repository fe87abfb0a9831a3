"""A signed statement: DSSE around an in-toto Statement, opened only when its signatures hold.

In: an envelope as JSON, the trusted keys, an instant. Out: the statement and whose keys signed
it. Never: a payload that is looked at before its signature was checked with a trusted key.

Sources: DSSE v1 (https://github.com/secure-systems-lab/dsse, protocol and envelope), in-toto
Statement v1 (https://in-toto.io/Statement/v1).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .report import Report
from .trust import Key, Trust, load_trust

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
MAX_SIGNATURES = 16
"""A statement here has one author; more than a handful of signatures is somebody's joke."""


class EnvelopeError(ValueError):
    """Why an envelope does not hold; `state` is a state of the report."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state


@dataclass(frozen=True)
class Envelope:
    """An envelope taken apart. Nothing in it is proved yet."""

    payload: bytes
    payload_type: str
    signatures: tuple[tuple[str, bytes], ...]
    """Key id and signature of each."""


@dataclass(frozen=True)
class SignedStatement:
    """A statement whose signatures hold, and by whose keys."""

    predicate_type: str
    subject: str
    """`sha256:…`"""
    predicate: dict[str, Any]
    keys: tuple[Key, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """What is signed: DSSE's pre-authentication encoding of type and payload."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def take_apart(envelope: Any) -> Envelope:
    """The parts of an envelope. Raises EnvelopeError where it has not the form of one."""
    try:
        payload = _base64(envelope["payload"])
        payload_type, signed = envelope["payloadType"], envelope["signatures"]
        if not isinstance(payload_type, str) or not isinstance(signed, list):
            raise TypeError("its type is no text, or its signatures are no list")
        payload_type.encode()  # half a character cannot have been signed
        if len(signed) > MAX_SIGNATURES:
            raise ValueError(f"{len(signed)} signatures, more than {MAX_SIGNATURES}")
        signatures = tuple((str(item["keyid"]), _base64(item["sig"])) for item in signed)
    except (KeyError, TypeError, ValueError) as error:
        raise EnvelopeError("tampered", f"not a DSSE envelope: {error!r}") from None
    if len({key_id for key_id, _ in signatures}) != len(signatures):
        raise EnvelopeError("tampered", "one key signed the envelope twice")
    return Envelope(payload, payload_type, signatures)


def signing_keys(parts: Envelope, trust: Trust) -> tuple[Key, ...]:
    """The trusted keys that signed. Raises EnvelopeError unless every signature holds.

    A signature by a key that trust does not name cannot be checked, so it is never skipped.
    """
    if not parts.signatures:
        raise EnvelopeError("unsigned", "the envelope has no signature")
    signed = pae(parts.payload_type, parts.payload)
    keys: list[Key] = []
    for key_id, signature in parts.signatures:
        key = trust.find(key_id)
        if key is None:
            raise EnvelopeError("unknown_key", f"signed by key {key_id!r}, which is not trusted")
        if not key.signed(signed, signature):
            raise EnvelopeError(
                "tampered", f"the signature of key {key_id} ({key.name}) does not hold"
            )
        keys.append(key)
    return tuple(keys)


def read_statement(parts: Envelope) -> tuple[str, str, dict[str, Any]]:
    """Predicate type, subject and predicate of the payload.

    Raises EnvelopeError unless it is an in-toto Statement v1 about exactly one SHA-256 digest.
    """
    if parts.payload_type != PAYLOAD_TYPE:
        raise EnvelopeError(
            "tampered", f"the payload is {parts.payload_type!r}, not {PAYLOAD_TYPE}"
        )
    try:
        statement = json.loads(parts.payload)
        (subject,) = statement["subject"]
        digest = subject["digest"]["sha256"]
        predicate = statement["predicate"]
        if statement["_type"] != STATEMENT_TYPE:
            raise ValueError(f"its type is {statement['_type']!r}")
        if not isinstance(predicate, dict) or not isinstance(digest, str):
            raise ValueError("its predicate or subject has another form")
        return str(statement["predicateType"]), "sha256:" + digest, predicate
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise EnvelopeError("tampered", f"not an in-toto Statement v1: {error!r}") from None


def open_statement(envelope: Any, trust: Trust, at: str = "") -> SignedStatement:
    """The statement in an envelope, its signatures checked first.

    The keys must have been valid at `at`, or, when that is empty, at the instant `signed_at`
    that the statement itself names. Raises EnvelopeError.
    """
    parts = take_apart(envelope)
    keys = signing_keys(parts, trust)
    predicate_type, subject, predicate = read_statement(parts)
    moment = at or str(predicate.get("signed_at", ""))
    if not moment:
        raise EnvelopeError("tampered", "the statement does not say when it was signed")
    for key in keys:
        if reason := key.invalid_because(moment):
            raise EnvelopeError("unknown_key", f"{reason}; it signed at {moment}")
    return SignedStatement(predicate_type, subject, predicate, keys)


def verify_envelope(
    envelope: Any,
    trust: Trust | Path | str | Mapping[str, Any] | None = None,
    at: str | None = None,
) -> Report:
    """Verify one envelope by itself. Raises TrustError when the trust file cannot be read."""
    try:
        statement = open_statement(envelope, load_trust(trust), at or "")
    except EnvelopeError as fault:
        return Report(fault.state, str(fault))
    return Report(
        "verified",
        details={
            "predicate_type": statement.predicate_type,
            "subject": statement.subject,
            "signed_by": [
                {"key_id": key.key_id, "name": key.name, "roles": list(key.roles)}
                for key in statement.keys
            ],
        },
    )


def _base64(text: Any) -> bytes:
    if not isinstance(text, str):
        raise TypeError("base64 text expected")
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
