"""Scores that a judge gave, corrected by what people said of some of the same answers.

Enters: cases with a judge's score, some of them with people's (`human.<name>`). Leaves: the rate
or mean that people would have given, with the noise of both; or the judge's own number, marked, and
no interval: a judge is not believed, neither above a target nor below it.
"""

from __future__ import annotations

import math

from msgspec import Struct, structs

from roadworthy.domain import IndicatorSpec, Measurement, Observation
from roadworthy.statistics import (
    Corrected,
    Interval,
    JudgeErrors,
    clopper_pearson,
    prediction_powered,
    rogan_gladen,
)

from .cases import Cases, PerCase, per_case

UNCORRECTED = "uncorrected judge"

FEWEST_RATED = 20
"""Cases that people must have rated, too; with fewer the errors of a judge are a guess."""


def said_by_judge(name: str, cases: Cases) -> bool:
    """Whether a judge gave this score."""
    return any(name in _judges(row) for row in cases.rows)


def judged(spec: IndicatorSpec, cases: Cases, confidence: float) -> Measurement:
    """The score as people would have given it."""
    name = spec.name
    found = per_case(cases, lambda row: row.scores.get(name), score=name)
    n = len(found.values)
    raw = math.fsum(found.values) / n
    plain = Measurement(
        name=name, value=raw, n=n, rows=found.rows, unit=spec.unit, confidence=confidence,
        reason=_order(name, cases),
    )  # fmt: skip
    drifted = _first(name, "drift", cases)
    if drifted:
        return _doubted(plain, drifted)
    people = _first(name, "people", cases) or name
    split = _split(name, people, cases)
    if len(split.seen) < FEWEST_RATED:
        rated = f"people rated {len(split.seen)} of its cases, at least {FEWEST_RATED} are needed"
        return _doubted(plain, f"{rated} (`roadworthy rate start`)")
    try:
        corrected, method = _corrected(split, confidence)
    except ValueError as error:
        return _doubted(plain, str(error))
    if corrected.interval == Interval(0.0, 1.0):
        return _doubted(plain, "on what people rated it is not proven better than chance")
    beside = f"the judge says {raw:.3g}, people rated {len(split.seen)} of its cases"
    return structs.replace(
        plain, value=corrected.value, low=corrected.interval.low, high=corrected.interval.high,
        method=method, reason="; ".join(filter(None, (beside, plain.reason))),
    )  # fmt: skip


class _Split(Struct, frozen=True):
    """A judge's cases, by who else looked at them."""

    seen: list[tuple[float, float]]
    """(judge, people)."""
    alone: list[float]
    """By the judge alone."""
    withheld: int
    """Cases of which no answer left: worth 0, and no error of the judge's."""


def _split(name: str, people: str, cases: Cases) -> _Split:
    seen, alone, withheld = [], [], 0
    for group in cases.each():
        rows = [row for row in group if name in row.scores]
        answered = [row for row in rows if row.action == "answered"]
        if rows and not answered:
            withheld += 1
        elif answered:
            both = [row for row in answered if f"human.{people}" in row.scores]
            if both:
                seen.append((_mean(both, name), _mean(both, f"human.{people}")))
            else:
                alone.append(_mean(answered, name))
    return _Split(seen, alone, withheld)


def _mean(rows: list[Observation], name: str) -> float:
    return math.fsum(row.scores[name] for row in rows) / len(rows)


def _corrected(split: _Split, confidence: float) -> tuple[Corrected, str]:
    """Of all cases; what was withheld lowers it, with both noises at a stricter level each."""
    level = confidence if not split.withheld else (1 + confidence) / 2
    found, method = _of_answered(split, level)
    answered = len(split.seen) + len(split.alone)
    if not split.withheld:
        return found, method
    share = answered / (answered + split.withheld)
    bounds = clopper_pearson(answered, answered + split.withheld, level)
    low = max(0.0, found.interval.low) * bounds.low
    high = min(1.0, found.interval.high) * bounds.high
    return structs.replace(found, value=found.value * share, interval=Interval(low, high)), method


def _of_answered(split: _Split, level: float) -> tuple[Corrected, str]:
    """By sensitivity and specificity where every verdict is yes or no, else by differences."""
    values = [*split.alone, *(value for pair in split.seen for value in pair)]
    if all(value in (0.0, 1.0) for value in values):
        good = [judge for judge, people in split.seen if people == 1.0]
        bad = [judge for judge, people in split.seen if people == 0.0]
        errors = JudgeErrors(
            passed_good=sum(1 for judge in good if judge == 1.0), good=len(good),
            failed_bad=sum(1 for judge in bad if judge == 0.0), bad=len(bad),
        )  # fmt: skip
        judges = [*split.alone, *(judge for judge, _ in split.seen)]
        passed = sum(1 for value in judges if value == 1.0)
        return rogan_gladen(passed, len(judges), errors, level), "rogan_gladen"
    found = prediction_powered(split.alone, split.seen, level)
    low, high = max(0.0, found.interval.low), min(1.0, found.interval.high)
    value = min(1.0, max(0.0, found.value))
    return structs.replace(found, value=value, interval=Interval(low, high)), "prediction_powered"


def _doubted(plain: Measurement, why: str) -> Measurement:
    doubt = f"{UNCORRECTED}: it says {plain.value:.3g} of {plain.n} cases, and {why}"
    return structs.replace(plain, doubt=doubt)


def _judges(row: Observation) -> dict[str, dict[str, object]]:
    found = row.attributes.get("judges")
    return found if isinstance(found, dict) else {}


def _first(name: str, key: str, cases: Cases) -> str:
    """What the judge's record says under a key, where it says something."""
    said = (_judges(row).get(name, {}).get(key) for row in cases.rows)
    return next((str(found) for found in said if found), "")


def _order(name: str, cases: Cases) -> str:
    """How many verdicts on pairs changed with their order."""
    turned: PerCase = per_case(
        cases,
        lambda row: (
            float(bool(_judges(row)[name].get("inconsistent"))) if name in _judges(row) else None
        ),
    )
    count = sum(1 for value in turned.values if value > 0)
    return f"{count} verdicts changed with the order of the answers: ties" if count else ""
