"""A CMS signature over bytes that lie beside it: whether it holds, whose key, what was not checked.

In: the signature (DER), the bytes. Out: the signer's certificate and what came along. Never: a
signature without its digest, a digest that is broken (MD5, SHA-1), a certificate that somebody
exchanged where the signature names its own, a signature without signed attributes: it could be one
over the attributes of another (RFC 5652, 5.3).
Sources: RFC 5652 (CMS), RFC 5035 (signing-certificate-v2), RFC 3161 (time stamps), RFC 4055 (PSS).
"""

from __future__ import annotations

import datetime as dt
import hashlib

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

from .der import OCTETS, SEQUENCE, SET, Der, DerError, need, read, take

SIGNED_DATA, DATA = "1.2.840.113549.1.7.2", "1.2.840.113549.1.7.1"
TIME_STAMP = "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _DIGEST, _TIME = (f"1.2.840.113549.1.9.{number}" for number in (3, 4, 5))
_CERTIFICATE_2 = "1.2.840.113549.1.9.16.2.47"
_HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}  # fmt: skip
_BROKEN = {"1.3.14.3.2.26": "SHA-1", "1.2.840.113549.2.5": "MD5"}
_RSA = frozenset(f"1.2.840.113549.1.1.{number}" for number in (1, 11, 12, 13))
_PSS = "1.2.840.113549.1.1.10"
_MGF1 = "1.2.840.113549.1.1.8"
_ECDSA = frozenset(f"1.2.840.10045.4.3.{number}" for number in (2, 3, 4))
_ED25519 = "1.3.101.112"
_MOST_CERTIFICATES = 50
_LEAST_RSA, _LEAST_EC = 2048, 224
_MOST_SALT = 512

UNREADABLE = (
    ValueError, IndexError, TypeError, OverflowError, UnsupportedAlgorithm, x509.InvalidVersion,
    x509.DuplicateExtension, x509.UnsupportedGeneralNameType,
)  # fmt: skip
"""What reading a stranger's certificate may end in."""


class Signature(Struct, frozen=True, kw_only=True):
    """A signature that holds over the bytes."""

    signer: x509.Certificate
    others: tuple[x509.Certificate, ...]
    """What came along; nothing of it is trusted."""
    algorithm: str
    stamp: bool
    """It is an authority's time stamp, not a person's signature."""
    time: str
    """When, as the signer or the authority says it; empty where neither does."""


class BrokenError(ValueError):
    """The signature does not hold: the bytes were changed, or it is of others."""


def verified(der: bytes, data: bytes) -> Signature:
    """The one signature in a CMS message, held against the bytes beside it.

    Raises BrokenError where it does not hold, DerError where it is none that is read.
    """
    try:
        found = _verified(der, data)
        for name in (found.signer.subject, found.signer.issuer):
            name.rfc4514_string()  # read here: a name may turn out to be none
    except (BrokenError, DerError):
        raise
    except UNREADABLE as error:
        raise DerError(f"a part of it cannot be read: {error}") from None
    return found


def _verified(der: bytes, data: bytes) -> Signature:
    message = read(der).require(SEQUENCE)
    if any(der[message.end :]):
        raise DerError("something else than zeros stands behind it")
    parts = message.parts()
    if need(parts, 0x06).oid != SIGNED_DATA or not parts:
        raise DerError("it is no signature (CMS SignedData)")
    told = need(parts[0].parts(), SEQUENCE).parts()
    need(told, 0x02)
    need(told, SET)
    kind, inside = _content(need(told, SEQUENCE))
    held = take(told, 0xA0)
    take(told, 0xA1)
    signers = need(told, SET).parts()
    if len(signers) != 1:
        raise DerError(f"it has {len(signers)} signers; one is read")
    certificates: list[x509.Certificate] = []
    for each in held.parts() if held is not None else []:
        if each.tag == SEQUENCE and len(certificates) < _MOST_CERTIFICATES:
            certificates.append(x509.load_der_x509_certificate(each.whole))
    stamp = kind == TIME_STAMP
    if stamp and inside is not None:
        time = _stamped(inside, data)
        return _held(signers[0], certificates, inside, (kind, stamp, time))
    if kind != DATA or inside is not None:
        raise DerError("it signs something else than the bytes beside it")
    return _held(signers[0], certificates, data, (kind, stamp, ""))


def _content(part: Der) -> tuple[str, bytes | None]:
    parts = part.parts()
    kind = need(parts, 0x06).oid
    wrapped = take(parts, 0xA0)
    if wrapped is None:
        return kind, None
    (inner,) = wrapped.parts() or [wrapped]
    return kind, inner.require(OCTETS).content


def _held(
    info: Der, certificates: list[x509.Certificate], data: bytes, about: tuple[str, bool, str]
) -> Signature:
    kind, stamp, time = about
    parts = info.require(SEQUENCE).parts()
    need(parts, 0x02)
    if not parts:
        raise DerError("it names no signer")
    signer = _signer(parts.pop(0), certificates)
    digest = _digest(need(parts, SEQUENCE))
    attributes = take(parts, 0xA0)
    algorithm = need(parts, SEQUENCE)
    signature = need(parts, OCTETS).content
    if attributes is None:
        raise DerError("it has no signed attributes")
    told = _attributes(attributes)
    if _CONTENT_TYPE not in told or told[_CONTENT_TYPE].oid != kind:
        raise BrokenError("the signature is of another kind of content")
    named = told[_DIGEST].require(OCTETS).content if _DIGEST in told else b""
    if named != hashlib.new(digest, data).digest():
        raise BrokenError("the bytes are not those that were signed")
    _require_named(told.get(_CERTIFICATE_2), signer)
    time = time or _time(told.get(_TIME))
    signed = b"\x31" + attributes.whole[1:]  # as the SET that was signed (RFC 5652, 5.4)
    name = _verify(signer, algorithm, digest, signature, signed)
    return Signature(
        signer=signer, others=tuple(one for one in certificates if one != signer), algorithm=name,
        stamp=stamp, time=time,
    )  # fmt: skip


