"""How far what is asked, answered and decided has moved away from a release's reference.

Enters: rows, and the reference that they are held against. Leaves: distances between what both were
drawn from, with chance taken off. Never here: two samples called different because they are two;
messages of one conversation counted as so many witnesses; a row that was held against another
reference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping

from msgspec import Struct, field

from roadworthy.domain import IndicatorSpec, Measurement, Observation
from roadworthy.statistics import Drift, Stratum, drift, excess

from .against import Against
from .cases import Cases, Rows
from .clusters import groups_of
from .results import absent

_AGAIN = "`roadworthy ood fit`, and name the file under `ood`"
NO_REFERENCE = f"there is no reference: {_AGAIN}"
_OUTSIDE = "outside"
ALLOWED_UNSEEN = 0.01
"""With a larger share of rows that could not be looked at, the others carry no verdict."""
_SHOWN = 3
"""What moved most, so many kinds of it."""
_LONGEST = 40


Kind = Callable[[Observation], str]
"""What kind a row is of; empty: not known."""


class _Seen(Struct):
    """What was seen of one stratum."""

    weights: dict[str, float] = field(default_factory=dict)
    """Kind -> weight."""
    witnesses: dict[Hashable, float] = field(default_factory=dict)
    """Who stands for itself -> weight: a case, a group of them, a conversation."""

    @property
    def weight(self) -> float:
        return math.fsum(self.weights.values())

    @property
    def n(self) -> float:
        """How many independent observations it is worth (Kish 1965)."""
        weights = self.witnesses.values()
        return math.fsum(weights) ** 2 / math.fsum(weight**2 for weight in weights)


class _Counted(Struct):
    """What was seen, stratum by stratum."""

    strata: dict[str, _Seen] = field(default_factory=dict)
    cases: int = 0
    rows: int = 0
    witnesses: set[Hashable] = field(default_factory=set)


def input_drift(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """How far the topics of inputs lie from the reference's."""
    return _moved(spec, cases, confidence, _looked(cases, "topic"), "inputs")


