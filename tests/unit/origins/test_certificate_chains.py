"""A certificate that leads to a trusted root counts for what it is for, and for nothing else."""

from __future__ import annotations

import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID as Use
from cryptography.x509.oid import NameOID

from roadworthy.origins.chain import BUILDS, DOCUMENTS, STAMPS, chained

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
USES = {"documents": DOCUMENTS, "stamps": STAMPS, "builds": BUILDS}
KEYS = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("root", "between", "leaf")}


def usage(*named: str) -> x509.KeyUsage:
    every = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in named for name in every})


def certificate(
    name: str, issuer: str, *, uses: tuple[x509.ObjectIdentifier, ...] = (),
    key_usage: x509.KeyUsage | None = None, more: x509.ExtensionType | None = None,
) -> x509.Certificate:  # fmt: skip
    key, signer, ca = KEYS[name].public_key(), KEYS[issuer], name != "leaf"
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, issuer)]
    made = (
        x509.CertificateBuilder().subject_name(names[0]).issuer_name(names[1]).public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - dt.timedelta(days=1)).not_valid_after(NOW + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )  # fmt: skip
    told = key_usage or (usage("key_cert_sign", "crl_sign") if ca else None)
    if told is not None:
        made = made.add_extension(told, critical=True)
    if uses:
        made = made.add_extension(x509.ExtendedKeyUsage(uses), critical=False)
    if more is not None:
        made = made.add_extension(more, critical=True)
    return made.sign(signer, hashes.SHA256())


ROOT = certificate("root", "root")


def holds(leaf: x509.Certificate, what: str, *between: x509.Certificate) -> bool:
    return chained(leaf, between, [ROOT], NOW, USES[what]).result == "holds"


@pytest.mark.parametrize("what", USES)
def test_a_certificate_that_names_no_purpose_restricts_none(what: str) -> None:
    assert holds(certificate("leaf", "root"), what)
    assert holds(certificate("leaf", "root", uses=(Use.ANY_EXTENDED_KEY_USAGE,)), what)


@pytest.mark.parametrize(
    ("use", "good_for"),
    [
        (Use.SERVER_AUTH, ()),
        (Use.OCSP_SIGNING, ()),
        (Use.CODE_SIGNING, ("builds",)),
        (Use.TIME_STAMPING, ("stamps",)),
        (Use.EMAIL_PROTECTION, ("documents",)),
        (x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"), ("documents",)),
    ],
)
def test_a_certificate_for_another_purpose_is_not_verified(
    use: x509.ObjectIdentifier, good_for: tuple[str, ...]
) -> None:
    leaf = certificate("leaf", "root", uses=(use,))
    assert tuple(what for what in ("builds", "stamps", "documents") if holds(leaf, what)) == (
        good_for
    )
    between = certificate("between", "root", uses=(use,))
    below = certificate("leaf", "between")
    assert tuple(
        what for what in ("builds", "stamps", "documents") if holds(below, what, between)
    ) == (good_for)


@pytest.mark.parametrize(
    ("named", "good"),
    [
        ("digital_signature", True),
        ("content_commitment", True),
        ("key_encipherment", False),
        ("key_cert_sign", False),
    ],
)
def test_a_key_that_is_not_for_signing_is_not_verified(named: str, good: bool) -> None:
    leaf = certificate("leaf", "root", key_usage=usage(named))
    assert holds(leaf, "documents") is good
    if not good:
        why = chained(leaf, [], [ROOT], NOW, DOCUMENTS).why
        assert "the key of CN=leaf is not for signing" in why


def test_a_critical_part_that_nobody_reads_is_not_verified() -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")
    assert not holds(certificate("leaf", "root", more=unknown), "documents")
