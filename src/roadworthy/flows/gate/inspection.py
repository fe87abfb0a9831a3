"""One run, gathered for a reader: its rows, what the gate said of it, what it is compared with.

    inspect    1 a ledger that verifies   2 the run it names, its rows verified
               3 what the gate decided on this very run, or that it decided nothing
               4 another run, paired case by case where the cases are the same
               5 what was asked: texts of the cases, where they are still those that the bar fixed

Enters: a system, its loop, which run, and what to compare it with. Leaves: an `Inspection`, its
rows read one case at a time. What never happens here: anything recorded, a verdict that the gate
did not give, or a case's text beside an answer to another text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Assessment,
    Bar,
    Case,
    Entry,
    GateDecision,
    Instant,
    RunSummary,
    System,
    UndecidedError,
    UsageError,
    VerificationError,
    digest_of,
)
from roadworthy.evaluation import CaseKey, RunReader, case_digest
from roadworthy.manifests import load_system
from roadworthy.release import pin

from ..entries.run_records import bar_of, completion, newest_run, summary_of
from ..findings.importing import in_words as imports_in_words
from ..late.references import against_reference
from ..workspace.intact import require_intact
from ..workspace.loop import Loop
from .baseline import Baseline
from .comparing import Difference, all_differences
from .judging import Evidence, judge

NEWEST = "newest"
NO_RUN = "there is no run to report on yet"
CHANGED = "this case was changed since the run, so its text is not shown"
GONE = "this case is in no suite any more, so its text is not known"

ALONE = (
    "judged as if this were the candidate's only run on these cases; the gate counts its other"
    " runs and then asks for more proof"
)


class Judged(Struct, frozen=True, kw_only=True):
    """What is known of the objectives on this run."""

    decision: GateDecision | None
    """What the gate decided on this very run; None when it did not."""
    decided_at: Instant = ""
    entry: int = 0
    """The ledger's entry of the decision."""
    assessments: tuple[Assessment, ...] = ()
    """The decision's, or today's objectives judged for this reader alone."""
    notes: tuple[str, ...] = ()


class Against(Struct, frozen=True, kw_only=True):
    """The run that this one is compared with."""

    run: RunSummary
    differences: tuple[Difference, ...]
    changed: frozenset[CaseKey] = frozenset()
    """Cases of both runs that were not the same case, so they are not compared."""
    rows: RunReader


class CaseTexts:
    """What was asked, by suite and case id, as far as it is still what the bar fixed."""

    def __init__(self, system: System, bar: Bar) -> None:
        self._pins = {suite.name: suite.cases for suite in bar.suites}
        self._cases = {
            suite.name: {case.id: case for case in suite.cases} for suite in system.suites
        }

    def of(self, suite: str, case_id: str) -> tuple[Case | None, str]:
        """The case, or None and why its text is not known."""
        case = self._cases.get(suite, {}).get(case_id)
        if case is None:
            return None, GONE
        if case_digest(case) != self._pins.get(suite, {}).get(case_id):
            return None, CHANGED
        return case, ""


class Inspection(Struct, frozen=True, kw_only=True):
    """A run as a reader needs it. Valid only inside `inspect`."""

    system: System
    run: RunSummary
    bar: Bar
    entry: int
    """The ledger's entry of the run."""
    judged: Judged
    rows: RunReader
    texts: CaseTexts
    against: Against | None = None
    alone: str = ""
    """Why nothing is compared."""
    imports: tuple[str, ...] = ()
    """What other tools said of the candidate: shown apart, judged by nothing."""


@contextmanager
def inspect(
    system: System, loop: Loop, *, run: str = NEWEST, against: str = ""
) -> Iterator[Inspection]:
    """Gather one run.

    `run` is a run's id, or `newest` of this system's; `against` a run's id or a candidate's file
    (empty: what the gate compared with). Raises UsageError on an unknown run, UndecidedError when
    there is none yet, VerificationError when ledger or rows are not what was recorded.
    """
    require_intact(loop)  # 1
    entry = _run_entry(loop, system.charter.system, run)
    with ExitStack() as stack:
        summary, rows = _opened(loop, entry, stack, paired=bool(against))  # 2
        bar = bar_of(loop, summary.bar)
        judged = _judged(loop, system, summary, bar, rows)  # 3
        other, alone = _other(loop, system, against, summary, judged)  # 4
        paired = None
        if other is not None:
            paired = _paired(loop, other, bar, rows, stack)
        yield Inspection(
            system=system,
            run=summary,
            bar=bar,
            entry=entry.seq,
            judged=judged,
            rows=rows,
            texts=CaseTexts(system, bar),  # 5
            against=paired,
            alone=alone,
            imports=tuple(imports_in_words(loop, summary.system, summary.candidate)),
        )


