"""Where every figure of the page comes from: digests, entries, methods; and all indicators."""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import INDICATORS, Measurement
from roadworthy.flows.gate.inspection import Inspection

from .charts import number


class IndicatorRow(Struct, frozen=True, kw_only=True):
    """One indicator of the run."""

    name: str
    area: str
    value: str
    interval: str
    n: str
    method: str
    definition: str
    misleads: str


class Proof(Struct, frozen=True):
    """A name and what stands for it."""

    name: str
    value: str


def indicator_rows(inspection: Inspection) -> list[IndicatorRow]:
    """Everything that was measured, in the order of the catalogue."""
    return [_row(each) for each in inspection.run.indicators]


def _row(each: Measurement) -> IndicatorRow:
    spec = INDICATORS.get(each.name)
    unit = f" {each.unit}" if each.unit not in ("", "share") and each.value is not None else ""
    bounds = "no interval"
    if each.low is not None and each.high is not None:
        bounds = f"{number(each.low)} to {number(each.high)}"
    return IndicatorRow(
        name=each.name,
        area=spec.area if spec is not None else "score of the suite",
        value=number(each.value) + unit if each.value is not None else f"none: {each.reason}",
        interval=bounds,
        n=f"{each.n:,}",
        method=each.method.replace("_", " "),
        definition=spec.definition if spec is not None else "",
        misleads=spec.misleads if spec is not None else "",
    )


def proofs(inspection: Inspection) -> list[Proof]:
    """What somebody else needs to check this page against the ledger."""
    run, judged = inspection.run, inspection.judged
    found = [
        Proof("run", run.run),
        Proof("run in the ledger", f"entry {inspection.entry}, status {run.status}"),
        Proof("candidate", run.candidate),
        Proof("bar, fixed before the first question", run.bar),
        Proof("objectives", inspection.bar.slos),
        *(Proof(f"suite {pin.name}", f"{len(pin.cases):,} cases, {pin.digest}")
          for pin in inspection.bar.suites),
        Proof("seed", str(inspection.bar.seed)),
        Proof("rows", run.observations),
        Proof("run file", run.file or "no digest: an older version wrote it"),
        Proof("asked", f"{_instant(run.started_at)} to {_instant(run.ended_at)}"),
    ]  # fmt: skip
    if judged.decision is not None:
        found.append(Proof("decision in the ledger", f"entry {judged.entry}"))
        note = judged.decision.deliberation or "none"
        found.append(Proof("deliberation note", note))
    found += [Proof("of another tool", each) for each in inspection.imports]
    if inspection.against is not None:
        found.append(Proof("compared with", inspection.against.run.run))
    return found


def _instant(time: str) -> str:
    return f"{time[:19].replace('T', ' ')} UTC" if time else "unknown"