def output_drift(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """How far the topics of answers lie from those of the reference's answers."""
    return _moved(spec, cases, confidence, _looked(cases, "output_topic"), "outputs")


def decision_drift(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """How far decisions lie from the reference's."""
    return _moved(spec, cases, confidence, _decided, "decisions")


def concept_drift(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """How far the truth, given a decision, lies from what it was when the reference was made."""
    if cases.against is None:
        return absent(spec, NO_REFERENCE)
    truths = cases.against.counts.truths
    known = {name: counts for name, counts in truths.items() if any(counts.values())}
    if not known:
        return absent(spec, f"the reference knows no truth of a decision: {_AGAIN}")
    found = _count(cases, _truth, lambda row: row.decision if row.decision in known else "")
    if not found.cases:
        return absent(spec, "no row has a label and a decision that the reference knows")
    strata = [
        Stratum(known[name], seen.weights, seen.n, weight=seen.weight)
        for name, seen in sorted(found.strata.items())
    ]
    left = sum(bool(row.label) and row.decision not in ("", *known) for row in cases.rows)
    note = f"{left} rows of decisions that the reference does not have are left out" if left else ""
    return _told(spec, drift(strata, confidence), found, confidence, note)


def purpose_drift(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The share of inputs that lie outside the purpose, beyond what is flagged of its own."""
    against = cases.against
    if against is None:
        return absent(spec, NO_REFERENCE)
    found = _count(cases, _flagged(against.digest))
    if not found.cases:
        return absent(spec, _nobody_looked(cases, against))
    seen = found.strata[""]
    flagged = seen.weights.get(_OUTSIDE, 0.0) / seen.weight
    chance = against.false_alarm
    value, bounds = excess(
        flagged * seen.n, seen.n, chance=chance, held=against.held, confidence=confidence
    )
    note = f"{flagged:.1%} of inputs are flagged, {chance:.1%} of the purpose's own would be"
    beyond = Drift(value, bounds, 1.0, flagged)
    return _told(spec, beyond, found, confidence, note, _unseen(cases))


def _moved(
    spec: IndicatorSpec, cases: Cases, confidence: float, kind: Kind, what: str
) -> Measurement:
    if cases.against is None:
        return absent(spec, NO_REFERENCE)
    reference: Mapping[str, float] = getattr(cases.against.counts, what)
    if not sum(reference.values()):
        return absent(spec, f"the reference counts no {what}: {_AGAIN}")
    found = _count(cases, kind)
    if not found.cases:
        missing = "no row has a decision" if what == "decisions" else ""
        return absent(spec, missing or _nobody_looked(cases, cases.against))
    seen = found.strata[""]
    beyond = drift([Stratum(reference, seen.weights, seen.n)], confidence)
    doubt = "" if what == "decisions" else _unseen(cases)
    return _told(spec, beyond, found, confidence, _most_moved(reference, seen.weights), doubt)


def _told(
    spec: IndicatorSpec,
    found: Drift,
    counted: _Counted,
    confidence: float,
    note: str,
    doubt: str = "",
) -> Measurement:
    beyond = found.interval.low > 0
    notes = ["beyond chance" if beyond else "not beyond chance", note]
    alone = len(counted.witnesses)
    return Measurement(
        name=spec.name,
        value=found.value,
        low=found.interval.low,
        high=found.interval.high,
        n=counted.cases,
        rows=counted.rows,
        independent=alone if alone < counted.cases else None,
        unit=spec.unit,
        confidence=confidence,
        method=spec.intervals[0],
        higher_is_better=spec.higher_is_better,
        reason="; ".join(filter(None, [*notes, spec.calls_for if beyond else ""])),
        doubt=doubt,
    )


def _count(cases: Cases, kind: Kind, stratum: Kind | None = None) -> _Counted:
    """The kinds of the cases: one's repeats share its weight, a group's members are one witness."""
    found = _Counted()
    for who, unit in cases.once(_units):
        said = [(stratum(row) if stratum else "", name) for row in unit if (name := kind(row))]
        if stratum:
            said = [each for each in said if each[0]]
        if not said:
            continue
        weight = sum(row.sampling_weight for row in unit) / len(unit) / len(said)
        for part, name in said:
            seen = found.strata.get(part)
            if seen is None:
                seen = found.strata[part] = _Seen()
            seen.weights[name] = seen.weights.get(name, 0.0) + weight
            seen.witnesses[who] = seen.witnesses.get(who, 0.0) + weight
        found.witnesses.add(who)
        found.cases += 1
        found.rows += len(said)
    return found


def _units(cases: Cases) -> list[tuple[Hashable, Rows]]:
    """What counts once, and who its witness is: a case, or a live input however often it is asked.

    So a reference counts its inputs, too: what is asked ten thousand times is one kind of use.
    """
    groups = groups_of(cases)
    found: list[tuple[Hashable, Rows]] = []
    asked: dict[Hashable, list[Observation]] = {}
    for place, unit in enumerate(cases.each()):
        first = unit[0]
        if first.case:
            found.append((groups[place] if groups else place, unit))
        else:
            asked.setdefault(first.input_digest or place, []).extend(unit)
    for key, rows in asked.items():
        found.append((_conversation(rows[0]) or ("asked", key), rows))
    return found


def _conversation(row: Observation) -> tuple[str, str] | None:
    return (row.tenant, row.session) if row.session else None


def _looked(cases: Cases, name: str) -> Kind:
    digest = cases.against.digest if cases.against is not None else ""

    def kind(row: Observation) -> str:
        shift = row.shift
        return getattr(shift, name) if shift is not None and shift.reference == digest else ""

    return kind


def _decided(row: Observation) -> str:
    return row.decision


def _truth(row: Observation) -> str:
    return row.label


def _flagged(digest: str) -> Kind:
    def kind(row: Observation) -> str:
        shift = row.shift
        if shift is None or shift.reference != digest or shift.flagged is None:
            return ""
        return _OUTSIDE if shift.flagged else "inside"

    return kind


def _nobody_looked(cases: Cases, against: Against) -> str:
    others = sum(
        row.shift is not None and row.shift.reference not in ("", against.digest)
        for row in cases.rows
    )
    if others:
        return f"{others} rows were held against another reference, and none against this one"
    return "no row was held against the reference"


def _unseen(cases: Cases) -> str:
    """Why what was seen says too little: too many rows could not be looked at."""
    shifts = [row.shift for row in cases.rows if row.shift is not None]
    failed = [shift.unseen for shift in shifts if shift.unseen]
    if len(failed) <= ALLOWED_UNSEEN * len(shifts):
        return ""
    return f"{len(failed)} of {len(shifts)} rows could not be looked at: {failed[0][:_LONGEST]}"


def _most_moved(reference: Mapping[str, float], seen: Mapping[str, float]) -> str:
    old, new = math.fsum(reference.values()), math.fsum(seen.values())
    gaps = {
        kind: seen.get(kind, 0.0) / new - reference.get(kind, 0.0) / old
        for kind in {*reference, *seen}
    }
    most = sorted(gaps, key=lambda kind: (-abs(gaps[kind]), kind))[:_SHOWN]
    told = [f"`{kind[:_LONGEST]}` {gaps[kind]:+.1%}" for kind in most if abs(gaps[kind]) >= 0.001]
    return f"moved most: {', '.join(told)}" if told else ""
