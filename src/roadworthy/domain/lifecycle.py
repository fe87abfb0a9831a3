"""The lifecycle as a matrix: phases of CRISP-ML(Q), stages of SMACTR, an artifact a cell."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from .evidence_kind import Proof
from .file import File
from .obligation import Id

Profile = Literal["light", "standard", "strict"]
"""How strict the lifecycle is held: it follows the risk class."""


CharterPart = Literal[
    "", "risks", "tested-risks", "mitigations", "stakeholders", "success", "owners", "never",
    "review", "playbooks", "suites", "scorecard", "rollout", "runtime",
]  # fmt: skip


class ArtifactSpec(File, frozen=True, kw_only=True):
    """One artifact of the lifecycle, and what shows it."""

    id: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
    title: str
    by: list[Id] = field(default_factory=list)
    """Kinds of evidence, one of which is enough."""
    charter: CharterPart = ""
    none_is_good: bool = False
    """Nothing to record is no gap, and nothing done: there was no incident."""
    on_the_road: Literal["", "asked", "if_changed"] = ""
    """Shown only by what was entered after it first went live; `if_changed`: where what was entered
    before that still holds, nothing more is needed."""
    command: str = ""
    person: str = ""
    since: Profile = "standard"


class PhaseSpec(File, frozen=True, kw_only=True):
    """One phase of CRISP-ML(Q) with the SMACTR stages that it walks."""

    id: str
    title: str
    stages: list[str]
    checks: dict[Literal["requirements", "risks", "method", "residual", "exit"], str]
    exits: list[str] = field(default_factory=list)
    """Artifacts and tasks, of whichever phase, by which the exit check is judged."""
    artifacts: list[ArtifactSpec]
    tasks: list[ArtifactSpec]
    """Of CRISP-ML(Q), shown beside the artifacts of SMACTR."""


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
