"""The safe baseline that a candidate is compared with: the live release, on the very same bar.

Enters: a loop, a candidate, the bar of today and the seed of the judged run. Leaves: the baseline's
run on that bar with its rows, or the reason why there is none. Never: a run of the baseline on
other cases, other repeats, another seed or other objectives; what it says there is no comparison.
Nor a later one in the place of the first: who may run the baseline until it does badly chooses the
verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
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
from roadworthy.release import behaviour_digest, pin

from ..entries.release_records import ACTIVATED
from ..entries.run_records import bar_of, completion, rows_of, summary_of
from ..workspace.loop import Loop


class Baseline(Struct, frozen=True, kw_only=True):
    """The baseline's side of a comparison."""

    run: str = ""
    """Empty: nothing to compare with."""
    rows: tuple[Observation, ...] = ()
    absent: str = ""
    """Why nothing is compared, where that is as it should be: no release before."""
    missing: str = ""
    """What is missing for the comparison, and how to make it; then a relative objective is open."""


class _Live(Struct, frozen=True, kw_only=True):
    """The live release that a candidate is compared with."""

    release: str
    candidate: str
    behaviour: str
    """What it does, whatever the system is called; empty where an earlier version did not say."""
    old_name: str
    """What the system was called when it went live, where that is not its name now."""


def baseline_of(
    loop: Loop, system: System, content: ReleaseContent, bar: Bar, names: Sequence[str]
) -> Baseline:
    """The first whole run of the live release's candidate on this bar, under this bar's seed.

    `names` is what the system is and was called (`moved.names_of`): until something is live under
    its own name, the release that was live before it was renamed is its baseline.
    """
    live = _live(loop, content.system, names)
    if live is None:
        return Baseline(absent="there is no baseline yet")
    renamed = live.old_name and live.behaviour == behaviour_digest(content)
    if live.candidate == content.candidate_digest or renamed:
        return Baseline(absent="this candidate is the live release")
    run = _first_on(loop, live, content.system, bar)
    if run is None:
        return Baseline(missing=_missing(system, live, bar.seed))
    return Baseline(run=run.run, rows=tuple(rows_of(loop, run)))


def _live(loop: Loop, name: str, names: Sequence[str]) -> _Live | None:
    """What is live under the system's name, else what went live last under an earlier one."""
    own = loop.ledger.newest(kind=ACTIVATED, system=name)
    found = [own] if own is not None else [
        entry for each in names if each != name
        if (entry := loop.ledger.newest(kind=ACTIVATED, system=each)) is not None
    ]  # fmt: skip
    if not found:
        return None
    entry = max(found, key=lambda each: each.seq)
    candidate = str(entry.payload.get("candidate", ""))
    fixed = loop.ledger.newest(kind="bar.fixed", subject=candidate)
    return _Live(
        release=entry.subject,
        candidate=candidate,
        behaviour=str(fixed.payload.get("behaviour", "")) if fixed is not None else "",
        old_name=entry.system if entry.system != name else "",
    )


def _first_on(loop: Loop, live: _Live, name: str, bar: Bar) -> RunSummary | None:
    """The first whole run that was held to this bar; None when there is none.

    Raises VerificationError when what the ledger recorded of it is gone or was changed: the next
    one is never taken instead.
    """
    candidates = {live.candidate, *_now_called(loop, live, name)}
    runs = [
        entry for each in candidates
        for entry in loop.ledger.entries(kind="run.completed", subject=each)
    ]  # fmt: skip
    for entry in sorted(runs, key=lambda each: each.seq):
        if entry.payload.get("status") != "complete":
            continue
        fixed = bar_of(loop, str(entry.payload["bar"]))
        if fixed.seed == bar.seed and not same_bar(fixed, bar):
            completion(loop, entry.subject, str(entry.payload.get("run")))
            return summary_of(loop, entry)
    return None


def _now_called(loop: Loop, live: _Live, name: str) -> set[str]:
    """The digests that the live candidate has under the system's new name."""
    if not live.old_name or not live.behaviour:
        return set()
    return {
        entry.subject
        for entry in loop.ledger.entries(kind="bar.fixed", system=name)
        if entry.payload.get("behaviour") == live.behaviour
    }


def _missing(system: System, live: _Live, seed: int) -> str:
    """What to run, with the file that still makes this candidate; else what to put back."""
    of = f" of `{live.old_name}`, as the system was called," if live.old_name else ""
    said = f"the live release{of} was not run on these cases and objectives"
    said += f" with the seed {seed} of this run" if seed else ""
    file = _file_of(Path(system.root), live)
    if file:
        return f"{said}: roadworthy eval --candidate {file}" + (f" --seed {seed}" if seed else "")
    return (
        f"{said}, and no candidate file here makes it ({live.candidate}) any more: put the files "
        f"that release {live.release} was built from into a copy of this folder, then "
        "`ROADWORTHY_HOME=DIR/.roadworthy roadworthy eval COPY`"
    )


def _file_of(root: Path, live: _Live) -> str:
    """The candidate file of the folder that makes the live release; empty when none does."""
    files = sorted({*root.glob("*.yaml"), *root.glob("candidates/*.yaml")})
    for file in files:
        name = file.relative_to(root).as_posix()
        try:
            content = pin(load_system(root, candidate=name))
            same = bool(live.old_name) and behaviour_digest(content) == live.behaviour
            if same or content.candidate_digest == live.candidate:
                return name
        except RoadworthyError:
            continue  # A charter, a list of objectives, a candidate that is being written.
    return ""
