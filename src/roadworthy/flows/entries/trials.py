"""The runs of a candidate on the cases of today's bar: how often it was tried, and what each saw.

Enters: a loop, a candidate, the bar of today and the run to judge. Leaves: how many runs were
begun, how many other candidates met these cases before, and what the earlier runs saw of cases
that are still asked. What never happens here: a run left out because its objectives, seed,
repeats, attempt, tags or suites were others, or because a comment or another name of the system
made its candidate a new one.
A run that went on counts once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from pathlib import Path

from msgspec import Struct

from roadworthy.domain import (
    Bar,
    Entry,
    EvidenceError,
    Incident,
    Observation,
    ReleaseContent,
    RunSummary,
    VerificationError,
)
from roadworthy.evaluation import read_run
from roadworthy.policy import Today, holds, looked_at, meets, only_adds, tried_before
from roadworthy.release import behaviour_digest

from ..workspace.loop import Loop
from .run_begun import violations_of
from .run_records import bar_of, completion, rows_of, summary_of


class Other(Struct, frozen=True, kw_only=True):
    """A run beside the judged one. What of it was lost or changed is None: never a pass."""

    run: str
    met: bool = True
    """Whether it was to ask a case that is asked today."""
    whole: bool = True
    """Complete, and on at least half of today's cases: then its estimates count, too. Of any other
    run only what must not happen at all."""
    bar: Bar | None = None
    summary: RunSummary | None = None
    rows: Sequence[Observation] | None = None


class Trials(Struct, frozen=True, kw_only=True):
    """What there is beside the run that is judged."""

    runs: int = 1
    """Begun on these cases, the judged one among them."""
    others: tuple[Other, ...] = ()
    """Every other run of the same behaviour, oldest first; their rows are not read."""
    violations: Mapping[str, Sequence[Observation]] = {}
    """Run -> what the ledger heard of its violations as they were seen, the judged run's too."""
    notes: tuple[str, ...] = ()
    excused: frozenset[tuple[str, str]] = frozenset()
    """(suite, case) of incidents that two people dismissed: their label was a false one."""


class _Begun(Struct, frozen=True):
    """A run as its bar was fixed."""

    run: str
    candidate: str
    bar: Bar


def trials_of(
    loop: Loop,
    content: ReleaseContent,
    judged: tuple[RunSummary | None, Sequence[Observation]],
    present: Bar,
    incidents: Sequence[Incident],
    *,
    base_run: str = "",
) -> Trials:
    """How often the candidate was asked today's cases, `judged` (summary and rows) among them.

    `base_run` is what a proposed change is compared with: as another candidate's it is no try.
    """
    run, rows = judged
    if run is None:
        return Trials()
    begun, strangers = _begun(loop, content, run, present, base_run)
    pinned = {(pin.suite, pin.id) for incident in incidents for pin in incident.required}
    named = {(pin.suite, pin.id) for incident in incidents for pin in incident.pins}
    counted, others, notes = 1, [], []
    for each in begun:
        if each.run == run.run:
            continue
        other = _ended(loop, each, present)
        others.append(other)
        if not looked_at(each.bar, present):
            continue
        if _went_on(loop, other, rows, present, pinned):
            continue
        counted += 1
        if not other.whole:
            notes.append(f"{each.run} was begun on these cases and never completed")
    if counted > 1:
        said = f"{counted} runs of this candidate on these cases: asking again proves less"
        notes.insert(0, said)
    notes += [tried_before(strangers)] if strangers else []
    return Trials(
        runs=counted,
        others=tuple(others),
        violations=violations_of(loop, {run.run, *(each.run for each in begun)}),
        notes=tuple(notes),
        excused=frozenset(named - pinned),
    )


def _begun(
    loop: Loop, content: ReleaseContent, run: RunSummary, present: Bar, base_run: str
) -> tuple[list[_Begun], int]:
    """The runs of this behaviour, and how many other candidates met the cases before this one."""
    mine, behaviour = content.candidate_digest, behaviour_digest(content)
    begun: dict[str, _Begun] = {}
    strangers: set[str] = set()
    before = True
    for entry in loop.ledger.entries(kind="bar.fixed"):
        same = entry.subject == mine or entry.payload.get("behaviour") == behaviour
        before = before and entry.payload.get("run") != run.run
        if not same and not before:
            continue
        bar = bar_of(loop, str(entry.payload["bar"]))
        if same:
            name = str(entry.payload["run"])
            begun.setdefault(name, _Begun(name, entry.subject, bar))
        elif entry.payload.get("run") != base_run and looked_at(bar, present):
            strangers.add(_known_as(entry))
    return list(begun.values()), len(strangers)


