"""Everything that documents are filled from, read once: nothing in it is worked out here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from roadworthy.domain import (
    Charter,
    Classification,
    CostSum,
    DutyStatus,
    Entry,
    GateDecision,
    Incident,
    ModelStanding,
    Obligation,
    RunSummary,
    Source,
    System,
    TrustedKey,
)

from ..dora import DoraMeasure


class Gathered(Struct, frozen=True, kw_only=True):
    """One system's evidence on one day."""

    system: System
    run: RunSummary | None
    """The newest whole run of the live release's candidate, else of the folder's."""
    run_entry: Entry | None
    gate: Entry | None
    """The newest `gate.decided` of that candidate."""
    decision: GateDecision | None
    """What it decided, objective by objective."""
    live: Entry | None
    """The activation that counts."""
    releases: tuple[Entry, ...]
    """`release.built`, oldest first."""
    newest: Mapping[str, Entry]
    """Kind -> the newest entry of that kind about this system."""
    incidents: tuple[Incident, ...]
    classification: Classification
    """By the answers of today."""
    classified: Entry | None
    """The entry that says the same: of this purpose, of these answers. None: nobody entered it."""
    obligations: tuple[Obligation, ...]
    duties: tuple[DutyStatus, ...]
    people: tuple[TrustedKey, ...]
    authors: tuple[tuple[str, int], ...]
    """Who committed to the folder, and how often; empty where it is in no repository."""
    sealed: Entry | None
    """The newest sealed segment of the journal, which is the workspace's."""
    costs: tuple[CostSum, ...]
    """Each phase: estimate, actual, what is unknown."""
    dora: tuple[DoraMeasure, ...]
    """The four measures, with n."""
    models: tuple[ModelStanding, ...] = ()
    """The models that the candidate asks, as the registry has them."""
    brought: tuple[Entry, ...] = ()
    """`evidence.received`, oldest first: what was made elsewhere."""
    strays: bool = False
    """Whether the folder is of another candidate than the one that is live."""
    head: Entry | None = None
    """The newest entry of the ledger: whatever is said of all of it is said up to there."""
    told: Mapping[str, Entry] = {}
    """Id of an incident -> the newest entry about it."""
    accesses: tuple[Entry, ...] = ()
    """Accesses to weights that people entered, oldest first."""
    sources: Mapping[str, str] = {}
    """Files beside those that change behaviour -> digest; `git` -> the commit."""
    written: Mapping[str, Any]
    """Block id -> what a person wrote (`Written`)."""

    def source(self, file: str) -> Source:
        """A file of the system, the workspace's trust.yaml, or `git`, as the source."""
        return Source(what=file, digest=self.system.files.get(file) or self.sources.get(file, ""))

    @property
    def ledger(self) -> Source:
        """The whole ledger as the source: what it says, and what it does not."""
        if self.head is None:
            return Source(what="ledger")
        return Source(what="ledger", digest=self.head.digest, entry=self.head.seq)

    @property
    def charter(self) -> Charter:
        """The system's charter."""
        return self.system.charter
