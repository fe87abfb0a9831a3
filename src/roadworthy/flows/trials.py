"""The runs of a candidate on the cases of today's bar: how often it was tried.

Enters: a loop, a candidate, the bar of today and the run to judge. Leaves: how many runs were
begun, and the rows of the whole ones beside it. What never happens here: a run left out because
its objectives, seed, repeats or attempt were others; a run that went on counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct, structs

from roadworthy.domain import (
    Bar,
    EvidenceError,
    Incident,
    Observation,
    RunSummary,
    VerificationError,
)
from roadworthy.policy import looked_at, same_suites

from .loop import Loop
from .run_records import bar_of, completion, rows_of, summary_of


class Other(Struct, frozen=True, kw_only=True):
    """A whole run beside the judged one. What of it was lost or changed is None: never a pass."""

    run: str
    summary: RunSummary | None = None
    rows: list[Observation] | None = None


class Trials(Struct, frozen=True, kw_only=True):
    """What there is beside the run that is judged."""

    runs: int = 1
    """Begun on these cases, the judged one among them."""
    others: tuple[Other, ...] = ()
    """Whole runs with the very same cases and scorers, oldest first; their rows are not read."""
    notes: tuple[str, ...] = ()


def trials_of(loop: Loop, run: RunSummary | None, present: Bar) -> Trials:
    """How often the judged run's candidate was asked today's cases."""
    if run is None:
        return Trials()
    begun: dict[str, Bar] = {}
    for entry in loop.ledger.entries(kind="bar.fixed", subject=run.candidate):
        bar = bar_of(loop, str(entry.payload["bar"]))
        if looked_at(bar, present):
            begun.setdefault(str(entry.payload["run"]), bar)
    others, unfinished = [], []
    for name, bar in begun.items():
        if name == run.run:
            continue
        other = _ended(loop, run.candidate, name)
        if other is None:
            unfinished.append(name)
        elif same_suites(bar, present):
            others.append(other)
    count = len(begun.keys() | {run.run})
    notes = [f"{name} was begun on these cases and never completed" for name in unfinished]
    if count > 1:
        notes.insert(0, f"{count} runs of this candidate on these cases: asking again proves less")
    return Trials(runs=count, others=tuple(others), notes=tuple(notes))


def _ended(loop: Loop, candidate: str, run: str) -> Other | None:
    """A run that was completed; None where it was not."""
    try:
        entry = completion(loop, candidate, run)
        if entry is None or entry.payload.get("status") != "complete":
            return None
        return Other(run=run, summary=summary_of(loop, entry))
    except VerificationError:
        return Other(run=run)


def with_rows(loop: Loop, trials: Trials) -> Iterator[Other]:
    """The other runs, one after the other, with their rows where they are as they were recorded."""
    for other in trials.others:
        try:
            rows = rows_of(loop, other.summary) if other.summary is not None else None
        except EvidenceError:
            rows = None
        yield structs.replace(other, rows=rows)


def answered_beside(loop: Loop, trials: Trials, incidents: Iterable[Incident]) -> list[Observation]:
    """What the other runs answered to the cases of incidents: a miss there is none the less one."""
    pinned = {pin.id for incident in incidents for pin in incident.required}
    if not pinned:
        return []
    return [
        row
        for other in with_rows(loop, trials)
        for row in other.rows or ()
        if row.case in pinned and row.status != "error"
    ]
