"""A catalogue of duties as data: facts, conditions over them, duties, dates; and what applies.

A catalogue is a law, a standard or a company's policy in one form. Source of the first one:
Regulation (EU) 2024/1689 (AI Act) as amended by Regulation (EU) 2026/1744.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from .file import File

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
FactName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
Period = Annotated[str, Meta(pattern=r"^P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?)?$", max_length=20)]
"""ISO 8601, in years, months, weeks, days and hours."""

Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
"""A calendar day (RFC 3339, full-date): compared as it is written."""

FactValue = bool | str | int | float
FactKind = Literal["flag", "choice", "number", "date"]


class FactSpec(File, frozen=True, kw_only=True):
    """One thing that decides which duties apply: asked of people, or worked out of others."""

    id: FactName
    kind: FactKind = "flag"
    question: str = ""
    """As people are asked. Empty only where it is worked out."""
    help: str = ""
    cite: str = ""
    choices: dict[str, str] = field(default_factory=dict)
    """Of a choice: value -> what it means."""
    cuts: list[float] = field(default_factory=list)
    """Of a number: where conditions change their mind; an unknown one is tried around each."""
    asked_when: str = ""
    """CEL: where it is false nobody is asked and the fact is `otherwise`."""
    otherwise: FactValue = False
    """What it is where it is not asked."""
    derived: str = ""
    """CEL: how it follows from other facts. An answer may stand where they leave it open."""
    claimed: bool = False
    """An exemption: unknown, it is not claimed and does not apply. Every other fact stays unknown
    until somebody answers."""
    strict: bool = False
    """Unknown blocks: nothing is classified while it is (Article 5: unknown is never no)."""


class Obligation(File, frozen=True, kw_only=True):
    """One duty: whom it binds, when, what is to be done, and what proves it."""

    id: Id
    article: str
    title: str
    actor: Annotated[list[str], Meta(min_length=1)]
    applies_when: str
    """CEL over the catalogue's facts and `role`, evaluated once for each role."""
    duty: str
    evidence: list[str]
    """Kinds of evidence; all of them are needed."""
    deadline: str = ""
    applicable_from: Day
    applicable_from_annex_i: Day | None = None
    """Of a system that is high-risk by Article 6(1) only."""
    applicable_from_legacy: Day | None = None
    """Of what was on the market before `applicable_from`."""
    formal_from: Day | None = None
    """The date that the text itself gives, where it is earlier than `applicable_from`."""
    date_confidence: Literal["high", "medium", "disputed"] = "high"
    retention: str = ""
    retention_iso8601: Period | None = None
    deadline_iso8601: Period | None = None
    binding: Literal["law", "soft", "implied", "permission", "standard", "policy"] = "law"
    note: str = ""


class RoleSpec(File, frozen=True, kw_only=True):
    """One role that an organisation may have for a system; several may be held at once."""

    id: FactName
    title: str
    cite: str = ""
    also_when: str = ""
    """CEL over facts and `role`: who holds another role takes this one too where it is true."""


class StepSpec(File, frozen=True, kw_only=True):
    """One step of the decision tree: a fact, and how each of its values is said."""

    title: str
    fact: FactName
    cite: str
    words: dict[str, str] = field(default_factory=dict)
    """Value (`true`, `false` or a choice) -> sentence."""
    open: str = "not decided"


class Catalogue(File, frozen=True, kw_only=True):
    """Duties with a version: a change of law is a new version."""

    roadworthy: int = 1
    catalogue: Id
    """Its short name, such as `eu-ai-act`."""
    version: str
    title: str
    state: Day
    """The day whose law, or text, it gives."""
    source: str
    notice: str = ""
    """What a reader must know, such as that only the official text is authentic."""
    extends: list[Id] = field(default_factory=list)
    """Catalogues whose facts and roles its conditions may use."""
    class_fact: str = ""
    """The fact that says the system's class; empty where the catalogue knows none."""
    roles: list[RoleSpec] = field(default_factory=list)
    facts: list[FactSpec] = field(default_factory=list)
    steps: list[StepSpec] = field(default_factory=list)
    obligations: list[Obligation] = field(default_factory=list)


class EntryMatch(File, frozen=True, kw_only=True):
    """Entries of the ledger that prove something."""

    kind: str
    document: str = ""
    """Of `document.made`: which document."""
    tag: str = ""
    """Of a run: cases with this tag must be in the suites."""


class EvidenceKind(File, frozen=True, kw_only=True):
    """One kind of evidence: what of it counts, how long, and how it comes about."""

    id: Id
    title: str
    of: Literal["release", "system", "workspace"] = "system"
    """`release`: it must be about the live release's candidate."""
    entries: list[EntryMatch] = field(default_factory=list)
    charter: Literal["", "risks", "disclosure"] = ""
    """A part of the charter that must be there, too."""
    fresh: Period | None = None
    """How old it may be; left out: it does not age."""
    event: bool = False
    """It comes about when something happens, not before."""
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
    subject: str
    digest: str
    fresh: bool


