"""Which duties of a system are met, by which entries of the ledger, and what is missing.

1 classify, 2 find the newest entry of each kind of evidence, 3 hold the duties against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml
from msgspec import Struct, convert

from roadworthy.compliance import EVIDENCE, ReviewDue, covered, proof_of
from roadworthy.domain import (
    Charter,
    Classification,
    DutyStatus,
    Entry,
    EntryMatch,
    EvidenceFile,
    EvidenceKind,
    Obligation,
    Proof,
    by_machine,
    reaches,
    trust_in,
)

from ..entries.reviews_owed import review_owed
from ..findings.received_entries import RECEIVED
from ..law.answers import catalogues_of
from ..law.assure import CLASSIFIED, Assured, assure, classified_payload
from ..law.incident_facts import happened
from ..law.signed_acts import is_signed
from ..releasing.live_routes import ledger_routes
from ..releasing.registry_proof import model_proof
from ..workspace.loop import Loop

RECORDED = "evidence.recorded"
_SAME = ("purpose", "catalogue_digest", "class", "roles", "facts")
"""Fields in which a recorded classification must be the one of today; the purpose always."""


class Coverage(Struct, frozen=True, kw_only=True):
    """How a system stands to one catalogue."""

    assured: Assured
    obligations: tuple[Obligation, ...]
    duties: tuple[DutyStatus, ...]
    proofs: Mapping[str, Proof]
    """The newest proof of each kind of evidence, by kind."""
    claims: Mapping[str, Proof]
    """The newest of what was brought and is not trusted as far as its kind asks."""
    record: Entry | None
    """The ledger's classification of this purpose; by this catalogue, of these very answers."""
    review: ReviewDue
    """When people are to deliberate about it again."""

    @property
    def recorded(self) -> bool:
        """Whether the ledger holds it."""
        return self.record is not None

    @property
    def classification(self) -> Classification:
        """The classification that it rests on."""
        return self.assured.classification


@cache
def load_evidence_kinds() -> dict[str, EvidenceKind]:
    """What proves which duty, by kind."""
    data = yaml.load(EVIDENCE.read_text("utf-8"), yaml.CSafeLoader)
    return {kind.id: kind for kind in convert(data, EvidenceFile).kinds}


def cover(
    root: Path, charter: Charter, loop: Loop, *, on: str, catalogue: str, given: Path | None = None
) -> Coverage:
    """Every duty of a catalogue. Raises ManifestError for facts that contradict themselves."""
    known = happened(loop, charter.system)
    assured = assure(root, charter, on=on, given=given, catalogue=catalogue, known=known)
    last = catalogues_of(root, catalogue)[-1]
    finder = _Finder(loop, charter)
    proofs, claims = finder.proofs(), finder.claims()
    record = _recorded(loop, assured, any_catalogue=not last.class_fact)
    if record is None:
        proofs.pop("classification_record", None)
    duties = covered(
        last.obligations, assured.classification, load_evidence_kinds(), proofs, claims
    )
    return Coverage(
        assured=assured,
        obligations=tuple(last.obligations),
        duties=tuple(duties),
        proofs=proofs,
        claims=claims,
        record=record,
        review=review_owed(loop, charter),
    )


def _recorded(loop: Loop, assured: Assured, *, any_catalogue: bool) -> Entry | None:
    """The newest classification that counts, where it is of this purpose and says the same.

    By another catalogue only where this one has no classes, and then for its purpose alone.
    """
    now = classified_payload(assured, "")
    newest: Entry | None = None
    for entry in loop.ledger.entries(kind=CLASSIFIED, system=assured.system):
        if any_catalogue or entry.payload.get("catalogue") == now["catalogue"]:
            newest = entry if is_signed(entry, loop.trust) else None
    if newest is None:
        return None
    said = newest.payload
    fields = _SAME if said.get("catalogue") == now["catalogue"] else _SAME[:1]
    return newest if all(said.get(field) == now[field] for field in fields) else None


def proofs_of(loop: Loop, charter: Charter) -> dict[str, Proof]:
    """The newest proof of each kind of evidence; of kinds that only people enter, too."""
    return _Finder(loop, charter).proofs()


def _holds(entry: Entry) -> bool:
    """Whether it shows what it was made for: a run that ended, a gate or a drill that passed.

    One that does not ends what an older one showed.
    """
    match entry.kind:
        case "run.completed":
            return entry.payload.get("status") == "complete"
        case "gate.decided":
            return entry.payload.get("decision") == "PASS"
        case "drill.kill" | "drill.degrade" | "drill.rollback" | "probe.asked":
            return entry.payload.get("result") == "held"
    return True


def _enough(entry: Entry, kind: EvidenceKind) -> bool:
    """Whether what was brought counts: trusted far enough, and no machine's for what people did."""
    if kind.people and entry.kind == RECEIVED:
        origin = entry.payload.get("origin")
        if by_machine(str(origin.get("tool", "")) if isinstance(origin, dict) else ""):
            return False
    return reaches(trust_in(entry)[0], kind.least)


