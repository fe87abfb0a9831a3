"""What sessions show: how many look like misuse, and how often somebody asks again.

Enters: answers that were looked at in their sessions. Live they carry what was seen; a run's carry
their steps, and the patterns are found here. Leaves: measurements that count sessions. Never here:
an answer that nobody looked at counted as one without a sign.
"""

from __future__ import annotations

from collections.abc import Hashable

from msgspec import convert, structs

from roadworthy.domain import IndicatorSpec, Measurement, Observation, Step

from .cases import Cases, PerCase, Rows, per_case
from .clusters import with_groups
from .misuse import Evidence
from .outcomes import SATISFIED
from .results import absent, share_of

STEPS = "steps"
"""The attribute that holds the steps of a run's row."""

CLASS_OF = {
    "extraction_patterns": "extraction",
    "misuse_exploitation": "exploitation",
    "misuse_compromise": "compromise",
}
"""Indicator -> the class of misuse whose sessions it counts."""

Shown = tuple[Hashable, frozenset[str]]
"""A session, and the classes that it had shown up to an answer."""


def misuse_sessions(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """How many sessions show the class of misuse; its interval is the share's, times their n."""
    shown: dict[Hashable, bool] = {}
    rows = 0
    for each in _looked(cases):
        if each is not None:
            session, classes = each
            shown[session] = shown.get(session, False) or CLASS_OF[spec.name] in classes
            rows += 1
    if not shown:
        return absent(spec, "no answer was looked at in its session")
    n = len(shown)
    rate = share_of(spec, PerCase([float(value) for value in shown.values()], rows), confidence)
    assert rate.low is not None
    assert rate.high is not None
    return structs.replace(
        rate,
        value=float(sum(shown.values())),
        low=rate.low * n,
        high=rate.high * n,
        every=None,
        counted="sessions",
    )


def rephrase_rate(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The share of requests that ask again; its interval allows for what a session's share."""
    answers = per_case(cases, _rephrased)
    found = share_of(spec, answers, confidence)
    if found.n < 2:
        return found
    sessions = [_session(group[0]) for group in cases.each() if _asked_on(group)]
    names = {session: place for place, session in enumerate(dict.fromkeys(sessions))}
    if len(names) == len(sessions):
        return found
    return with_groups(found, answers, [names[session] for session in sessions])


def satisfaction(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The share of content raters; the interval allows for what one tenant's answers share."""
    answers = per_case(cases, _satisfied)
    found = share_of(spec, answers, confidence)
    tenants = [group[0].tenant for group in cases.each() if _said_of(group)]
    if found.n < 2 or len(set(tenants)) in (1, len(tenants)):
        return found
    return with_groups(found, answers, tenants)


def _satisfied(row: Observation) -> float | None:
    return row.scores.get(SATISFIED)


def _said_of(group: Rows) -> bool:
    return any(_satisfied(row) is not None for row in group)


def _rephrased(row: Observation) -> bool | None:
    return row.shift.rephrased if row.shift is not None else None


def _asked_on(group: Rows) -> bool:
    return any(_rephrased(row) is not None for row in group)


def _session(row: Observation) -> Hashable:
    """The session of a live answer, or of a case; an answer in none is one.

    Where a caller names no session, an end user's answers are one.
    """
    if row.session or row.end_user:
        return (row.suite, row.tenant, row.session, "" if row.session else row.end_user)
    return (row.suite, row.tenant, "", row.case or row.id)


def _looked(cases: Cases) -> list[Shown | None]:
    """Of each row its session and the classes shown so far; None where nobody looked.

    A slice is shown what the whole is: half of a session is no session.
    """
    if cases.whole is not None:
        whole = _looked(cases.whole)
        return [whole[place] for place in cases.places]
    return cases.once(_found)


def _found(cases: Cases) -> list[Shown | None]:
    found: list[Shown | None] = [None] * len(cases.rows)
    stepped: dict[Hashable, list[tuple[int, int]]] = {}
    for place, row in enumerate(cases.rows):
        if row.misuse is not None:
            found[place] = (_session(row), _classes(row.misuse))
        elif row.status != "error" and STEPS in row.attributes:
            at = steps_of(row)[0].at
            stepped.setdefault((_session(row), row.repeat), []).append((at, place))
    for order in stepped.values():
        evidence = Evidence()
        for _, place in sorted(order):
            row = cases.rows[place]
            found[place] = (_session(row), _classes(_taken(evidence, row)))
    return found


def _taken(evidence: Evidence, row: Observation) -> tuple[str, ...]:
    """What is shown up to a row. What was found in it counts for its last request only."""
    *before, last = steps_of(row)
    for step in before:
        evidence.take(_unsaid(row), step)
    return evidence.take(row, last)


def _unsaid(row: Observation) -> Observation:
    """The row as far as it is about an earlier request of its conversation: who asked."""
    return structs.replace(
        row, rails=(), never=(), decision="", action="answered", shift=None, attributes={}
    )


def steps_of(row: Observation) -> list[Step]:
    """The steps of a run's row, one a request."""
    return convert(row.attributes[STEPS], list[Step])


def _classes(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name.partition(":")[0] for name in names)
