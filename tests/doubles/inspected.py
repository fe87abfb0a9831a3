"""A run to report on, made of rows that a test writes: verified run file, summary, inspection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from doubles.pinnable import a_system, charter
from roadworthy.domain import (
    Assessment,
    Bar,
    Case,
    GateDecision,
    Observation,
    RunSummary,
    Suite,
    SuiteFile,
    SuitePin,
    Verdict,
)
from roadworthy.evaluation import (
    Header,
    RunReader,
    case_digest,
    flaky_cases,
    row_digest,
    rows_digest,
)
from roadworthy.flows.gate.comparing import differences
from roadworthy.flows.gate.inspection import Against, CaseTexts, Inspection, Judged
from roadworthy.monitoring import measure_all


def a_row(case: str = "c1", **fields: Any) -> Observation:
    """One answer of a run."""
    parts: dict[str, Any] = {
        "id": f"obs-{case}-{fields.get('repeat', 0)}",
        "time": "2026-11-22T00:00:00.000000Z",
        "system": "claims-desk",
        "release": "sha256:candidate",
        "stage": "eval",
        "suite": "main",
        "case": case,
        "output": "motor",
    }
    return Observation(**{**parts, **fields})


def written_run(path: Path, rows: Sequence[Observation]) -> RunReader:
    """The rows as a verified run file."""
    header = Header(run=path.stem, plan="p", bar="b", system="s", candidate="c", items=len(rows))
    lines = [msgspec.json.encode(each) for each in (header, *rows)]
    path.write_bytes(b"\n".join(lines) + b"\n")
    digests = {(row.suite, row.case, row.repeat): row_digest(row) for row in rows}
    return RunReader(path, expected=rows_digest(digests))


def a_summary(run: str, rows: Sequence[Observation], **fields: Any) -> RunSummary:
    """The summary of these rows, as an evaluation would write it."""
    parts: dict[str, Any] = {
        "run": run,
        "system": "claims-desk",
        "candidate": "sha256:candidate",
        "candidate_name": "described",
        "bar": "sha256:bar",
        "status": "complete",
        "n": len(rows),
        "errors": sum(1 for row in rows if row.status == "error"),
        "indicators": tuple(measure_all(rows)),
        "observations": "sha256:rows",
        "flaky": tuple(sorted({each.case for each in flaky_cases(rows)})),
        "flaky_cases": flaky_cases(rows),
    }
    return RunSummary(**{**parts, **fields})


def a_decision(verdict: Verdict, *slos: Assessment, **fields: Any) -> GateDecision:
    """A decision of the gate on `run-now`."""
    parts: dict[str, Any] = {
        "decision": verdict,
        "system": "claims-desk",
        "candidate": "sha256:candidate",
        "run": "run-now",
        "bar": "sha256:bar",
        "slos": slos,
        "next_step": "roadworthy release build",
    }
    return GateDecision(**{**parts, **fields})


@contextmanager
def an_inspection(
    folder: Path,
    rows: Sequence[Observation],
    *,
    cases: Sequence[Case] = (),
    before: Sequence[Observation] = (),
    decision: GateDecision | None = None,
    **charter_changes: Any,
) -> Iterator[Inspection]:
    """What `inspect` would gather. `cases` are in suite `main`; `before` is another run."""
    suite = Suite(path="suites/main.yaml", file=SuiteFile(name="main"), cases=tuple(cases))
    system = a_system(charter=charter(**charter_changes), suites=(suite,))
    pin = SuitePin(name="main", digest="sha256:s", cases={c.id: case_digest(c) for c in cases})
    bar = Bar(system="claims-desk", candidate="c", slos="sha256:slos", suites=(pin,))
    judged = Judged(decision=None)
    if decision is not None:
        judged = Judged(
            decision=decision,
            decided_at="2026-11-22T01:00:00.000000Z",
            entry=7,
            assessments=decision.slos,
            notes=decision.notes,
        )
    with written_run(folder / "run-now.jsonl", rows) as reader:
        against = None
        if before:
            against = Against(
                run=a_summary("run-then", before, candidate_name="bare"),
                differences=differences(before, rows),
                rows=written_run(folder / "run-then.jsonl", before),
            )
        yield Inspection(
            system=system,
            run=a_summary("run-now", rows),
            bar=bar,
            entry=5,
            judged=judged,
            rows=reader,
            texts=CaseTexts(system, bar),
            against=against,
            alone="" if before else "no other run was named",
        )
