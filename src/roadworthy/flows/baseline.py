"""The safe baseline that a candidate is compared with: the live release, on the very same bar.

Enters: a loop, a candidate, the bar of today and the seed of the judged run. Leaves: the baseline's
run on that bar with its rows, or the reason why there is none. Never: a run of the baseline on
other cases, other repeats, another seed or other objectives; what it says there is no comparison.
Nor a later one in the place of the first: who may run the baseline until it does badly chooses the
verdict.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from roadworthy.domain import (
    Bar,
    Observation,
    ReleaseContent,
    RoadworthyError,
    RunSummary,
    System,
)
from roadworthy.manifests import load_system
from roadworthy.policy import same_bar
from roadworthy.release import pin

from .loop import Loop
from .run_records import bar_of, completion, rows_of, summary_of


class Baseline(Struct, frozen=True, kw_only=True):
    """The baseline's side of a comparison."""

    run: str = ""
    """Empty: nothing to compare with."""
    rows: tuple[Observation, ...] = ()
    absent: str = ""
    """Why nothing is compared, where that is as it should be: no release before."""
    missing: str = ""
    """What is missing for the comparison, and how to make it; then a relative objective is open."""


def baseline_of(loop: Loop, system: System, content: ReleaseContent, bar: Bar) -> Baseline:
    """The first whole run of the live release's candidate on this bar, under this bar's seed."""
    entry = loop.ledger.newest(kind="release.activated", system=content.system)
    if entry is None:
        return Baseline(absent="there is no baseline yet")
    candidate = str(entry.payload.get("candidate", ""))
    if candidate == content.candidate_digest:
        return Baseline(absent="this candidate is the live release")
    run = _first_on(loop, candidate, bar)
    if run is None:
        return Baseline(missing=_missing(system, candidate, entry.subject, bar.seed))
    return Baseline(run=run.run, rows=tuple(rows_of(loop, run)))


def _first_on(loop: Loop, candidate: str, bar: Bar) -> RunSummary | None:
    """The first whole run that was held to this bar; None when there is none.

    Raises VerificationError when what the ledger recorded of it is gone or was changed: the next
    one is never taken instead.
    """
    for entry in loop.ledger.entries(kind="run.completed", subject=candidate):
        if entry.payload.get("status") != "complete":
            continue
        fixed = bar_of(loop, str(entry.payload["bar"]))
        if fixed.seed == bar.seed and not same_bar(fixed, bar):
            completion(loop, candidate, str(entry.payload.get("run")))
            return summary_of(loop, entry)
    return None


def _missing(system: System, candidate: str, release: str, seed: int) -> str:
    """What to run, with the file that still makes this candidate; else what to put back."""
    said = "the live release was not run on these cases and objectives"
    said += f" with the seed {seed} of this run" if seed else ""
    file = _file_of(Path(system.root), candidate)
    if file:
        return f"{said}: roadworthy eval --candidate {file}" + (f" --seed {seed}" if seed else "")
    return (
        f"{said}, and no candidate file here makes it ({candidate}) any more: put the files that "
        f"release {release} was built from into a copy of this folder, then "
        "`ROADWORTHY_HOME=DIR/.roadworthy roadworthy eval COPY`"
    )


def _file_of(root: Path, candidate: str) -> str:
    """The candidate file of the folder that pins to this digest; empty when none does."""
    files = sorted({*root.glob("*.yaml"), *root.glob("candidates/*.yaml")})
    for file in files:
        name = file.relative_to(root).as_posix()
        try:
            if pin(load_system(root, candidate=name)).candidate_digest == candidate:
                return name
        except RoadworthyError:
            continue  # A charter, a list of objectives, a candidate that is being written.
    return ""
