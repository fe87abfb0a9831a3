"""The dossier: everything that shows how a system was built, judged and watched, in one archive.

1 gather the evidence and make every document, 2 take the part of the ledger that is about the
system, 3 copy what its entries name by digest, 4 list every file by digest, 5 sign the list.
Personal data stays: payloads of people's reports and ratings are left out, and the entries verify
without them.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any, cast

import msgspec
from msgspec import Struct

from roadworthy.compliance import EVIDENCE, FORMS, MATRIX, Gathered, shipped, to_markdown
from roadworthy.domain import (
    LANGUAGES,
    Checkpoint,
    Draft,
    Entry,
    EvidenceError,
    Paper,
    RefusedError,
    System,
    VerificationError,
    format_instant,
    sha256,
)
from roadworthy.ledger import MACHINE, Shown, excerpt_lines, sign_envelope, statement
from roadworthy_verify.dossier import ENTRIES, ENVELOPE, MANIFEST, PREDICATE, TRUST

from .documents import gather, make_document, written_for
from .intact import require_intact
from .lifecycle import Lifecycle, lifecycle
from .loop import Loop
from .own_files import Sink

MADE = "dossier.made"
PERSONAL = frozenset((
    "outcome.reported", "outcome.added", "report.accepted", "report.rejected", "rater.profiled",
    "rating.submitted", "rating.sheet_issued", "ratings.exported", "journal.texts_read",
    "journal.erased", "journal.erasure_refused", "journal.held", "journal.hold_released",
    "journal.hold_release_approved", "review.judged", "review.opinion", "review.decided",
))  # fmt: skip
"""Kinds whose payloads may hold what people said: left out unless they are asked for."""
NAMING = frozenset(("journal.erased", "journal.erasure_refused"))
"""Kinds whose subject may name a person, and a subject cannot be left out of an entry: they stand
by hash only unless they are asked for."""
_STAMP = (1980, 1, 1, 0, 0, 0)
_NAMED = {
    "run.completed": ("summary",), "gate.decided": ("digest",), "release.approved": ("envelope",),
    "bar.fixed": ("bar",),
}  # fmt: skip
"""Kind -> fields of its payload that name a blob; a signed release names a list of envelopes."""

Progress = Callable[[str], None]
Page = Callable[["Contents"], bytes]
Render = Callable[[Paper], bytes]


class Contents(Struct, frozen=True, kw_only=True):
    """What the index shows."""

    system: str
    title: str
    made_at: str
    checkpoint: Checkpoint
    found: Gathered
    lifecycle: Lifecycle
    papers: tuple[Paper, ...]
    missing: tuple[str, ...]
    entries: Shown
    newest: tuple[Entry, ...]
    """The newest entries about the system, oldest first."""


class Dossier(Struct, frozen=True, kw_only=True):
    """What was written."""

    digest: str
    """Of the manifest that is signed."""
    files: int
    entries: Shown
    missing: tuple[str, ...]
    checkpoint: int
    entry: int


class _Archive:
    """A zip whose bytes depend on its contents alone; each file is hashed as it is written."""

    def __init__(self, file: Sink) -> None:
        # it is written into, never read or sought
        out = cast(IO[bytes], file)
        self.zip = zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6)
        self.files: dict[str, dict[str, Any]] = {}

    def put(self, name: str, data: bytes | Iterable[bytes], *, listed: bool = True) -> None:
        """Add a file; not `listed`, it is the list itself or its signature."""
        info = zipfile.ZipInfo(name, _STAMP)
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = 0o644 << 16
        digest, size = hashlib.sha256(), 0
        with self.zip.open(info, "w", force_zip64=not isinstance(data, bytes)) as file:
            for chunk in (data,) if isinstance(data, bytes) else data:
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        if listed:
            self.files[name] = {"sha256": digest.hexdigest(), "bytes": size}


class Look(Struct, frozen=True, kw_only=True):
    """How pages are made, which a door knows."""

    index: Page
    page: Render


def make_dossier(
    system: System,
    loop: Loop,
    file: Sink,
    look: Look,
    *,
    on: str,
    shown: Sequence[str] = (),
    say: Progress = lambda _: None,
) -> Dossier:
    """Write the archive; `shown` are kinds of entries whose personal payloads are asked for.

    Raises EvidenceError where something that an entry names is gone, RefusedError without a ledger.
    """
    name = system.charter.system
    require_intact(loop)
    if loop.ledger.size() == 0:
        raise RefusedError("there is no evidence yet", fix="roadworthy eval DIR")
    head = loop.ledger.checkpoint()
    say("gathering")
    found = gather(system, loop, on=on, catalogue="eu-ai-act")
    whole = lifecycle(system, loop, on=on, catalogue="eu-ai-act")
    archive = _Archive(file)
    say("documents")
    papers = tuple(_papers(system, loop, found))
    for paper in papers:
        stem = f"documents/{paper.language}/{paper.kind}"
        archive.put(f"{stem}.html", look.page(paper))
        archive.put(f"{stem}.md", to_markdown(paper).encode())
    say("entries")
    counts = Shown()
    redacted, naming = PERSONAL - set(shown), NAMING - set(shown)
    lines = excerpt_lines(
        loop.ledger.store, head.size, counts=counts,
        shows=lambda row: row[2] in ("", name) and row[3] not in naming,
        redacts=lambda row: row[3] in redacted,
    )  # fmt: skip
    archive.put(ENTRIES, _chunks(lines))
    say("what they name")
    missing = [*_gaps(papers), *_blobs(archive, loop, name)]
    _statements(archive, found, whole)
    archive.put(TRUST, loop.workspace.trust.read_bytes())
    archive.put("log/checkpoint.json", msgspec.json.encode(head, order="sorted"))
    for path in (*shipped(), EVIDENCE, MATRIX):
        archive.put(f"catalogues/{path.name}", path.read_bytes())
    made_at = format_instant(loop.clock.now())
    newest = tuple(_newest(loop, name))
    archive.put("index.html", look.index(Contents(
        system=name, title=system.charter.title, made_at=made_at, checkpoint=head, found=found,
        lifecycle=whole, papers=papers, missing=tuple(missing), entries=counts, newest=newest,
    )))  # fmt: skip
    digest = _sign(archive, loop, name, head, counts, missing, made_at)
    entry = _enter(loop, name, digest, head, counts, missing)
    return Dossier(
        digest=digest, files=len(archive.files), entries=counts, missing=tuple(missing),
        checkpoint=head.size, entry=entry.seq,
    )  # fmt: skip


def _papers(system: System, loop: Loop, found: Gathered) -> Iterator[Paper]:
    for kind in FORMS:
        for language in LANGUAGES:
            written = written_for(system, kind, language)
            yield make_document(kind, found, loop, language=language, written=written)


def _chunks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Lines in pieces of about a megabyte."""
    held: list[bytes] = []
    size = 0
    for line in lines:
        held.append(line)
        size += len(line)
        if size >= 1 << 20:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _gaps(papers: Iterable[Paper]) -> list[str]:
    return [f"{paper.kind}.{paper.language}: {gap.what}" for paper in papers for gap in paper.gaps]


