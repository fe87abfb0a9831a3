"""Whether a certificate leads to one that the importer trusts; revocation is never asked.

Paths are validated by `cryptography` as RFC 5280 asks: names, dates, constraints, critical parts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import verification

from roadworthy.domain import Checked, UsageError

from .source import Limits, opened

WHAT, REVOKED = "certificate chain", "revocation"
NOT_ASKED = Checked(
    what=REVOKED, result="not checked", why="no authority is asked: this works without a network"
)
_SMALL = Limits(document=8 << 20)


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
) -> Checked:
    """Whether it leads to a root that was given, today."""
    if not roots:
        return Checked(what=WHAT, result="not checked", why="no root was given (--root FILE)")
    try:
        verifier = (
            verification.PolicyBuilder()
            .store(verification.Store(list(roots)))
            .time(now)
            .extension_policies(
                ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
                ee_policy=verification.ExtensionPolicy.permit_all(),
            )
            .build_client_verifier()
        )
        chain = verifier.verify(signer, list(others)).chain
    except (verification.VerificationError, ValueError) as error:
        return Checked(what=WHAT, result="not checked", why=f"it leads to no given root: {error}")
    root = chain[-1]
    name = root.subject.rfc4514_string()[:200]
    digest = root.fingerprint(hashes.SHA256()).hex()
    return Checked(what=WHAT, result="holds", why=f"it leads to {name} (SHA-256 {digest})")
