"""A run of GitHub Actions as its REST API tells it, and a bundle in Sigstore's form: made up."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from roadworthy_verify.envelope import pae

COMMIT, REPOSITORY, RUN = "c0ffee" + "0" * 34, "example/claims-desk", 4711
URL = f"https://api.github.com/repos/{REPOSITORY}/actions/runs/{RUN}"
WORKFLOW = f"https://github.com/{REPOSITORY}/.github/workflows/ci.yml@refs/heads/main"
WHEEL = b"a wheel"
JUNIT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="pytest" errors="0" failures="1" skipped="1" tests="4" time="0.1">
<testcase classname="t" name="a" time="0.01"/>

<testcase classname="t" name="b"><failure message="no">no</failure></testcase>
<testcase classname="t" name="c"><skipped type="x"/></testcase>
<testcase classname="t" name="d"/>
</testsuite></testsuites>
"""
SARIF = {
    "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
    "runs": [{"tool": {"driver": {"name": "CodeQL", "semanticVersion": "2.20.1"}},
              "results": [{"ruleId": "r", "level": "error"}, {"ruleId": "s"}]}],
}  # fmt: skip


def job(name: str, conclusion: str | None = "success", **more: Any) -> dict[str, Any]:
    """One job, with fields that are not read, too."""
    return {
        "id": 1, "run_id": RUN, "run_url": URL, "run_attempt": 1, "head_sha": COMMIT,
        "url": "https://api.github.com/x", "status": "completed" if conclusion else "in_progress",
        "conclusion": conclusion, "created_at": "2026-11-20T10:00:00Z",
        "completed_at": "2026-11-20T10:05:00Z" if conclusion else None, "name": name,
        "workflow_name": "CI", "labels": ["ubuntu-latest"], "steps": [], **more,
    }  # fmt: skip


def jobs(*told: dict[str, Any]) -> dict[str, Any]:
    """The answer that lists them."""
    listed = list(told) or [job("lint"), job("test"), job("nightly", "skipped")]
    return {"total_count": len(listed), "jobs": listed}


def folder(path: Path, listed: dict[str, Any] | None = None) -> Path:
    """A downloaded run."""
    path.mkdir(parents=True)
    (path / "jobs.json").write_text(json.dumps(listed or jobs()))
    (path / "run.json").write_text(json.dumps({
        "id": RUN, "workflow_id": 3, "head_sha": COMMIT, "event": "push", "head_branch": "main",
        "repository": {"full_name": REPOSITORY}, "updated_at": "2026-11-20T10:05:01Z",
    }))  # fmt: skip
    (path / "junit.xml").write_text(JUNIT)
    (path / "codeql.sarif").write_text(json.dumps(SARIF))
    (path / "desk.whl").write_bytes(WHEEL)
    return path


class Issuer:
    """A root and short-lived certificates, as Fulcio gives them out."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = self._certificate(self.key.public_key(), "sigstore-like", ca=True)

    def pem(self, path: Path) -> Path:
        """The root as a file."""
        path.write_bytes(self.root.public_bytes(serialization.Encoding.PEM))
        return path

    def _certificate(
        self, key: ec.EllipticCurvePublicKey, name: str, *, ca: bool = False, commit: str = COMMIT
    ) -> x509.Certificate:
        begun = dt.datetime(2026, 11, 20, 10, tzinfo=dt.UTC)
        days = 3650 if ca else 0
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sigstore-like")])
        made = (
            x509.CertificateBuilder().issuer_name(issuer)
            .subject_name(issuer if ca else x509.Name([])).public_key(key)
            .serial_number(x509.random_serial_number()).not_valid_before(begun)
            .not_valid_after(begun + dt.timedelta(days=days, minutes=10))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False),
                critical=True,
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
        )  # fmt: skip
        if not ca:
            made = made.add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(WORKFLOW)]),
                critical=True,
            ).add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False
            )
            said = {8: "https://token.actions.githubusercontent.com",
                    12: f"https://github.com/{REPOSITORY}", 13: commit}  # fmt: skip
            for number, text in said.items():
                oid = x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}")
                der = bytes((0x0C, len(text))) + text.encode()
                made = made.add_extension(x509.UnrecognizedExtension(oid, der), critical=False)
        return made.sign(self.key, hashes.SHA256())

    def bundle(self, data: bytes = WHEEL, *, commit: str = COMMIT) -> dict[str, Any]:
        """An attestation of a file."""
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = self._certificate(key.public_key(), "", commit=commit)
        digest = hashlib.sha256(data).hexdigest()
        statement = json.dumps({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "desk.whl", "digest": {"sha256": digest}}],
            "predicateType": "https://slsa.dev/provenance/v1", "predicate": {},
        }).encode()  # fmt: skip
        kind = "application/vnd.in-toto+json"
        signature = key.sign(pae(kind, statement), ec.ECDSA(hashes.SHA256()))

        def b64(value: bytes) -> str:
            return base64.b64encode(value).decode()

        return {
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "certificate": {"rawBytes": b64(leaf.public_bytes(serialization.Encoding.DER))},
                "tlogEntries": [{"logIndex": "99", "integratedTime": "1795341600"}],
            },
            "dsseEnvelope": {
                "payload": b64(statement), "payloadType": kind,
                "signatures": [{"sig": b64(signature)}],
            },
        }  # fmt: skip