def _signer(sid: Der, certificates: list[x509.Certificate]) -> x509.Certificate:
    for each in certificates:
        if sid.tag == SEQUENCE:
            issuer, serial = sid.parts()
            if each.serial_number == serial.number and each.issuer.public_bytes() == issuer.whole:
                return each
        elif sid.tag == 0x80:
            try:
                named = each.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
            except (x509.ExtensionNotFound, ValueError):
                continue
            if named.value.digest == sid.content:
                return each
    raise DerError("the signer's certificate is not in it")


def _digest(part: Der) -> str:
    oid = part.parts()[0].oid
    if oid in _BROKEN:
        raise DerError(f"it is signed over {_BROKEN[oid]}, which proves nothing any more")
    if oid not in _HASHES:
        raise DerError(f"it is signed over a digest that is not read ({oid})")
    return _HASHES[oid]


def _attributes(part: Der) -> dict[str, Der]:
    found: dict[str, Der] = {}
    for each in part.parts():
        name, values = each.require(SEQUENCE).parts()
        oid, inner = name.oid, values.require(SET).parts()
        if oid in found or len(inner) != 1:
            raise DerError("an attribute stands there twice")
        found[oid] = inner[0]
    return found


def _require_named(part: Der | None, signer: x509.Certificate) -> None:
    """The certificate that the signature itself names, where it names one."""
    if part is None:
        return
    first = part.require(SEQUENCE).parts()[0].require(SEQUENCE).parts()[0]
    parts = first.require(SEQUENCE).parts()
    algorithm = take(parts, SEQUENCE)
    digest = "sha256" if algorithm is None else _digest(algorithm)
    der = signer.public_bytes(Encoding.DER)
    if need(parts, OCTETS).content != hashlib.new(digest, der).digest():
        raise BrokenError("the signature names another certificate")


def _time(part: Der | None) -> str:
    if part is None:
        return ""
    text = part.content[:20].decode("ascii", "replace")
    form = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}.get(part.tag, "")
    try:
        return dt.datetime.strptime(text, form).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: DTZ007 - Z is UTC
    except ValueError:
        return ""


def _stamped(inside: bytes, data: bytes) -> str:
    """When a time stamp says that these very bytes were there."""
    parts = read(inside).require(SEQUENCE).parts()
    need(parts, 0x02)
    need(parts, 0x06)
    algorithm, imprint = need(parts, SEQUENCE).parts()
    if imprint.require(OCTETS).content != hashlib.new(_digest(algorithm), data).digest():
        raise BrokenError("the bytes are not those that were stamped")
    need(parts, 0x02)
    return _time(need(parts, 0x18))


def _verify(
    signer: x509.Certificate, algorithm: Der, digest: str, signature: bytes, signed: bytes
) -> str:
    """Raises BrokenError where it does not hold, DerError for an algorithm that is not read."""
    parts = algorithm.parts()
    oid = need(parts, 0x06).oid
    used: hashes.HashAlgorithm = {
        "sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512(),
    }[digest]  # fmt: skip
    try:
        key = signer.public_key()
        if isinstance(key, rsa.RSAPublicKey) and (oid in _RSA or oid == _PSS):
            if key.key_size < _LEAST_RSA:
                raise DerError(f"an RSA key of {key.key_size} bits, which proves nothing any more")
            if oid == _PSS:
                pad = padding.PSS(padding.MGF1(used), _salt(parts, digest))
                key.verify(signature, signed, pad, used)
            else:
                key.verify(signature, signed, padding.PKCS1v15(), used)
            return f"RSA {key.key_size}{' PSS' if oid == _PSS else ''}, {digest}"
        if isinstance(key, ec.EllipticCurvePublicKey) and oid in _ECDSA:
            if key.key_size < _LEAST_EC:
                raise DerError(f"a key on {key.curve.name}, which proves nothing any more")
            key.verify(signature, signed, ec.ECDSA(used))
            return f"ECDSA {key.curve.name}, {digest}"
        if isinstance(key, ed25519.Ed25519PublicKey) and oid == _ED25519:
            key.verify(signature, signed)
            return f"Ed25519, {digest}"
    except InvalidSignature:
        raise BrokenError("the signature does not hold") from None
    raise DerError(f"a signature that is not read ({oid})")


def _salt(parts: list[Der], digest: str) -> int:
    """The salt's length of RSASSA-PSS; other digests than the signature's own are not read."""
    told = {one.tag: one.parts() for one in need(parts, SEQUENCE).parts()}
    if 0xA0 not in told or _digest(told[0xA0][0]) != digest:
        raise DerError("PSS with another digest than the signature's")
    mask = told[0xA1][0].parts() if 0xA1 in told else []
    if len(mask) != 2 or mask[0].oid != _MGF1 or _digest(mask[1]) != digest:
        raise DerError("PSS with another mask than the signature's")
    salt = told[0xA2][0].number if 0xA2 in told else 20
    if not 0 <= salt <= _MOST_SALT:
        raise DerError("PSS with a salt of no length, or an endless one")
    return salt