def _blobs(archive: _Archive, loop: Loop, system: str) -> list[str]:
    """Copy what the system's entries name by digest; returns what is gone."""
    seen: set[str] = set()
    gone: list[str] = []
    for kind in (*_NAMED, "release.signed"):
        for entry in loop.ledger.entries(kind=kind, system=system):
            for digest in _named(entry):
                if digest in seen:
                    continue
                seen.add(digest)
                try:
                    data = loop.blobs.get(digest)
                except VerificationError:
                    raise
                except EvidenceError as error:
                    gone.append(f"entry {entry.seq} names {digest}: {error}")
                    continue
                archive.put(f"evidence/{digest.removeprefix('sha256:')}.json", data)
    return gone


def _named(entry: Entry) -> list[str]:
    found = [str(entry.payload.get(field, "")) for field in _NAMED.get(entry.kind, ())]
    if entry.kind == "release.signed":
        found += [str(one.get("envelope", "")) for one in entry.payload.get("attestations", ())]
    return [digest for digest in found if digest.startswith("sha256:")]


def _statements(archive: _Archive, found: Gathered, whole: Lifecycle) -> None:
    """Class, duties and lifecycle for programs."""
    known = {duty.id: duty for duty in found.obligations}
    duties = [
        {"article": known[one.id].article, "title": known[one.id].title,
         **msgspec.to_builtins(one)}
        for one in found.duties
    ]  # fmt: skip
    for name, value in (
        ("classification", found.classification), ("obligations", duties), ("matrix", whole),
    ):  # fmt: skip
        data = msgspec.json.format(msgspec.json.encode(value), indent=1)
        archive.put(f"statements/{name}.json", data + b"\n")


def _newest(loop: Loop, system: str, most: int = 400) -> list[Entry]:
    """The newest entries about the system, among the newest of all."""
    first = max(1, loop.ledger.size() - 20 * most)
    kept = [entry for entry in loop.ledger.store.read(first) if entry.system == system]
    return kept[-most:]


def _sign(
    archive: _Archive, loop: Loop, system: str, head: Checkpoint, counts: Shown,
    missing: Sequence[str], made_at: str,
) -> str:  # fmt: skip
    manifest = {
        "roadworthy": 1,
        "system": system,
        "made_at": made_at,
        "checkpoint": msgspec.to_builtins(head),
        "entries": {"shown": counts.shown, "redacted": counts.redacted, "hidden": counts.hidden},
        "files": archive.files,
        "missing": list(missing),
    }
    data = msgspec.json.encode(manifest, order="sorted")
    digest = sha256(data)
    signer = loop.keyring.signer(MACHINE)
    envelope = sign_envelope(
        statement(PREDICATE, digest, {"system": system, "signed_at": made_at}), signers=[signer]
    )
    archive.put(MANIFEST, data, listed=False)
    archive.put(ENVELOPE, msgspec.json.encode(envelope), listed=False)
    archive.zip.close()
    return digest


def _enter(
    loop: Loop, system: str, digest: str, head: Checkpoint, counts: Shown, missing: Sequence[str]
) -> Entry:
    """That a dossier left, and up to where it goes."""
    draft = Draft(
        system=system,
        kind=MADE,
        subject=digest,
        actor=loop.machine,
        payload={
            "checkpoint": head.size, "shown": counts.shown, "redacted": counts.redacted,
            "missing": len(missing),
        },
    )  # fmt: skip
    (entry,) = loop.ledger.record(draft)
    return entry
