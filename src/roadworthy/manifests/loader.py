"""From a folder to a System, or to every fault that stands in the way.

Enters: a folder's path and which candidate is meant. Leaves: a System of checked values, or
ManifestError with all faults at once. Never here: a value that a fault was noted for.
"""

from __future__ import annotations

import os
from pathlib import Path

from roadworthy.domain import Fault, ManifestError, System, UsageError

from .checks import check
from .degrade_checks import with_steps
from .reading import Reading
from .settings import with_environment
from .source import inside


def read_folder(root: Path, *, candidate: str = "candidate.yaml") -> Reading:
    """Read and check a folder; whatever its files say, this returns.

    Raises ManifestError when there is no such folder.
    """
    if not root.is_dir():
        fix = "name a system's folder; `roadworthy init DIR` makes one"
        raise ManifestError(
            [Fault(file=str(root), line=0, message=f"{root} is no folder", fix=fix)]
        )
    reading = Reading(root.resolve(), _candidate_file(root, candidate))
    reading.read()
    check(reading)
    return reading


def check_system(root: Path, *, candidate: str = "candidate.yaml") -> list[Fault]:
    """Every fault and warning of a folder, by file and line."""
    return read_folder(root, candidate=candidate).folder.faults()


def load_system(root: Path, *, candidate: str = "candidate.yaml") -> System:
    """The system in a folder. Raises ManifestError with all faults; warnings come along."""
    reading = read_folder(root, candidate=candidate)
    faults = reading.folder.faults()
    errors = [fault for fault in faults if fault.severity == "error"]
    if errors or not (reading.charter and reading.candidate and reading.slos):
        raise ManifestError(errors)
    return System(
        root=str(reading.folder.root),
        charter=reading.charter,
        candidate=reading.candidate,
        candidate_file=reading.candidate_file,
        prompt=reading.prompt,
        rails=reading.rails,
        slos=with_steps(reading.slos, reading.playbooks),
        suites=reading.suites,
        calibration=reading.calibration,
        rollout=reading.rollout,
        pipeline=reading.pipeline,
        waivers=tuple(reading.waivers.values()),
        quarantine=tuple(reading.quarantine.cases) if reading.quarantine else (),
        playbooks=reading.playbooks,
        deliberation=reading.deliberation,
        deployment=with_environment(reading.deployment, os.environ)[0],
        files=dict(sorted(reading.folder.files.items())),
        assets=dict(sorted(reading.folder.assets.items())),
        warnings=tuple(fault for fault in faults if fault.severity == "warning"),
    )


def _candidate_file(root: Path, candidate: str) -> str:
    """The candidate's path relative to the folder: as given there, or as typed elsewhere."""
    given = Path(candidate)
    if not given.is_absolute() and inside(root, candidate) and (root / given).exists():
        return given.as_posix()
    reached = given.resolve()
    if reached.is_file() and reached.is_relative_to(root.resolve()):
        return reached.relative_to(root.resolve()).as_posix()
    if given.is_absolute() or ".." in given.parts:
        raise UsageError(
            f"the candidate {candidate} is outside of {root}", fix="name a file in the folder"
        )
    return given.as_posix()
