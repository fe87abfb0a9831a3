"""What is new in what is asked: out-of-scope inputs, new facet values, new topics, repeats.

Enters: rows that were held against a reference (`Observation.shift`). Leaves: questions for shares,
and counts of kinds. Never here: an input that nobody could look at counted as one without a
finding; a text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import structs

from roadworthy.domain import IndicatorSpec, Measurement, Observation
from roadworthy.statistics import expected_count

from .cases import Cases, PerCase
from .results import absent, share_of

ALIKE = 16
"""Bits in which the sketches of like inputs differ at most, of 64: unrelated ones differ in 32,
one in 30,000 of them in 16 or fewer."""

FEWEST_OF_A_TOPIC = 5

MOST_KINDS = 512
"""Kinds that are told apart at one time."""

NOBODY_LOOKED = "no input was held against a reference: `roadworthy ood fit`, named under `ood`"


def flagged(row: Observation) -> bool | None:
    """Whether an input lies beyond the threshold; who could not be looked at counts as if."""
    shift = row.shift
    if shift is None or not shift.reference:
        return None
    return True if shift.unseen and shift.flagged is None else shift.flagged


def found(row: Observation) -> bool | None:
    """Of an input that is out of scope, whether that was seen."""
    if not row.ood or row.shift is None or not row.shift.reference:
        return None
    return bool(row.shift.flagged)


def rightly(row: Observation) -> bool | None:
    """Of an input that was flagged, whether it is out of scope."""
    return row.ood if row.shift is not None and row.shift.flagged else None


def new_facet(row: Observation) -> bool | None:
    """Whether a facet has a value that the reference does not have."""
    shift = row.shift
    return None if shift is None or shift.new_facets is None else bool(shift.new_facets)


def topic_emergence(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """Kinds of flagged inputs of which enough were seen; bounds by each kind's count."""
    looked = _looked(cases)
    if not looked:
        return absent(spec, NOBODY_LOOKED)
    sizes = _sizes(_kinds([row.shift.sketch if row.shift else "" for row in looked]))
    least = FEWEST_OF_A_TOPIC
    spans = [expected_count(size, confidence) for size in sizes]
    return Measurement(
        name=spec.name,
        value=float(sum(size >= least for size in sizes)),
        low=float(sum(span.low >= least for span in spans)),
        high=float(sum(span.high >= least for span in spans)),
        n=len(looked),
        rows=len(looked),
        unit=spec.unit,
        confidence=confidence,
        method=spec.intervals[0],
        higher_is_better=spec.higher_is_better,
    )


def ood_repeats(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """Inputs of a new kind that an earlier one was of; the interval is the share's, times n."""
    looked = _looked(cases)
    if not looked:
        return absent(spec, NOBODY_LOOKED)
    kinds = _kinds([row.shift.sketch if row.shift else "" for row in looked])
    seen: set[object] = set()
    again: list[float] = []
    for row, kind in zip(looked, kinds, strict=True):
        own = {("facet", name, row.facets.get(name, "")) for name in _new_facets(row)}
        new: set[object] = {*own, *([kind] if kind is not None else ())}
        again.append(float(not seen.isdisjoint(new)))
        seen |= new
    rate = share_of(spec, PerCase(again, len(again)), confidence)
    n = len(again)
    assert rate.low is not None
    assert rate.high is not None
    return structs.replace(rate, value=sum(again), low=rate.low * n, high=rate.high * n, every=None)


def _looked(cases: Cases) -> list[Observation]:
    """One row of each case that was looked at, oldest first: a case asked again is no repeat."""
    rows = [
        next((row for row in unit if row.shift is not None and flagged(row) is not None), None)
        for unit in cases.each()
    ]
    return sorted((row for row in rows if row is not None), key=lambda row: (row.time, row.id))


def _new_facets(row: Observation) -> tuple[str, ...]:
    return (row.shift.new_facets or ()) if row.shift is not None else ()


def _kinds(sketches: Sequence[str]) -> list[int | None]:
    """The kind of each sketch: that of the first like it, else its own; None of none.

    Of more than `MOST_KINDS` those seen once are forgotten first (Misra and Gries 1982,
    https://doi.org/10.1016/0167-6423(82)90012-0): who sends what is ever new costs no more.
    """
    leaders: dict[int, int] = {}
    seen: list[int] = []
    kinds: list[int | None] = []
    for sketch in sketches:
        if not sketch:
            kinds.append(None)
            continue
        bits = int(sketch, 16)
        near = (each for each, lead in leaders.items() if (bits ^ lead).bit_count() <= ALIKE)
        kind = next(near, len(seen))
        if kind == len(seen):
            leaders[kind] = bits
            seen.append(0)
        seen[kind] += 1
        kinds.append(kind)
        if len(leaders) > MOST_KINDS:
            del leaders[next((each for each in leaders if seen[each] == 1), kind)]
    return kinds


def _sizes(kinds: Sequence[int | None]) -> list[int]:
    numbered = [kind for kind in kinds if kind is not None]
    return list(Counter(numbered).values())