class _Finder:
    """The newest entries of one system that prove something."""

    def __init__(self, loop: Loop, charter: Charter) -> None:
        self._loop, self._ledger = loop, loop.ledger
        self._charter = charter
        self._now = loop.clock.now()
        live = ledger_routes(loop).get(charter.system)
        self._live = () if live is None else (live.subject, str(live.payload.get("candidate")))
        self._names = {key.key_id: key.name for key in loop.trust.keys}
        self._brought: dict[str, list[Entry]] = {}
        for entry in self._ledger.entries(kind=RECORDED):
            empty = entry.payload.get("bytes") == 0  # entered before such a file was refused
            if entry.system in ("", charter.system) and not empty:
                self._brought.setdefault(str(entry.payload.get("kind")), []).append(entry)
        for entry in self._ledger.entries(kind=RECEIVED, system=charter.system):
            for name in entry.payload["kinds"]:
                self._brought.setdefault(str(name), []).append(entry)

    def proofs(self) -> dict[str, Proof]:
        """The newest proof of each kind; of kinds that only people enter, too."""
        kinds = load_evidence_kinds()
        others = [EvidenceKind(id=name, title=name) for name in self.others(kinds)]
        named = [*kinds.values(), *others]
        return {kind.id: proof for kind in named if (proof := self.proof(kind)) is not None}

    def claims(self) -> dict[str, Proof]:
        """The newest of what was brought for a kind and is not trusted far enough for it."""
        kinds = load_evidence_kinds().values()
        return {kind.id: claim for kind in kinds if (claim := self.claim(kind)) is not None}

    def proof(self, kind: EvidenceKind) -> Proof | None:
        """The newest proof of a kind; None without one."""
        found = [entry for match in kind.entries if (entry := self._match(match, kind)) is not None]
        if kind.charter and not self._in_charter(kind.charter):
            found = []
        if kind.models and self._live:
            approved = model_proof(self._loop, self._charter.system, self._live[1], kind.models)
            found += [approved] if approved is not None else []
        found += [entry for entry in self._of(kind) if _enough(entry, kind)]
        newest = max(found, key=lambda entry: entry.seq, default=None)
        return self._proof(kind, newest)

    def claim(self, kind: EvidenceKind) -> Proof | None:
        """The newest of what was brought and is not trusted far enough; None without one."""
        brought = self._brought.get(kind.id, ())
        weak = [entry for entry in brought if not _enough(entry, kind)]
        newest = max(weak, key=lambda entry: entry.seq, default=None)
        return self._proof(kind, newest)

    def _proof(self, kind: EvidenceKind, entry: Entry | None) -> Proof | None:
        """What an entry shows, if whose act it is signed it."""
        if entry is None or not is_signed(entry, self._loop.trust):
            return None
        by = self._names.get(entry.actor.partition(":")[2], entry.actor)
        return proof_of(kind, entry, self._now, self._charter, by=by)

    def _of(self, kind: EvidenceKind) -> list[Entry]:
        """What people brought; for a release, it must be about the live one."""
        return [
            entry
            for entry in self._brought.get(kind.id, ())
            if kind.of != "release" or self._about_live(entry)
        ]

    def others(self, kinds: Mapping[str, EvidenceKind]) -> list[str]:
        """Kinds that people entered and that the list does not know."""
        return [name for name in self._brought if name not in kinds and name.isidentifier()]

    def _match(self, match: EntryMatch, kind: EvidenceKind) -> Entry | None:
        """The newest entry that fits, if it holds."""
        if kind.of == "release" and not any(self._live):
            return None
        system = "" if kind.of == "workspace" else self._charter.system
        found = self._ledger.newest(kind=match.kind, system=system)
        if found is not None and not self._fits(found, match, kind):
            found = None
            for entry in self._ledger.entries(kind=match.kind, system=system):
                if self._fits(entry, match, kind):
                    found = entry
        return found if found is not None and _holds(found) else None

    def _fits(self, entry: Entry, match: EntryMatch, kind: EvidenceKind) -> bool:
        """Whether it is one of those that a kind of evidence asks for."""
        said = entry.payload
        return (
            (not match.document or said.get("document") == match.document)
            and not said.get("missing")  # a document that looks complete and is not
            and (not match.tag or match.tag in said.get("tags", ()))
            and (not match.roles or bool(set(match.roles) & set(said.get("roles", ()))))
            and (kind.of != "release" or self._about_live(entry))
        )

    def _about_live(self, entry: Entry) -> bool:
        """Whether it is about the live release, or what that was evaluated as.

        Of what was made elsewhere its title and id are a stranger's: who brought it says what for.
        """
        said = {
            entry.subject,
            *(value for value in entry.payload.values() if isinstance(value, str)),
        }
        if entry.kind == RECEIVED:
            said = {entry.payload["candidate"]}
        return any(digest in said for digest in self._live if digest)

    def _in_charter(self, part: str) -> bool:
        if part == "risks":
            return bool(self._charter.risks)
        return bool(self._charter.behaviour.identifies_as_ai)
