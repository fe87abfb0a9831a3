"""DSSE and in-toto, held against securesystemslib and the specification's own vector."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError as TheirError
from securesystemslib.signer import SSlibKey

from roadworthy.domain import EvidenceError
from roadworthy.ledger import Ed25519Signer, sign_envelope, statement
from roadworthy_verify import EnvelopeError, load_trust
from roadworthy_verify.envelope import (
    PAYLOAD_TYPE,
    open_statement,
    pae,
    take_apart,
    verify_envelope,
)

SUBJECT = "sha256:" + "1" * 64
KEY = Ed25519Signer.from_seed(b"k" * 32)
OTHER = Ed25519Signer.from_seed(b"o" * 32)
AT = "2026-11-21T10:00:00.000000Z"


def trust(**more: str) -> dict[str, Any]:
    return {
        "keys": [
            {
                "key_id": KEY.key_id,
                "name": "rosa",
                "public_key": KEY.public_key_base64,
                "valid_from": "2026-01-01T00:00:00.000000Z",
                "roles": ["reviewer"],
                **more,
            }
        ]
    }


def envelope(*signers: Ed25519Signer, **says: str) -> dict[str, Any]:
    payload = statement("https://example.org/p/v1", SUBJECT, {"signed_at": AT, **says})
    return sign_envelope(payload, PAYLOAD_TYPE, signers or (KEY,))


def theirs(signer: Ed25519Signer) -> SSlibKey:
    return SSlibKey(signer.key_id, "ed25519", "ed25519", {"public": signer.public_key.hex()})


def test_the_encoding_is_the_one_of_the_specification() -> None:
    # protocol.md of DSSE, "Test vectors".
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "


def test_another_library_verifies_what_we_sign() -> None:
    found = Envelope.from_dict(copy.deepcopy(envelope(KEY, OTHER)))
    assert set(found.verify([theirs(KEY), theirs(OTHER)], 2)) == {KEY.key_id, OTHER.key_id}
    assert found.pae() == pae(found.payload_type, found.payload)
    found.payload += b" "
    with pytest.raises(TheirError):
        found.verify([theirs(KEY)], 1)


def test_we_verify_what_another_library_writes() -> None:
    text = json.dumps(Envelope.from_dict(copy.deepcopy(envelope())).to_dict())
    assert verify_envelope(json.loads(text), trust()).ok


def test_a_statement_is_in_toto_v1() -> None:
    assert json.loads(statement("https://example.org/p/v1", SUBJECT, {"a": 0.5})) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"digest": {"sha256": "1" * 64}}],
        "predicateType": "https://example.org/p/v1",
        "predicate": {"a": "0.5"},
    }


@pytest.mark.parametrize("subject", ["", "1" * 64, "sha256:xyz", "sha512:" + "1" * 64])
def test_a_subject_is_a_digest(subject: str) -> None:
    with pytest.raises(EvidenceError):
        statement("https://example.org/p/v1", subject, {})


def test_nobody_and_twice_do_not_sign() -> None:
    for signers in ([], [KEY, KEY]):
        with pytest.raises(EvidenceError):
            sign_envelope(b"{}", PAYLOAD_TYPE, signers)


def test_the_report_says_whose_key_it_was() -> None:
    report = verify_envelope(envelope(), trust())
    assert report.ok
    assert report.details["signed_by"] == [
        {"key_id": KEY.key_id, "name": "rosa", "roles": ["reviewer"]}
    ]
    assert report.details["subject"] == SUBJECT


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (envelope(OTHER), "unknown_key"),
        (envelope(KEY, OTHER), "unknown_key"),
        ({**envelope(), "signatures": []}, "unsigned"),
        ({**envelope(), "payload": "bm8="}, "tampered"),
        ({**envelope(), "payloadType": "text/plain"}, "tampered"),
        ({**envelope(), "signatures": envelope()["signatures"] * 2}, "tampered"),
        ({**envelope(), "signatures": [{"sig": "AAAA"}]}, "tampered"),
        ({**envelope(), "payload": "*"}, "tampered"),
        ({**envelope(), "payload": 7}, "tampered"),
        ({**envelope(), "payloadType": 7}, "tampered"),
        ({**envelope(), "payloadType": "half \ud800"}, "tampered"),
        ({**envelope(), "payload": "half \ud800"}, "tampered"),
        ({**envelope(), "signatures": {"keyid": "a"}}, "tampered"),
        ({**envelope(), "signatures": None}, "tampered"),
        ({**envelope(), "signatures": [1]}, "tampered"),
        ({**envelope(), "signatures": [{"keyid": "a", "sig": "AAAA"}] * 10**6}, "tampered"),
        ([], "tampered"),
        (None, "tampered"),
        (sign_envelope(b"{}", PAYLOAD_TYPE, [KEY]), "tampered"),
        (sign_envelope(b"[" * 100_000, PAYLOAD_TYPE, [KEY]), "tampered"),
        (sign_envelope(b"{}", "text/plain", [KEY]), "tampered"),
    ],
)
def test_whatever_is_wrong_has_a_state(found: Any, state: str) -> None:
    assert verify_envelope(found, trust()).state == state


@pytest.mark.parametrize(
    "more",
    [
        {"valid_from": "2026-11-21T10:00:00.000001Z"},
        {"valid_until": AT},
        {"revoked_at": AT},
    ],
)
def test_a_key_that_was_not_valid_then_is_not_known(more: dict[str, str]) -> None:
    assert verify_envelope(envelope(), trust(**more)).state == "unknown_key"


def test_the_instant_may_be_given() -> None:
    ended = trust(valid_until="2026-12-01T00:00:00.000000Z")
    assert verify_envelope(envelope(), ended).ok
    assert verify_envelope(envelope(), ended, "2026-12-02T00:00:00.000000Z").state == "unknown_key"


def test_a_statement_that_does_not_say_when_is_refused() -> None:
    payload = statement("https://example.org/p/v1", SUBJECT, {})
    with pytest.raises(EnvelopeError, match="when it was signed"):
        open_statement(sign_envelope(payload, PAYLOAD_TYPE, [KEY]), load_trust(trust()))


def test_a_statement_about_two_subjects_is_refused() -> None:
    found = json.loads(statement("https://example.org/p/v1", SUBJECT, {"signed_at": AT}))
    found["subject"] *= 2
    payload = json.dumps(found).encode()
    assert verify_envelope(sign_envelope(payload, PAYLOAD_TYPE, [KEY]), trust()).state == "tampered"


def test_no_more_signatures_than_make_sense() -> None:
    many = {**envelope(), "signatures": [{"keyid": str(n), "sig": ""} for n in range(17)]}
    with pytest.raises(EnvelopeError):
        take_apart(many)


def test_a_changed_signature_does_not_hold() -> None:
    found = envelope()
    raw = bytearray(base64.b64decode(found["signatures"][0]["sig"]))
    raw[5] ^= 1
    found["signatures"][0]["sig"] = base64.b64encode(bytes(raw)).decode()
    assert verify_envelope(found, trust()).state == "tampered"
