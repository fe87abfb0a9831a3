"""CMS signatures of our own making: what is too weak, or could be something else, is not read."""

from __future__ import annotations

import base64
import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import NameOID

from doubles import actions_run
from roadworthy.domain import UsageError
from roadworthy.origins import Wanted, read_foreign
from roadworthy.origins.cms import _PSS, BrokenError, _salt, verified
from roadworthy.origins.der import Der, DerError, read

DATA = b"what is signed"
NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
P256, NO_CURVE = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d03017f")


def signed(key: Any, *options: pkcs7.PKCS7Options) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ada")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(NOW - dt.timedelta(days=1))
        .not_valid_after(NOW + dt.timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    every = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary, *options]
    builder = pkcs7.PKCS7SignatureBuilder().set_data(DATA)
    return builder.add_signer(certificate, key, hashes.SHA256()).sign(Encoding.DER, every)


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    assert len(content) < 128
    return bytes((tag, len(content))) + content


def test_a_signature_without_signed_attributes_is_not_read() -> None:
    """It could be one over the attributes of another signature, shown as if they were content."""
    key = ec.generate_private_key(ec.SECP256R1())
    assert verified(signed(key), DATA).algorithm == "ECDSA secp256r1, sha256"
    with pytest.raises(DerError, match="no signed attributes"):
        verified(signed(key, pkcs7.PKCS7Options.NoAttributes), DATA)
    with pytest.raises(BrokenError, match="not those that were signed"):
        verified(signed(key), DATA + b".")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (lambda: rsa.generate_private_key(65537, 1024), "an RSA key of 1024 bits"),
        (lambda: ec.generate_private_key(ec.SECP192R1()), "a key on secp192r1"),
    ],
)
def test_a_key_that_proves_nothing_any_more_is_not_read(key: Any, words: str) -> None:
    with pytest.raises(DerError, match=words):
        verified(signed(key()), DATA)


def test_a_curve_that_nobody_knows_is_not_read() -> None:
    der = signed(ec.generate_private_key(ec.SECP256R1()))
    assert P256 in der
    with pytest.raises(DerError, match="cannot be read"):
        verified(der.replace(P256, NO_CURVE), DATA)


@pytest.mark.parametrize("length", [-1, 513, 2**31, 2**70])
def test_a_salt_of_an_impossible_length_is_not_read(length: int) -> None:
    sha256 = tlv(0x30, tlv(0x06, bytes.fromhex("608648016503040201")))
    mask = tlv(0x30, tlv(0x06, bytes.fromhex("2a864886f70d010108")), sha256)
    assert _PSS == "1.2.840.113549.1.1.10"

    def told(number: int) -> list[Der]:
        content = number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)
        salt = tlv(0xA2, tlv(0x02, content))
        return [read(tlv(0x30, tlv(0xA0, sha256), tlv(0xA1, mask), salt))]

    assert _salt(told(32), "sha256") == 32
    with pytest.raises(DerError, match="PSS with a salt"):
        _salt(told(length), "sha256")


def twice(der: bytes) -> bytes:
    """The name that it stands for, a second time in the place of its key identifier."""
    subject, authority = bytes.fromhex("0603551d0e"), bytes.fromhex("0603551d23")
    assert subject in der
    return der.replace(subject, authority)


@pytest.mark.parametrize("change", [lambda der: der.replace(P256, NO_CURVE), twice])
def test_an_attestation_with_a_certificate_that_nobody_can_read_is_refused(
    tmp_path: Path, change: Any
) -> None:
    bundle = actions_run.Issuer().bundle()
    held = bundle["verificationMaterial"]["certificate"]
    held["rawBytes"] = base64.b64encode(change(base64.b64decode(held["rawBytes"]))).decode()
    path = tmp_path / "desk.sigstore.json"
    path.write_text(json.dumps(bundle))
    with pytest.raises(UsageError, match="its certificate cannot be read"):
        read_foreign(str(path), Wanted(now=NOW))