def _run_entry(loop: Loop, system: str, run: str) -> Entry:
    """How the run ended, as the ledger says."""
    entries = list(loop.ledger.entries(kind="run.completed", system=system))
    if not entries:
        raise UndecidedError(NO_RUN, fix="roadworthy eval")
    ids = list(dict.fromkeys(str(entry.payload.get("run")) for entry in entries))
    wanted = ids[-1] if run in ("", NEWEST) else run
    chosen = next((e for e in reversed(entries) if e.payload.get("run") == wanted), None)
    if chosen is None:
        raise UsageError(
            f"there is no run {wanted!r} of {system}", fix=f"the newest are: {', '.join(ids[-5:])}"
        )
    return completion(loop, chosen.subject, wanted) or chosen


def _opened(
    loop: Loop, entry: Entry, stack: ExitStack, *, paired: bool
) -> tuple[RunSummary, RunReader]:
    summary = summary_of(loop, entry)
    path = Path(loop.workspace.runs) / f"{summary.run}.jsonl"
    reader = RunReader(path, expected=summary.observations, whole=summary.file, keep_scores=paired)
    return summary, stack.enter_context(reader)


def _judged(loop: Loop, system: System, run: RunSummary, bar: Bar, rows: RunReader) -> Judged:
    """The gate's newest decision on this run; without one the objectives alone, and no verdict."""
    decided = [
        entry
        for entry in loop.ledger.entries(kind="gate.decided", subject=run.candidate)
        if entry.payload.get("run") == run.run
    ]
    if decided:
        entry = decided[-1]
        found = loop.blobs.get_json(str(entry.payload["digest"]))
        decision = msgspec.convert(found, GateDecision, strict=False)
        if str(decision.decision) != entry.payload.get("decision"):
            raise VerificationError(
                f"entry {entry.seq} says {entry.payload.get('decision')}, its blob"
                f" {decision.decision}"
            )
        return Judged(
            decision=decision,
            decided_at=entry.time,
            entry=entry.seq,
            assessments=decision.slos,
            notes=decision.notes,
        )
    alone = Baseline(absent="the gate has not decided on this run")
    evidence = Evidence(
        rows=list(rows.rows()), baseline=alone, never=system.charter.never, looks=run.looks,
        reference=against_reference(pin(system)),
    )  # fmt: skip
    assessments, notes = judge(system.slos.slos, evidence)
    notes.append(ALONE)
    if bar.slos != digest_of(system.slos):
        notes.append("the objectives were changed since this run; today's are judged here")
    return Judged(decision=None, assessments=tuple(assessments), notes=tuple(notes))


def _other(
    loop: Loop, system: System, against: str, run: RunSummary, judged: Judged
) -> tuple[RunSummary | None, str]:
    """The run to compare with, or why there is none."""
    wanted = against
    if not wanted and judged.decision is not None:
        wanted = judged.decision.baseline_run
    if not wanted:
        return None, "no other run was named with --against, and the gate compared with none"
    if wanted == run.run:
        raise UsageError(f"{wanted} would be compared with itself", fix="name another run")
    name = system.charter.system
    if wanted.startswith("run-"):
        return summary_of(loop, _run_entry(loop, name, wanted)), ""
    other = load_system(Path(system.root), candidate=wanted)
    found = newest_run(loop, pin(other).candidate_digest)
    if found is None:
        raise UndecidedError(
            f"{wanted} has no run yet", fix=f"roadworthy eval --candidate {wanted}"
        )
    if found.run == run.run:
        raise UsageError(f"the newest run of {wanted} is {run.run} itself", fix="--run ID")
    return found, ""


def _paired(loop: Loop, other: RunSummary, bar: Bar, rows: RunReader, stack: ExitStack) -> Against:
    """Both runs on the cases that are the same in both bars."""
    entry = _run_entry(loop, other.system, other.run)
    summary, before = _opened(loop, entry, stack, paired=True)
    now = {(pin.name, case): digest for pin in bar.suites for case, digest in pin.cases.items()}
    then = {
        (pin.name, case): digest
        for pin in bar_of(loop, other.bar).suites
        for case, digest in pin.cases.items()
    }
    changed = {key for key in now.keys() & then.keys() if now[key] != then[key]}
    found = all_differences(
        [row for row in before.scored() if (row.suite, row.case) not in changed],
        [row for row in rows.scored() if (row.suite, row.case) not in changed],
    )
    return Against(run=summary, differences=found, changed=frozenset(changed), rows=before)
