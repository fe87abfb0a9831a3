"""A signed PDF (PAdES, Adobe's detached CMS): does each signature hold, and over the whole file.

The file is not taken apart. A signature's byte range leaves out one string of hexadecimal digits,
in which nothing can hide, so what holds over the rest holds over the file, however it is read.
Bytes behind the range were appended later, and nobody signed them.
Sources: ISO 32000-2, 12.8.1; ETSI EN 319 142-1.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from msgspec import Struct

from roadworthy.domain import (
    Brought,
    Checked,
    Origin,
    Received,
    TrustLevel,
    VerificationError,
    sha256,
)

from .chain import DOCUMENTS, NOT_ASKED, STAMPS, chained, roots_of
from .cms import BrokenError, Signature, verified
from .der import DerError
from .source import Limits, Source, clean, opened
from .wanted import Wanted

MAGIC = b"%PDF-"
MOST = 256 << 20
MOST_KEPT = 64 << 20
"""Bytes of an original that is kept; of a larger one the digest alone."""
MOST_SIGNATURES = 50
_RANGE = re.compile(
    rb"/ByteRange\s{0,64}\[\s{0,64}(\d{1,12})\s{1,64}(\d{1,12})\s{1,64}(\d{1,12})\s{1,64}(\d{1,12})\s{0,64}\]"
)
_HEX = re.compile(rb"<[0-9A-Fa-f]{2,4000000}>")
_SIGNED = "its bytes"


class _One(Struct, frozen=True, kw_only=True):
    """A signature in the file."""

    end: int
    """How far it reaches."""
    signature: Signature
    chain: Checked

    @property
    def name(self) -> str:
        return clean(self.signature.signer.subject.rfc4514_string()) or "a certificate without name"


def read_pdf(path: Path, wanted: Wanted) -> Brought:
    """The file as evidence.

    Raises UsageError without a signature that can be read, VerificationError where one is broken.
    """
    with opened(path, Limits(document=MOST)) as source:
        data = source.whole()
        found = _signatures(source, data, wanted)
        described = source.described()
    people = [one for one in found if not one.signature.stamp]
    if not people:
        raise source.fault("it has a time stamp and no signature", "roadworthy record KIND FILE")
    last = max(people, key=lambda one: one.end)
    appended = len(data) - last.end
    trust: TrustLevel = "verified" if last.chain.result == "holds" else "signed"
    by = last.name
    if appended:
        trust, by = "claimed", f"{by} (who signed an earlier state)"
    stamps = [one for one in found if one.signature.stamp]
    times = sorted(one.signature.time for one in stamps if one.signature.time)
    return Brought(
        received=Received(
            origin=Origin(
                tool="pdf", form="signed PDF, detached CMS", place=described.name,
                exported_at=last.signature.time or (times[0] if times else ""),
            ),
            id=described.name,
            title=described.name,
            subject=described.digest,
            trust=trust,
            by=by,
            facts={
                "signatures": [_told(one, len(data)) for one in found],
                "stamped": times[0] if times else "",
            },
            checks=(_bytes(last, appended), last.chain, NOT_ASKED, _when(last, times)),
            files=(described,),
            notes=_notes(appended),
        ),
        original=data if len(data) <= MOST_KEPT else b"",
    )  # fmt: skip


def _signatures(source: Source, data: bytes, wanted: Wanted) -> list[_One]:
    ranges = list(dict.fromkeys(match.groups() for match in _RANGE.finditer(data)))
    if not ranges:
        raise source.fault(
            "it has no signature", "`roadworthy record KIND FILE` enters what nobody signed"
        )
    if len(ranges) > MOST_SIGNATURES:
        raise source.fault(f"it has more than {MOST_SIGNATURES} signatures")
    roots = roots_of(wanted.roots)
    found = []
    for number, told in enumerate(ranges, start=1):
        first, size, second, rest = map(int, told)
        end = second + rest
        if end > len(data):
            raise _broken(source, number, f"it was cut off: {end - len(data):,} bytes are missing")
        gap = data[size:second]
        if first != 0 or not size < second or not _HEX.fullmatch(gap) or len(gap) % 2:
            raise _broken(source, number, "it leaves out more than the signature itself")
        try:
            signature = verified(bytes.fromhex(gap[1:-1].decode()), data[:size] + data[second:end])
        except BrokenError as error:
            raise _broken(source, number, f"{error}: the file was changed after signing") from None
        except DerError as error:
            what = f"signature {number} cannot be read: {clean(str(error))}"
            raise source.fault(what, "`roadworthy record KIND FILE` enters it as a claim") from None
        uses = STAMPS if signature.stamp else DOCUMENTS
        chain = chained(signature.signer, signature.others, roots, wanted.now, uses)
        found.append(_One(end=end, signature=signature, chain=chain))
    return found


def _broken(source: Source, number: int, why: str) -> VerificationError:
    return VerificationError(f"{source.path}: signature {number} does not hold: {why}")


def _told(one: _One, size: int) -> dict[str, Any]:
    signer = one.signature.signer
    whole = one.end == size
    return {
        "signer": one.name,
        "covers": "the whole file" if whole else f"the first {one.end} of {size} bytes",
        "kind": "time stamp" if one.signature.stamp else "signature",
        "chain": one.chain.result,
        "time": one.signature.time,
        "algorithm": one.signature.algorithm,
        "issuer": clean(signer.issuer.rfc4514_string()),
        "serial": str(signer.serial_number),
        "certificate": sha256(_der(signer)),
    }


def _der(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    data: bytes = certificate.public_bytes(Encoding.DER)
    return data


def _bytes(last: _One, appended: int) -> Checked:
    if not appended:
        return Checked(what=_SIGNED, result="holds", why="the signature covers the whole file")
    why = f"the signature holds over the first {last.end} bytes; {appended} were appended later"
    return Checked(what=_SIGNED, result="not checked", why=why)


def _when(last: _One, stamped: list[str]) -> Checked:
    what = "time of signing"
    if stamped:
        why = f"an authority's stamp says {stamped[0]}; whether to trust it was not asked"
    elif last.signature.time:
        why = f"{last.signature.time} is the signer's word"
    else:
        why = "it names none"
    return Checked(what=what, result="not checked", why=why)


def _notes(appended: int) -> tuple[str, ...]:
    if not appended:
        return ()
    return (f"{appended} bytes were appended after the signature: what they show, nobody signed",)
