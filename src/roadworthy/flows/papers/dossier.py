"""The dossier: everything that shows how a system was built, judged and watched, in one archive.

1 gather the evidence and make every document, 2 take the part of the ledger that is about the
system, 3 copy what its entries name by digest, 4 list every file by digest, 5 sign the list.
Personal data stays: payloads of people's reports and ratings are left out, and the entries verify
without them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.compliance import EVIDENCE, FORMS, MATRIX, Gathered, shipped, to_markdown
from roadworthy.domain import (
    LANGUAGES,
    Checkpoint,
    Draft,
    DutyStatus,
    Entry,
    EvidenceError,
    Gap,
    Obligation,
    Paper,
    RefusedError,
    System,
    UsageError,
    format_instant,
    sha256,
)
from roadworthy.ledger import MACHINE, Shown, excerpt_lines, sign_envelope, statement
from roadworthy.release import pin, registered_bill
from roadworthy_verify.dossier import ENTRIES, ENVELOPE, MANIFEST, PREDICATE, TRUST
from roadworthy_verify.named import NAMES, names_in

from ..releasing.registry import KINDS as MODEL_KINDS
from ..releasing.registry_view import models_asked
from ..workspace.intact import require_intact
from ..workspace.loop import Loop
from ..workspace.own_files import Sink
from .documents import gather, make_document, written_for
from .lifecycle import Lifecycle, lifecycle
from .own_rules import OwnRules, own_rules
from .packing import Archive

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
_GONE = 5
"""So many lost things are named."""
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
    rules: tuple[OwnRules, ...]
    """The folder's own catalogues."""
    papers: tuple[Paper, ...]
    missing: tuple[str, ...]
    withheld: tuple[Withheld, ...]
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
    withheld: tuple[Withheld, ...]
    checkpoint: int
    entry: int

    @property
    def whole(self) -> bool:
        """Whether nothing is missing from it, and nothing that it names stayed elsewhere."""
        return not self.missing and not self.withheld


class Extent(Struct, frozen=True, kw_only=True):
    """What is asked for beyond the usual, and short of it."""

    shown: Sequence[str] = ()
    """Kinds of entries whose personal payloads come along."""
    withheld: Sequence[str] = ()
    """Digests of evidence that stays here; the dossier names each."""


class Withheld(Struct, frozen=True, kw_only=True):
    """Evidence that an entry names and that stays here."""

    digest: str
    entry: int
    why: str


class Look(Struct, frozen=True, kw_only=True):
    """How pages are made, which a door knows."""

    index: Page
    page: Render
    deliberations: Callable[[], Iterable[tuple[str, bytes]]]
    """Pages by relative name, as they may be published: names stay out of them."""


