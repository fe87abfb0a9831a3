"""The lifecycle matrix of one system: classified, held against the ledger, phase by phase."""

from __future__ import annotations

from pathlib import Path

import yaml
from msgspec import Struct, convert

from roadworthy.compliance import MATRIX, ReviewDue, exit_lacks, matrix, profile_of, tasks
from roadworthy.domain import MatrixCell, MatrixFile, PhaseSpec, Profile, System

from ..entries.release_records import ACTIVATED
from ..workspace.loop import Loop
from .coverage import cover

_TRANSPARENCY = "A50-"


class ExitCheck(Struct, frozen=True, kw_only=True):
    """Whether a phase may be left, by what its check names."""

    held: bool
    asked: bool
    """Whether the profile asks for any of it."""
    lacks: tuple[str, ...] = ()
    """Titles of what is open or stale."""


class Lifecycle(Struct, frozen=True, kw_only=True):
    """Every phase with its cells."""

    risk_class: str
    profile: Profile
    phases: tuple[PhaseSpec, ...]
    cells: tuple[MatrixCell, ...]
    tasks: tuple[MatrixCell, ...]
    exits: dict[str, ExitCheck]
    """Phase -> how its exit check stands."""
    review: ReviewDue
    """When people are to deliberate about it again."""


def lifecycle(system: System, loop: Loop, *, on: str, catalogue: str) -> Lifecycle:
    """The matrix on that day. Raises ManifestError for facts that contradict themselves."""
    phases = convert(yaml.load(MATRIX.read_text("utf-8"), yaml.CSafeLoader), MatrixFile).phases
    found = cover(Path(system.root), system.charter, loop, on=on, catalogue=catalogue)
    applied = found.classification.applied
    transparency = any(
        one.id.startswith(_TRANSPARENCY) and one.applies is not False for one in applied
    )
    profile = profile_of(found.classification.risk_class, transparency=transparency)
    lived = next(iter(loop.ledger.entries(kind=ACTIVATED, system=system.charter.system)), None)
    since = lived.seq if lived is not None else 0
    cells = matrix(phases, system, found.proofs, profile, found.claims, live_since=since)
    done = tasks(phases, system, found.proofs, profile, found.claims, live_since=since)
    return Lifecycle(
        risk_class=found.classification.risk_class,
        profile=profile,
        phases=tuple(phases),
        cells=tuple(cells),
        tasks=tuple(done),
        exits={phase.id: _exit(phase, (*cells, *done)) for phase in phases},
        review=found.review,
    )


def _exit(phase: PhaseSpec, cells: tuple[MatrixCell, ...]) -> ExitCheck:
    lacks = exit_lacks(phase, cells)
    if lacks is None:
        return ExitCheck(held=False, asked=False)
    return ExitCheck(held=not lacks, asked=True, lacks=tuple(cell.title for cell in lacks))
