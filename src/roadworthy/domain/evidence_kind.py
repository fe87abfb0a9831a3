"""What proves a duty: kinds of evidence, the entries that count, and how each duty stands."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from .classification import day_in_words
from .file import File
from .obligation import Confidence, Id, Period
from .origin import TrustLevel, trusted


def _behind(more: list[str]) -> str:
    return f" ({'; '.join(more)})" if more else ""


class EntryMatch(File, frozen=True, kw_only=True):
    """Entries of the ledger that prove something."""

    kind: str
    document: str = ""
    """Of `document.made`: which document."""
    tag: str = ""
    """Of a run: cases with this tag must be in the suites."""
    roles: list[str] = field(default_factory=list)
    """Of a person: one of these roles must be theirs."""


class EvidenceKind(File, frozen=True, kw_only=True):
    """One kind of evidence: what of it counts, how long, and how it comes about."""

    id: Id
    title: str
    of: Literal["release", "system", "workspace"] = "system"
    """`release`: it must be about the live release's candidate."""
    entries: list[EntryMatch] = field(default_factory=list)
    charter: Literal["", "risks", "disclosure"] = ""
    """A part of the charter that must be there, too."""
    models: Literal["", "approved", "documents"] = ""
    """What the registry must say of every model of the live release: people approved it, or its
    maker's papers are there by digest, too."""
    fresh: Period | None = None
    """How old it may be; left out: it does not age."""
    least: TrustLevel = "claimed"
    """How far it must be trusted at least: `own` is met by what was made here alone."""
    cadence: bool = False
    """How old it may be is `review.cadence` of the charter, to the end of that day there."""
    event: bool = False
    """It comes about when something happens, not before."""
    people: bool = False
    """It tells what people did, decided or wrote: no run and no export of a machine is one."""
    command: str = ""
    person: str = ""
    documents: list[str] = field(default_factory=list)


class EvidenceFile(File, frozen=True, kw_only=True):
    """What proves which duty."""

    roadworthy: int = 1
    kinds: list[EvidenceKind]


class Proof(Struct, frozen=True, kw_only=True):
    """An entry of the ledger that counts for a kind of evidence."""

    kind: str
    seq: int
    time: str
    """When it was entered."""
    subject: str
    digest: str
    fresh: bool
    entered: bool = False
    """It was made elsewhere, and a person brought it (`roadworthy record`, `import`)."""
    trust: TrustLevel = "own"
    by: str = ""
    """Who claims or signed it, where it was made elsewhere."""

    @property
    def worth(self) -> str:
        """How far it is trusted, in words; empty for what was made here."""
        return "" if self.trust == "own" else trusted(self.trust, self.by)

    @property
    def in_words(self) -> str:
        """The entry, how far it is trusted, and whether it is too old."""
        more = [one for one in (self.worth, "" if self.fresh else "stale") if one]
        return f"entry {self.seq}{_behind(more)}"

    until: str = ""
    """The last day on which it is fresh, in the charter's time zone; empty: it does not age."""
    made: str = ""
    """When it was made, from which its age counts: for what was brought, as it says itself."""


class Lack(Struct, frozen=True, kw_only=True):
    """A kind of evidence that is not there, and how it comes about."""

    kind: str
    command: str = ""
    person: str = ""
    claims: tuple[Proof, ...] = ()
    """What was brought for it and is not trusted far enough."""

    @property
    def in_words(self) -> str:
        """What was claimed, and what makes it."""
        told = [f"{one.worth} (entry {one.seq}), which is not enough" for one in self.claims]
        return "; ".join([*told, self.command or self.person])


class DutyStatus(Struct, frozen=True, kw_only=True):
    """How one duty of one system stands."""

    id: str
    status: Literal["met", "stale", "missing", "needs_a_person", "undecided", "not_applicable"]
    evidence: tuple[Proof, ...] = ()
    missing: tuple[Lack, ...] = ()
    since: str = ""
    """From when on it applies."""
    in_force: bool = False
    why: str = ""
    confidence: Confidence = "high"
    """How sure that day is."""
    formal_from: str = ""
    """The day that the text itself gives, where it is another one."""

    @property
    def from_in_words(self) -> str:
        """The day, and what is to be known of it where it is not sure."""
        return day_in_words(self.since, self.confidence, self.formal_from)
