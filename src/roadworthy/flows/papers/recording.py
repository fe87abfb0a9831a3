"""Evidence of people by its digest: of a kind that something asks for, about what there is.

    known_kinds     what a folder's duties and lifecycle ask for
    record_evidence 1 the kind and the system are known  2 one entry, signed by who vouches for it

Enters: a kind, a file's digest and name, whom it is about. Leaves: an entry `evidence.recorded`.
Never here: a signed word that nothing asks for, a claim about a release that names no candidate, a
file that holds nothing, the same word twice.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from roadworthy.domain import Draft, Entry, EvidenceKind, UsageError
from roadworthy.ledger import sign_draft

from ..law.answers import load_catalogues
from ..workspace.loop import Loop
from ..workspace.people import Acting, require_voucher
from .coverage import load_evidence_kinds

KINDS = "roadworthy record --kinds"


class Document(Struct, frozen=True, kw_only=True):
    """A file, and what a person says of it."""

    kind: str
    file: str
    digest: str
    bytes: int
    note: str = ""
    system: str = ""
    """The system that it is about; empty: all of the workspace."""
    candidate: str = ""
    """Digest of the candidate that it is about."""


class Recorded(Struct, frozen=True, kw_only=True):
    """The entry of a document."""

    entry: Entry
    repeated: bool = False
    """It was there: the same file, of the same kind, in the same words, by the same person."""


def known_kinds(root: Path) -> dict[str, EvidenceKind]:
    """By name: those that come along, and what the catalogues of a folder ask for besides.

    Raises ManifestError for a broken catalogue.
    """
    kinds = dict(load_evidence_kinds())
    for one in load_catalogues(root):
        for duty in one.catalogue.obligations:
            for name in duty.evidence:
                asks = f"{duty.title} ({one.catalogue.catalogue})"
                kinds.setdefault(name, EvidenceKind(id=name, title=asks))
    return kinds


def require_kind(name: str, kinds: Mapping[str, EvidenceKind], *, candidate: str) -> None:
    """Raise UsageError for a kind that nothing asks for, or of a release without a candidate."""
    if name not in kinds:
        begun = [one for one in kinds if name and one.startswith(name.lower())]
        near = begun or difflib.get_close_matches(name.lower(), kinds, n=3, cutoff=0.5)
        perhaps = f"perhaps {' or '.join(near[:3])}; " if near else ""
        raise UsageError(f"{name!r} is no kind of evidence", fix=f"{perhaps}{KINDS} lists them")
    if kinds[name].of == "release" and not candidate:
        raise UsageError(
            f"{name} counts for a release, and no candidate is named",
            fix="say which one it is about: --candidate candidate.yaml",
        )


def record_evidence(found: Document, loop: Loop, by: Acting, *, own: str = "") -> Recorded:
    """Enter a document. `own`: the system of the folder, which need not be in the ledger yet.

    Said before in the same words by the same person, it is that entry. Raises UsageError for a file
    that holds nothing and for a system that neither folder nor ledger knows, AccessError for an
    auditor.
    """
    if not found.bytes:
        raise UsageError(f"{found.file} is empty: it shows nothing", fix="give the document itself")
    _require_system(found.system, loop, own)
    require_voucher(loop, by)
    payload = {"kind": found.kind, "file": found.file, "bytes": found.bytes, "note": found.note}
    if found.candidate:
        payload["candidate"] = found.candidate
    draft = Draft(
        system=found.system,
        kind="evidence.recorded",
        subject=found.digest,
        actor=f"person:{by.key.key_id}",
        payload=payload,
    )
    if (same := _said(draft, loop)) is not None:
        return Recorded(entry=same, repeated=True)
    (entry,) = loop.ledger.record(sign_draft(draft, by.signer))
    return Recorded(entry=entry)


def _said(draft: Draft, loop: Loop) -> Entry | None:
    """The entry that says all of it already; another note says something more."""
    for entry in loop.ledger.entries(kind=draft.kind, subject=draft.subject):
        told = {name: value for name, value in entry.payload.items() if name in draft.payload}
        same = told == draft.payload and entry.payload.get("candidate", "") == draft.payload.get(
            "candidate", ""
        )
        if same and (entry.system, entry.actor) == (draft.system, draft.actor):
            return entry
    return None


def _require_system(name: str, loop: Loop, own: str) -> None:
    if name in ("", own) or loop.ledger.newest(system=name) is not None:
        return
    raise UsageError(
        f"there is no system {name!r} here",
        fix=f"--system {own}, or leave it out" if own else "leave --system out: it is about all",
    )