class Lack(Struct, frozen=True, kw_only=True):
    """A kind of evidence that is not there, and how it comes about."""

    kind: str
    command: str = ""
    person: str = ""


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


Profile = Literal["light", "standard", "strict"]
"""How strict the lifecycle is held: it follows the risk class."""

CharterPart = Literal[
    "", "risks", "tested-risks", "mitigations", "stakeholders", "success", "owners", "never",
    "review", "playbooks",
]  # fmt: skip


class ArtifactSpec(File, frozen=True, kw_only=True):
    """One artifact of the lifecycle, and what shows it."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
    title: str
    by: list[Id] = field(default_factory=list)
    """Kinds of evidence, one of which is enough."""
    charter: CharterPart = ""
    none_is_good: bool = False
    """Nothing to record is no gap: there was no incident."""
    command: str = ""
    person: str = ""
    since: Profile = "standard"


class PhaseSpec(File, frozen=True, kw_only=True):
    """One phase of CRISP-ML(Q) with the SMACTR stages that it walks."""

    id: str
    title: str
    stages: list[str]
    checks: dict[Literal["requirements", "risks", "method", "residual", "exit"], str]
    artifacts: list[ArtifactSpec]
    tasks: list[str]


class MatrixFile(File, frozen=True, kw_only=True):
    """The lifecycle matrix."""

    roadworthy: int = 1
    phases: list[PhaseSpec]


class MatrixCell(Struct, frozen=True, kw_only=True):
    """How one artifact stands."""

    phase: str
    stages: tuple[str, ...]
    id: str
    title: str
    status: Literal["done", "stale", "open", "not_needed"]
    evidence: tuple[Proof, ...] = ()
    file: str = ""
    """Of the folder, where that shows it."""
    missing: str = ""
    """The command that makes it, or what a person must do."""
    why: str = ""


class FactsFile(File, frozen=True, kw_only=True):
    """facts.yaml: what decides which duties a system has."""

    roadworthy: int = 1
    roles: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    """Fact -> answer; null or `unknown` where nobody knows."""


class FactSheet(Struct, frozen=True, kw_only=True):
    """What people answered about one system."""

    facts: dict[str, FactValue] = field(default_factory=dict)
    """Without those that are unknown."""
    roles: tuple[str, ...] = ()


class Settled(Struct, frozen=True, kw_only=True):
    """What a fact may still be: one value is known, several are open."""

    values: tuple[Any, ...]
    why: Literal["answered", "derived", "not_asked", "unclaimed", "open"] = "open"
    needs: tuple[str, ...] = ()
    """Facts whose answers would settle it."""

    @property
    def known(self) -> bool:
        """Whether only one value is left."""
        return len(self.values) == 1


class Applied(Struct, frozen=True, kw_only=True):
    """Whether a duty applies to one system, as far as is known."""

    id: str
    applies: bool | None
    """None: undecided."""
    roles: tuple[str, ...] = ()
    """For which of the system's roles it applies, or may."""
    needs: tuple[str, ...] = ()
    """Of an undecided one: facts whose answers would decide."""
    since: str | None = None
    """From when on it applies to this system."""
    why: str = ""


class TreeStep(Struct, frozen=True, kw_only=True):
    """One step of the way to the class, with what it rests on."""

    title: str
    finding: str
    cite: str
    facts: tuple[str, ...] = ()


class Classification(Struct, frozen=True, kw_only=True):
    """What a system is in the eyes of one catalogue, on one day."""

    catalogue: str
    version: str
    digest: str
    on: str
    roles: tuple[str, ...]
    risk_class: str
    """A value of the catalogue's class fact; `undecided`, or empty where it has none."""
    facts: dict[str, Settled]
    applied: tuple[Applied, ...]
    steps: tuple[TreeStep, ...] = ()
    open_questions: tuple[str, ...] = ()
    """Facts that are to be asked next, in order."""
    blocked_by: tuple[str, ...] = ()
    """Strict facts that are unknown: nothing is permitted while they are."""
    unknown_names: tuple[str, ...] = ()
    """Answers to questions that the catalogue does not have."""

    @property
    def now(self) -> tuple[Applied, ...]:
        """Duties that apply on that day."""
        return tuple(one for one in self.applied if one.applies and _in_force(one, self.on))

    @property
    def coming(self) -> tuple[Applied, ...]:
        """Duties that will apply, by the law as it is."""
        return tuple(one for one in self.applied if one.applies and not _in_force(one, self.on))

    @property
    def undecided(self) -> tuple[Applied, ...]:
        """Duties of which nobody can say yet whether they apply."""
        return tuple(one for one in self.applied if one.applies is None)


def _in_force(one: Applied, day: str) -> bool:
    return one.since is None or one.since <= day
