"""An attestation of a build (Sigstore bundle, in-toto statement): what of it was verified.

Verified are the signature over the statement by the certificate beside it, the digests of the files
that lie beside it, and up to a root that the importer names who issued the certificate. Not
verified: that the log has it, and so not that it was signed while the certificate was valid.
Sources: Sigstore bundle 0.1 to 0.3, DSSE v1, in-toto Statement v0.1 and v1, Fulcio's OIDs.
"""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Mapping, Sequence

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from msgspec import Struct, field

from roadworthy.domain import (
    Brought,
    Checked,
    Origin,
    Received,
    VerificationError,
)
from roadworthy_verify.envelope import pae

from .chain import BUILDS, NOT_ASKED, chained, roots_of
from .cms import UNREADABLE
from .der import read
from .source import Source, clean, decode
from .wanted import Wanted

MEDIA = "application/vnd.dev.sigstore.bundle"
_KNOWN = ("+json;version=0.1", "+json;version=0.2", "+json;version=0.3", ".v0.3+json")
_STATEMENTS = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
_IN_TOTO = "application/vnd.in-toto+json"
_MOST_SUBJECTS = 10_000
_ISSUER, _REPOSITORY, _COMMIT = (f"1.3.6.1.4.1.57264.1.{number}" for number in (8, 12, 13))


class _Raw(Struct):
    raw: str = field(name="rawBytes")


class _Chain(Struct):
    certificates: list[_Raw] = []


class _Log(Struct):
    index: str = field(name="logIndex", default="")
    time: str = field(name="integratedTime", default="")


class _Material(Struct):
    certificate: _Raw | None = None
    chain: _Chain | None = field(name="x509CertificateChain", default=None)
    logged: list[_Log] = field(name="tlogEntries", default_factory=list)


class _Signature(Struct):
    sig: str


class _Envelope(Struct):
    payload: str
    kind: str = field(name="payloadType")
    signatures: list[_Signature]


class _Bundle(Struct):
    media: str = field(name="mediaType")
    material: _Material = field(name="verificationMaterial")
    envelope: _Envelope | None = field(name="dsseEnvelope", default=None)


class _Subject(Struct):
    name: str = ""
    digest: dict[str, str] = {}


class _Statement(Struct):
    kind: str = field(name="_type")
    subject: list[_Subject]
    predicate: str = field(name="predicateType")


class Attested(Struct, frozen=True, kw_only=True):
    """What a certificate says of the build that it was issued for."""

    repository: str
    commit: str


def read_bundle(
    source: Source, wanted: Wanted, beside: Mapping[str, str]
) -> tuple[Brought, Attested]:
    """The attestation as evidence. `beside`: digest -> name of the files that lie there.

    Raises UsageError where it cannot be read, VerificationError where its signature does not hold.
    """
    data = source.whole()
    told = decode(data, _Bundle, str(source.path))
    if not told.media.startswith(MEDIA) or told.media[len(MEDIA) :] not in _KNOWN:
        raise source.fault(f"{clean(told.media)!r}: bundles of version 0.1 to 0.3 are read")
    if told.envelope is None or told.envelope.kind != _IN_TOTO:
        raise source.fault("it holds no in-toto statement")
    leaf, others = _certificates(source, told.material)
    payload = _signed(source, told.envelope, leaf)
    statement = decode(payload, _Statement, f"{source.path}: statement")
    if statement.kind not in _STATEMENTS or len(statement.subject) > _MOST_SUBJECTS:
        raise source.fault("it is no in-toto statement of version 0.1 or 1, or endless")
    about = Attested(repository=_said(leaf, _REPOSITORY), commit=_said(leaf, _COMMIT))
    described = source.described()
    chain = _chain(leaf, others, wanted)
    subjects = [_subject(one, beside) for one in statement.subject]
    signer = _identity(leaf)
    return Brought(
        received=Received(
            origin=Origin(
                tool="sigstore", form=told.media, place=described.name,
                exported_at=leaf.not_valid_before_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
            ),
            id=described.digest,
            title=f"attestation of {subjects[0]['name'] if subjects else 'nothing'}",
            subject=described.digest,
            trust="signed",
            by=signer,
            facts={
                "statement": clean(statement.predicate), "subjects": subjects[:50],
                "issuer": _said(leaf, _ISSUER), "repository": about.repository,
                "commit": about.commit,
            },
            checks=(
                Checked(what="signature over the statement", result="holds"),
                chain, _beside(subjects), _logged(told.material), NOT_ASKED,
            ),
            files=(described,),
        ),
        original=data,
    ), about  # fmt: skip


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _certificates(
    source: Source, material: _Material
) -> tuple[x509.Certificate, list[x509.Certificate]]:
    listed = [material.certificate] if material.certificate else []
    listed += material.chain.certificates[:10] if material.chain else []
    try:
        found = [x509.load_der_x509_certificate(_bytes(one.raw)) for one in listed]
        for one in found:  # a part of it may turn out to be none
            _ = one.subject.rfc4514_string(), one.extensions, one.public_key()
    except UNREADABLE as error:
        raise source.fault(f"its certificate cannot be read: {error}") from None
    if not found:
        raise source.fault("it holds no certificate; keys without one are not read")
    return found[0], found[1:]


