"""Documents of the lifecycle, from the ledger: gathered once, assembled, entered by digest.

1 gather what the ledger and the folder say, 2 read what people wrote, 3 assemble,
4 enter the document's digest and how much of it is missing.
"""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path

import msgspec

from roadworthy.compliance import (
    FILLERS,
    FORMS,
    WEIGHTS_ACCESS,
    Gathered,
    assemble,
    four_measures,
)
from roadworthy.domain import (
    Draft,
    Entry,
    Form,
    GateDecision,
    Language,
    Owed,
    Paper,
    System,
    UsageError,
    Written,
    format_instant,
    sha256,
)
from roadworthy.incidents import fold
from roadworthy.ledger import sign_draft
from roadworthy.manifests import load_form, load_written
from roadworthy.release import pin
from roadworthy_verify.plain_file import read_plain

from ..entries.release_records import ACTIVATED
from ..entries.run_records import summary_of
from ..findings.received_entries import RECEIVED
from ..releasing.approved_models import standings_of
from ..releasing.live_routes import ledger_routes
from ..workspace.loop import Loop
from ..workspace.people import Acting
from .costs import costs_of
from .coverage import cover, load_evidence_kinds

MADE = "document.made"
_AUTHORS = 200
"""Seconds and lines that git may take are bounded: a repository may be large."""
_MOST = 2 << 20
"""Bytes of a file of the contract."""
_CITED = ("safety-slos.yaml", "rollout.yaml", "facts.yaml", "pipeline.yaml")


@cache
def form_of(kind: str) -> Form:
    """The form of a kind of document. Raises UsageError for one that there is none of."""
    if kind not in FORMS:
        raise UsageError(f"there is no document {kind!r}", fix=f"one of {', '.join(FORMS)}")
    return load_form(FORMS[kind], FILLERS)


def gather(system: System, loop: Loop, *, on: str, catalogue: str) -> Gathered:
    """Everything that documents are filled from, but what people wrote."""
    name, ledger = system.charter.system, loop.ledger
    live = ledger_routes(loop).get(name)
    candidate = str(live.payload.get("candidate")) if live is not None else ""
    run = _newest_whole_run(loop, name, candidate)
    about = run.subject if run is not None else candidate
    coverage = cover(Path(system.root), system.charter, loop, on=on, catalogue=catalogue)
    incidents = [
        entry
        for kind in ledger.kinds()
        if kind.startswith("incident.")
        for entry in ledger.entries(kind=kind)
    ]
    incidents.sort(key=lambda entry: entry.seq)
    known = tuple(one for one in fold(incidents).values() if one.system == name)
    releases = tuple(ledger.entries(kind="release.built", system=name))
    gate = ledger.newest(kind="gate.decided", subject=about, system=name)
    return Gathered(
        system=system,
        run=summary_of(loop, run) if run is not None else None,
        run_entry=run,
        gate=gate,
        decision=_decided(loop, gate),
        live=live,
        releases=releases,
        newest={
            kind: entry
            for kind in ledger.kinds()
            if (entry := ledger.newest(kind=kind, system=name)) is not None
        },
        incidents=known,
        classification=coverage.classification,
        classified=coverage.record,
        obligations=coverage.obligations,
        duties=coverage.duties,
        people=tuple(loop.trust.keys),
        authors=_authors(Path(system.root)),
        sealed=ledger.newest(kind="journal.sealed"),
        costs=costs_of(loop, system.charter),
        dora=four_measures(
            releases, list(ledger.entries(kind=ACTIVATED, system=name)), known, loop.clock.now()
        ),
        models=tuple(standings_of(system, pin(system), loop)),
        brought=tuple(ledger.entries(kind=RECEIVED, system=name)),
        head=ledger.entry(ledger.size()) if ledger.size() else None,
        told={entry.subject: entry for entry in incidents if entry.system == name},
        accesses=tuple(
            entry
            for entry in ledger.entries(kind="evidence.recorded")
            if entry.payload.get("kind") == WEIGHTS_ACCESS and entry.system in ("", name)
        ),
        sources=_sources(system, loop),
        strays=live is not None and pin(system).candidate_digest != candidate,
        written={},
    )


