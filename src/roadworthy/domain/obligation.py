"""A catalogue of duties as data: facts, conditions over them, duties, dates.

A catalogue is a law, a standard or a company's policy in one form. Source of the first one:
Regulation (EU) 2024/1689 (AI Act) as amended by Regulation (EU) 2026/1744.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from .file import File

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
FactName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
Period = Annotated[str, Meta(pattern=r"^P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?)?$", max_length=20)]
"""ISO 8601, in years, months, weeks, days and hours."""

Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
"""A calendar day (RFC 3339, full-date): compared as it is written."""

FactValue = bool | str | int | float
Confidence = Literal["high", "medium", "disputed"]
"""How sure it is that a date is the right one."""
FactKind = Literal["flag", "choice", "number", "date"]


class FactSpec(File, frozen=True, kw_only=True):
    """One thing that decides which duties apply: asked of people, or worked out of others."""

    id: FactName
    kind: FactKind = "flag"
    question: str = ""
    """As people are asked. Empty only where it is worked out."""
    title: str = ""
    """What it is called where it is worked out and has no question."""
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
    """CEL: how it follows from other facts, `roles` and `day`, the one that is asked about
    (`2026-12-02`). An answer may stand where they leave it open."""
    claimed: bool = False
    """An exemption: unknown, it is not claimed and does not apply. Every other fact stays unknown
    until somebody answers."""
    only_asked: bool = False
    """An answer other than `otherwise` contradicts whatever leaves it unasked."""
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
    date_confidence: Confidence = "high"
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
    when: str = ""
    """CEL: where it is false the step is not taken, and the finding is `skipped`."""
    skipped: str = "not asked: it does not arise"
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
    exempt_when: str = ""
    """CEL over facts and `role`: where it is true no law binds that role (a standard or a policy
    still does)."""
    roles: list[RoleSpec] = field(default_factory=list)
    facts: list[FactSpec] = field(default_factory=list)
    steps: list[StepSpec] = field(default_factory=list)
    obligations: list[Obligation] = field(default_factory=list)
