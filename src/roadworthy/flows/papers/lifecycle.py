"""The lifecycle matrix of one system: classified, held against the ledger, phase by phase."""

from __future__ import annotations

from pathlib import Path

import yaml
from msgspec import Struct, convert

from roadworthy.compliance import MATRIX, ReviewDue, matrix, profile_of, tasks
from roadworthy.domain import MatrixCell, MatrixFile, PhaseSpec, Profile, System

from ..workspace.loop import Loop
from .coverage import cover

_TRANSPARENCY = "A50-"


class Lifecycle(Struct, frozen=True, kw_only=True):
    """Every phase with its cells."""

    risk_class: str
    profile: Profile
    phases: tuple[PhaseSpec, ...]
    cells: tuple[MatrixCell, ...]
    tasks: tuple[MatrixCell, ...]
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
    cells = matrix(phases, system, found.proofs, profile, found.claims)
    return Lifecycle(
        risk_class=found.classification.risk_class,
        profile=profile,
        phases=tuple(phases),
        cells=tuple(cells),
        tasks=tuple(tasks(phases, system, found.proofs, profile, found.claims)),
        review=found.review,
    )
