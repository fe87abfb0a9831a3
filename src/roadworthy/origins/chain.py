"""Whether a certificate leads to one that the importer trusts; revocation is never asked.

Paths are validated by `cryptography` as RFC 5280 asks: names, dates, constraints, critical parts.
What a certificate says that it is for is held against what it was used for (RFC 5280, 4.2.1.3 and
4.2.1.12): one of a web server, signed by a root that is trusted, signs no paper.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID as Use

from roadworthy.domain import Checked, UsageError

from .cms import UNREADABLE
from .source import Limits, opened

WHAT, REVOKED = "certificate chain", "revocation"
NOT_ASKED = Checked(
    what=REVOKED, result="not checked", why="no authority is asked: this works without a network"
)
_SMALL = Limits(document=8 << 20)

DOCUMENTS = frozenset((
    Use.ANY_EXTENDED_KEY_USAGE,
    Use.EMAIL_PROTECTION,
    x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # documents (RFC 9336)
    x509.ObjectIdentifier("1.2.840.113583.1.1.5"),  # authentic documents (Adobe)
    x509.ObjectIdentifier("1.3.6.1.4.1.311.10.3.12"),  # documents (Microsoft)
))  # fmt: skip
STAMPS = frozenset((Use.ANY_EXTENDED_KEY_USAGE, Use.TIME_STAMPING))
BUILDS = frozenset((Use.ANY_EXTENDED_KEY_USAGE, Use.CODE_SIGNING))
"""What a key may be for; a certificate that names no purpose restricts none."""


def roots_of(files: Sequence[Path]) -> list[x509.Certificate]:
    """The certificates of PEM files. Raises UsageError."""
    found: list[x509.Certificate] = []
    for path in files:
        with opened(path, _SMALL) as source:
            data = source.whole()
        try:
            found += x509.load_pem_x509_certificates(data)
        except ValueError as error:
            raise UsageError(f"{path} holds no certificate: {error}", fix="give PEM") from None
    return found


def chained(
    signer: x509.Certificate,
    others: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    now: dt.datetime,
    uses: frozenset[x509.ObjectIdentifier],
) -> Checked:
    """Whether it leads to a root that was given, valid then, and may sign for one of `uses`."""

    def for_this(_: object, cert: x509.Certificate, told: x509.ExtendedKeyUsage | None) -> None:
        if told is not None and not uses & set(told):
            raise ValueError(f"{cert.subject.rfc4514_string()[:200]} is for other uses")

    if not roots:
        return Checked(what=WHAT, result="not checked", why="no root was given (--root FILE)")
    try:
        verifier = (
            verification.PolicyBuilder()
            .store(verification.Store(list(roots)))
            .time(now)
            .extension_policies(
                ca_policy=verification.ExtensionPolicy.webpki_defaults_ca().may_be_present(
                    x509.ExtendedKeyUsage, verification.Criticality.AGNOSTIC, for_this
                ),
                ee_policy=verification.ExtensionPolicy.permit_all()
                .may_be_present(x509.ExtendedKeyUsage, verification.Criticality.AGNOSTIC, for_this)
                .may_be_present(x509.KeyUsage, verification.Criticality.AGNOSTIC, _may_sign),
            )
            .build_client_verifier()
        )
        chain = verifier.verify(signer, list(others)).chain
    except (verification.VerificationError, *UNREADABLE) as error:
        return Checked(what=WHAT, result="not checked", why=f"it leads to no given root: {error}")
    root = chain[-1]
    name = root.subject.rfc4514_string()[:200]
    digest = root.fingerprint(hashes.SHA256()).hex()
    return Checked(what=WHAT, result="holds", why=f"it leads to {name} (SHA-256 {digest})")


def _may_sign(_: object, cert: x509.Certificate, told: x509.KeyUsage | None) -> None:
    if told is not None and not (told.digital_signature or told.content_commitment):
        raise ValueError(f"the key of {cert.subject.rfc4514_string()[:200]} is not for signing")
