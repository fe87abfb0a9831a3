"""The certificates that sign marks: an authority of this workspace, and under it one that signs.

What enters: a name, an instant. What leaves: PEM. What never happens here: a certificate that is
its own authority (readers of C2PA trust none such), or a private key written anywhere.

The signing one has what C2PA asks (technical specification 2.1, section 14.5): EC P-256, key usage
digitalSignature, extended key usage emailProtection, an authority key identifier.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from msgspec import Struct

_AUTHORITY_DAYS = 3650
_SIGNING_DAYS = 730


class MarkKey(Struct, frozen=True, kw_only=True):
    """What signs marks."""

    key: str
    """Private, PEM (PKCS #8)."""
    chain: str
    """The signing certificate, then its authority's, PEM."""

    @property
    def anchor(self) -> str:
        """The authority's certificate: what others trust."""
        begin = self.chain.rindex("-----BEGIN CERTIFICATE-----")
        return self.chain[begin:]


class Authority(Struct, frozen=True, kw_only=True):
    """What issues signing certificates; kept beside them to renew them."""

    key: str
    certificate: str


def make_authority(name: str, now: dt.datetime) -> Authority:
    """A new authority of ten years."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name, "Roadworthy media authority")
    builder = _begun(subject, subject, key, now, _AUTHORITY_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(signs=False), critical=True)
    return Authority(key=_key_pem(key), certificate=_pem(builder.sign(key, hashes.SHA256())))


def make_mark_key(authority: Authority, name: str, now: dt.datetime) -> MarkKey:
    """A new signing certificate of two years under an authority."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID

    issuer = x509.load_pem_x509_certificate(authority.certificate.encode())
    issuing = serialization.load_pem_private_key(authority.key.encode(), None)
    assert isinstance(issuing, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name, "Roadworthy media marks")
    builder = _begun(subject, issuer.subject, key, now, _SIGNING_DAYS)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    builder = builder.add_extension(_usage(signs=True), critical=True)
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION])
    builder = builder.add_extension(purpose, critical=False)
    of = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing.public_key())
    builder = builder.add_extension(of, critical=False)
    signed = builder.sign(issuing, hashes.SHA256())
    return MarkKey(key=_key_pem(key), chain=_pem(signed) + authority.certificate)


def _begun(subject: Any, issuer: Any, key: Any, now: dt.datetime, days: int) -> Any:
    """What both kinds of certificate have."""
    from cryptography import x509

    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs: bool) -> Any:
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs,
        crl_sign=not signs,
        encipher_only=False,
        decipher_only=False,
    )


def _name(organisation: str, common: str) -> Any:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    named = x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64])
    return x509.Name([named, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: Any) -> str:
    from cryptography.hazmat.primitives import serialization

    return str(certificate.public_bytes(serialization.Encoding.PEM), "ascii")


def _key_pem(key: Any) -> str:
    from cryptography.hazmat.primitives import serialization

    kind, hidden = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return str(key.private_bytes(serialization.Encoding.PEM, kind, hidden), "ascii")