def make_dossier(
    system: System,
    loop: Loop,
    file: Sink,
    look: Look,
    *,
    on: str,
    asked: Extent | None = None,
    say: Progress = lambda _: None,
) -> Dossier:
    """Write the archive.

    Raises EvidenceError where something that an entry names is gone, RefusedError without a ledger,
    UsageError for a kind or a digest that says nothing here.
    """
    asked = asked or Extent()
    _require_known(asked.shown)
    name = system.charter.system
    require_intact(loop)
    if loop.ledger.size() == 0:
        raise RefusedError("there is no evidence yet", fix="roadworthy eval DIR")
    head = loop.ledger.checkpoint()
    say("gathering")
    found = gather(system, loop, on=on, catalogue="eu-ai-act")
    whole = lifecycle(system, loop, on=on, catalogue="eu-ai-act")
    rules = own_rules(system, loop, on=on)
    digests, withheld = _named(loop, name, head.size, asked.withheld)
    archive = Archive(file)
    with archive.zip:
        say("documents")
        papers = tuple(_papers(system, loop, found))
        _documents(archive, papers, look)
        for page, data in look.deliberations():
            archive.put(f"deliberations/{page}", data)
        say("entries")
        counts = Shown()
        archive.put(ENTRIES, _entries(loop, found, head.size, asked, counts))
        say("what they name")
        for digest in digests:
            name_of = f"evidence/{digest.removeprefix('sha256:')}.json"
            archive.put(name_of, loop.blobs.get(digest))
        _statements(archive, found, whole, rules)
        archive.put(TRUST, loop.workspace.trust.read_bytes())
        archive.put("log/checkpoint.json", msgspec.json.encode(head, order="sorted"))
        law = {path.name: path.read_bytes() for path in (*shipped(), EVIDENCE, MATRIX)}
        for called, data in (law | {f"own/{one.name}.yaml": one.data for one in rules}).items():
            archive.put(f"catalogues/{called}", data)
        made_at = format_instant(loop.clock.now())
        missing = tuple(_gaps(papers))
        archive.put("index.html", look.index(Contents(
            system=name, title=system.charter.title, made_at=made_at, checkpoint=head,
            found=found, lifecycle=whole, rules=rules, papers=papers, missing=missing,
            withheld=withheld, entries=counts, newest=tuple(_newest(loop, name)),
        )))  # fmt: skip
        digest = _sign(archive, loop, _manifest(name, head, counts, missing, withheld), made_at)
    entry = _enter(loop, name, digest, head, counts, missing)
    return Dossier(
        digest=digest, files=len(archive.files), entries=counts, missing=missing,
        withheld=withheld, checkpoint=head.size, entry=entry.seq,
    )  # fmt: skip


def _require_known(shown: Sequence[str]) -> None:
    known = PERSONAL | NAMING
    if strange := [kind for kind in shown if kind not in known]:
        raise UsageError(
            f"{strange[0]!r} is no kind of entry whose words stay here",
            fix=f"one of {', '.join(sorted(known))}",
        )