def _signed(source: Source, envelope: _Envelope, leaf: x509.Certificate) -> bytes:
    """The statement, its one signature checked first."""
    try:
        (one,) = envelope.signatures
        payload, signature = _bytes(envelope.payload), _bytes(one.sig)
    except ValueError as error:
        raise source.fault(f"its envelope cannot be read: {error}") from None
    key, signed = leaf.public_key(), pae(envelope.kind, payload)
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            used = hashes.SHA384() if key.curve.key_size > 256 else hashes.SHA256()
            key.verify(signature, signed, ec.ECDSA(used))
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        else:
            raise source.fault("its certificate has a key that is not read")
    except InvalidSignature:
        raise VerificationError(
            f"{source.path}: the signature over the statement does not hold"
        ) from None
    return payload


def _chain(leaf: x509.Certificate, others: Sequence[x509.Certificate], wanted: Wanted) -> Checked:
    """Who issued it, when it was issued: such certificates live for minutes."""
    issued = leaf.not_valid_before_utc + dt.timedelta(seconds=1)
    return chained(leaf, others, roots_of(wanted.roots), issued, BUILDS)


def _identity(leaf: x509.Certificate) -> str:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        uris = names.get_values_for_type(x509.UniformResourceIdentifier)
        mails = names.get_values_for_type(x509.RFC822Name)
    except x509.ExtensionNotFound:
        uris, mails = [], []
    return clean(next(iter([*uris, *mails]), "")) or clean(leaf.subject.rfc4514_string())


def _said(leaf: x509.Certificate, oid: str) -> str:
    """A text of Fulcio's extensions; empty where it has none."""
    try:
        found = leaf.extensions.get_extension_for_oid(x509.ObjectIdentifier(oid)).value
        if not isinstance(found, x509.UnrecognizedExtension):
            return ""
        return clean(read(found.value).require(0x0C).content.decode("utf-8"))
    except (x509.ExtensionNotFound, ValueError):
        return ""


def _subject(one: _Subject, beside: Mapping[str, str]) -> dict[str, str]:
    digest = f"sha256:{clean(one.digest.get('sha256', ''))}"
    return {"name": clean(one.name), "digest": digest, "file": beside.get(digest, "")}


def _beside(subjects: Sequence[Mapping[str, str]]) -> Checked:
    what = "the files that it is about"
    there = [one for one in subjects if one["file"]]
    if subjects and len(there) == len(subjects):
        return Checked(what=what, result="holds", why=f"{len(there)} by their digest")
    why = f"{len(there)} of {len(subjects)} lie beside it"
    return Checked(what=what, result="not checked", why=why)


def _logged(material: _Material) -> Checked:
    what = "transparency log"
    if not material.logged:
        return Checked(what=what, result="not checked", why="it names no entry")
    one = material.logged[0]
    why = f"it names entry {clean(one.index)}; that it was signed in time rests on it"
    return Checked(what=what, result="not checked", why=why)