def _sources(system: System, loop: Loop) -> dict[str, str]:
    """Digests of the files that documents cite beside those that change behaviour."""
    root = Path(system.root)
    waivers = sorted(
        f"waivers/{path.name}"
        for path in (root / "waivers").glob("[!.]*")
        if path.suffix in (".yaml", ".yml")
    )
    files = [*_CITED, *waivers]
    files += [suite.path for suite in system.suites]
    files += [playbook.path for playbook in system.playbooks]
    places = {name: root / name for name in files} | {"trust.yaml": Path(loop.workspace.trust)}
    found = {}
    for name, path in places.items():
        try:
            found[name] = sha256(read_plain(path, _MOST))
        except OSError:
            continue
    if commit := _git(root, "rev-parse", "HEAD").strip():
        found["git"] = commit
    return found


def _decided(loop: Loop, gate: Entry | None) -> GateDecision | None:
    """What a gate decided; None for an entry of before that names none."""
    if gate is None or not gate.payload.get("digest"):
        return None
    kept = loop.blobs.get_json(str(gate.payload["digest"]))
    return msgspec.convert(kept, GateDecision, strict=False)


def _newest_whole_run(loop: Loop, system: str, candidate: str) -> Entry | None:
    """The newest whole run of the live release's candidate; of any while none is live."""
    found = None
    for entry in loop.ledger.entries(kind="run.completed", subject=candidate, system=system):
        if entry.payload.get("status") == "complete":
            found = entry
    return found


def make_document(
    kind: str, found: Gathered, loop: Loop, *, language: Language, written: dict[str, Written]
) -> Paper:
    """One document of a system on the day of its evidence."""
    head = loop.ledger.newest_checkpoint()
    paper = assemble(
        form_of(kind),
        msgspec.structs.replace(found, written=written),
        language,
        made_at=format_instant(loop.clock.now())[:19] + "Z",
        head=f"{head.size} {head.root}" if head is not None else "0",
    )
    return msgspec.structs.replace(paper, owed=owed(kind, found))


def owed(kind: str, found: Gathered) -> Owed:
    """Whether a duty that applies to the system, or may, asks for a document of that kind."""
    kinds = load_evidence_kinds()
    asks = {name for name, one in kinds.items() if kind in one.documents}
    asking = {duty.id for duty in found.obligations if asks & set(duty.evidence)}
    risk_class = found.classification.risk_class
    if not asking:
        return Owed(state="asked_by_none", risk_class=risk_class)
    stands = {one.id: one.status for one in found.duties if one.id in asking}
    open_ones = tuple(name for name, status in stands.items() if status == "undecided")
    sure = tuple(
        name for name, status in stands.items() if status not in ("undecided", "not_applicable")
    )
    if sure:
        return Owed(state="owed", duties=sure, risk_class=risk_class)
    if open_ones:
        return Owed(state="undecided", duties=open_ones, risk_class=risk_class)
    return Owed(state="not_owed", duties=tuple(stands), risk_class=risk_class)


def written_for(system: System, kind: str, language: Language) -> dict[str, Written]:
    """What people wrote for a document. Raises ManifestError for a block that it has not."""
    return load_written(Path(system.root), form_of(kind), language)


def record_document(paper: Paper, data: bytes, loop: Loop, person: Acting) -> Entry:
    """Enter a document that was handed to people: its digest, and how much of it is missing."""
    draft = Draft(
        system=paper.system,
        kind=MADE,
        subject=sha256(data),
        actor=f"person:{person.key.key_id}",
        payload={
            "document": paper.kind,
            "language": paper.language,
            "release": paper.release,
            "missing": len(paper.gaps),
            "head": paper.head,
            "by": person.name,
        },
    )
    (entry,) = loop.ledger.record(sign_draft(draft, person.signer))
    return entry


def _authors(root: Path) -> tuple[tuple[str, int], ...]:
    """Who committed to the folder, by git; nobody where it is in no repository."""
    lines = _git(root, "shortlog", "-sn", "HEAD", "--", ".").splitlines()[:_AUTHORS]
    pairs = [line.strip().split("\t", 1) for line in lines if "\t" in line]
    return tuple((name, int(number)) for number, name in pairs)


def _git(root: Path, *words: str) -> str:
    """What git says of the folder; nothing where it is in no repository."""
    command = ["git", "-C", str(root), *words]
    try:
        done = subprocess.run(  # a fixed command; the folder is one argument
            command,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""