def _known_as(entry: Entry) -> str:
    """Entries of earlier versions do not say the behaviour; each candidate is its own there."""
    return str(entry.payload.get("behaviour") or entry.subject)


def _ended(loop: Loop, begun: _Begun, present: Bar) -> Other:
    """How a run ended; one that was cut off has no summary, and a file where it is still there."""
    try:
        entry = completion(loop, begun.candidate, begun.run)
        if entry is None:
            met = meets(begun.bar, present)
            return Other(run=begun.run, met=met, whole=False, bar=begun.bar)
        whole = entry.payload.get("status") == "complete" and looked_at(begun.bar, present)
        summary = summary_of(loop, entry)
    except VerificationError:
        return Other(run=begun.run, bar=begun.bar)
    return Other(run=begun.run, whole=whole, bar=begun.bar, summary=summary)


def _went_on(
    loop: Loop,
    other: Other,
    rows: Sequence[Observation],
    present: Bar,
    pinned: Set[tuple[str, str]],
) -> bool:
    """Whether the judged run is that one again, with nothing new but the cases of incidents.

    They had to be asked, and all other answers are the very same: so it was no second chance.
    """
    if not other.whole or other.bar is None or not only_adds(other.bar, present, pinned):
        return False
    now = {(row.suite, row.case, row.repeat): _said(row) for row in rows}
    before = _rows_of(loop, other)
    return before is not None and all(
        now.get((row.suite, row.case, row.repeat)) == _said(row) for row in before
    )


def _said(row: Observation) -> tuple[object, ...]:
    return (row.status, row.action, row.decision, row.confidence, row.output_digest)


def _rows_of(loop: Loop, other: Other) -> list[Observation] | None:
    """The rows as they were recorded; None where they are not there, or are others.

    Of a run that was cut off the ledger knows no rows: its file is read as it stands.
    """
    try:
        if other.summary is not None:
            return rows_of(loop, other.summary)
        cut_off = Path(loop.workspace.runs) / f"{other.run}.jsonl"
        return read_run(cut_off) if not other.whole and cut_off.exists() else None
    except EvidenceError:
        return None


def with_rows(loop: Loop, trials: Trials, judged: Sequence[Observation]) -> Iterator[Other]:
    """The other runs, one after the other, as today's suites would tell what they saw.

    Left out is a run that shares no case with today's. Every run is opened with its file, so one
    whose file is gone lost its rows, whether it was complete or cut off. What the ledger heard of
    a violation counts beside the rows, which somebody may have cut.
    """
    today = Today(judged, trials.excused)
    for other in trials.others:
        rows = _rows_of(loop, other)
        if rows is None:
            if other.met:
                yield other
            continue
        told = today.retell(rows or (), whole=other.whole)
        if told:
            yield Other(run=other.run, whole=other.whole, summary=other.summary, rows=told)
    for run, seen in trials.violations.items():
        if told := today.retell(seen, whole=False):
            yield Other(run=run, whole=False, rows=told)


def answered_beside(loop: Loop, trials: Trials, incidents: Iterable[Incident]) -> list[Observation]:
    """What the other runs answered to the cases of incidents: a miss there is none the less one.

    Asked as they are pinned: a case that was pinned anew is another question.
    """
    pins = [pin for incident in incidents for pin in incident.required]
    found: list[Observation] = []
    for other in trials.others if pins else ():
        asked = {(pin.suite, pin.id) for pin in pins if holds(other.bar, pin)}
        rows = _rows_of(loop, other) if asked else None
        found += [
            row
            for row in rows or ()
            if row.status != "error"
            and any((suite, row.case) in asked for suite in _suites_of(row))
        ]
    return found


def _suites_of(row: Observation) -> Set[str]:
    return {row.suite, *map(str, row.attributes.get("suites", ()))}