def is_dossier(path: Path) -> bool:
    """Whether a file is an archive with a dossier's list of files and its signature."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {MANIFEST, ENVELOPE} <= set(archive.namelist())
    except (OSError, zipfile.BadZipFile, ValueError, RuntimeError):  # a form that zipfile lacks
        return False


def _documents(archive: Archive, papers: Iterable[Paper], look: Look) -> None:
    for paper in papers:
        stem = f"documents/{paper.language}/{paper.kind}"
        archive.put(f"{stem}.html", look.page(paper))
        archive.put(f"{stem}.md", to_markdown(paper).encode())


def _entries(
    loop: Loop, found: Gathered, size: int, asked: Extent, counts: Shown
) -> Iterator[bytes]:
    system = found.charter.system
    redacted, naming = PERSONAL - set(asked.shown), NAMING - set(asked.shown)
    models = models_asked(loop, system, found.models)
    return _chunks(excerpt_lines(
        loop.ledger.store, size, counts=counts,
        shows=lambda row: row[2] in ("", system) and row[3] not in naming
        and (row[3] not in MODEL_KINDS or row[4] in models),
        redacts=lambda row: row[3] in redacted,
    ))  # fmt: skip


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
    """What is missing, once: in another language only what is missing there alone.

    A document that duties ask for of which none applies is not owed, and lacks nothing.
    """
    seen: set[tuple[str, str]] = set()
    found = []
    for paper in papers:
        if paper.owed.state == "not_owed":
            continue
        for section in paper.sections:
            gaps = [block for block in section.blocks if isinstance(block, Gap)]
            for at, gap in enumerate(gaps):
                same = (paper.kind, gap.block or gap.command or f"{section.id} {at}")
                if same not in seen:
                    found.append(f"{paper.kind}.{paper.language}: {gap.what}")
                    seen.add(same)
    return found


def _named(
    loop: Loop, system: str, size: int, left: Sequence[str]
) -> tuple[list[str], tuple[Withheld, ...]]:
    """Digests that the entries that are shown name, and what of it stays here, as was asked.

    Raises EvidenceError where something is gone and nobody asked to leave it out, UsageError for a
    digest that nothing names.
    """
    seen: set[str] = set()
    gone: list[str] = []
    withheld: dict[str, Withheld] = {}
    for kind in NAMES:
        for entry in loop.ledger.entries(kind=kind):
            if entry.system not in ("", system) or entry.seq > size:
                continue
            for digest in names_in(kind, entry.payload):
                if digest in seen or digest in withheld:
                    continue
                there = loop.blobs.path(digest).exists()
                if digest in left:
                    why = "left out by who made the dossier" if there else "gone where it was made"
                    withheld[digest] = Withheld(digest=digest, entry=entry.seq, why=why)
                    continue
                seen.add(digest)
                if not there:
                    gone.append(f"{digest} (entry {entry.seq}, {kind})")
    if gone:
        raise EvidenceError(
            f"gone from this workspace, and named by its ledger: {', '.join(gone[:_GONE])}"
            f"{f' and {len(gone) - _GONE} more' if len(gone) > _GONE else ''}",
            fix="restore it from a backup; or --withhold DIGEST for each, and the dossier says so",
        )
    if strange := [digest for digest in left if digest not in withheld]:
        raise UsageError(
            f"{strange[0]} is nothing that an entry about {system} names",
            fix="give the whole digest as the ledger has it: sha256:…",
        )
    return sorted(seen), tuple(withheld.values())


def _statements(
    archive: Archive, found: Gathered, whole: Lifecycle, rules: Iterable[OwnRules]
) -> None:
    """Class, duties, lifecycle and bill of materials for programs."""
    bill = registered_bill(pin(found.system), found.models)
    own = [(f"obligations-{one.name}", _duties(one.obligations, one.duties)) for one in rules]
    for name, value in (
        ("classification", found.classification),
        ("obligations", _duties(found.obligations, found.duties)), *own,
        ("matrix", whole), ("ai-bom", bill),
    ):  # fmt: skip
        data = msgspec.json.format(msgspec.json.encode(value), indent=1)
        archive.put(f"statements/{name}.json", data + b"\n")


def _duties(
    obligations: Iterable[Obligation], duties: Iterable[DutyStatus]
) -> list[dict[str, Any]]:
    known = {duty.id: duty for duty in obligations}
    return [
        {"article": known[one.id].article, "title": known[one.id].title,
         **msgspec.to_builtins(one)}
        for one in duties
    ]  # fmt: skip


def _newest(loop: Loop, system: str, most: int = 400) -> list[Entry]:
    """The newest entries about the system, among the newest of all."""
    first = max(1, loop.ledger.size() - 20 * most)
    kept = [entry for entry in loop.ledger.store.read(first) if entry.system == system]
    return kept[-most:]


def _manifest(
    system: str, head: Checkpoint, counts: Shown, missing: Sequence[str],
    withheld: Sequence[Withheld],
) -> dict[str, Any]:  # fmt: skip
    """What the dossier says of itself, but for its files."""
    return {
        "roadworthy": 1,
        "system": system,
        "checkpoint": msgspec.to_builtins(head),
        "entries": {"shown": counts.shown, "redacted": counts.redacted, "hidden": counts.hidden},
        "missing": list(missing),
        "withheld": msgspec.to_builtins(withheld),
    }


def _sign(archive: Archive, loop: Loop, said: dict[str, Any], made_at: str) -> str:
    manifest = {**said, "made_at": made_at, "files": archive.files}
    data = msgspec.json.encode(manifest, order="sorted")
    digest = sha256(data)
    signer = loop.keyring.signer(MACHINE)
    envelope = sign_envelope(
        statement(PREDICATE, digest, {"system": said["system"], "signed_at": made_at}),
        signers=[signer],
    )
    archive.put(MANIFEST, data, listed=False)
    archive.put(ENVELOPE, msgspec.json.encode(envelope), listed=False)
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
