"""What became of live answers: feedback, business outcomes, what a resolved one cost.

Enters: exchanges of live traffic, and what was said of each after it left. Leaves: the exchanges
with that beside them as scores (`feedback`, `business.NAME`), and measurements of sessions. Never
here: a word that is no number taken for one, an exchange that is rewritten where it was kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec import structs

from roadworthy.domain import (
    UPHELD,
    IndicatorSpec,
    Measurement,
    NeverRecord,
    Observation,
    Outcome,
    Shift,
)
from roadworthy.statistics import bca_ratio

from .cases import Cases, PerCase, Rows
from .clusters import share_of_cases
from .results import absent, bounded, share_of

FEEDBACK = "feedback"
RESOLVED = "business.resolved"
SATISFIED = "satisfied"
"""Share of an answer's raters who were content."""
CONTENT = 0.75
"""Of feedback: a thumb up, or 4 of 5."""
FEWEST_SESSIONS = 30
"""Of a ratio that is resampled: fewer know nothing of others."""

_GOOD = frozenset({"up", "+1", "good", "positive", "yes", "true", "helpful", "👍"})
_BAD = frozenset({"down", "-1", "bad", "negative", "no", "false", "unhelpful", "👎"})
_LARGEST = 1e15


def with_outcomes(row: Observation, outcomes: Iterable[Outcome]) -> Observation:
    """The exchange with what was learned of it: truth, violations, feedback, reviews, looks.

    Of what one reporter says several times the last counts; several reporters' feedback is
    averaged; of a label and a business outcome the last word counts. What cannot be read as a
    number is in `attributes["unread"]`.
    """
    label, never = row.label, list(row.never)
    liked: dict[str, float] = {}
    scores = dict(row.scores)
    unread: list[str] = []
    shift, ood, reviewed = row.shift, row.ood, row.reviewed
    misuse, drawn = row.misuse, {each.score: each for each in row.drawn}
    for said in sorted(outcomes, key=lambda each: each.time):
        label = said.label or label
        shift = _joined(shift, said.shift)
        ood = ood if said.ood is None else said.ood
        reviewed = said.reviewed or reviewed
        misuse = _both(misuse, said.misuse)
        drawn |= {each.score: each for each in said.drawn or ()}
        if said.never_event and not _knows(never, said.never_event):
            found = NeverRecord(event=said.never_event, kind="violation", found_by=said.reporter)
            never.append(found)
        for name, text in ((FEEDBACK, said.feedback), *_business(said)):
            value = _read(name, text) if text else None
            if text and value is None:
                unread.append(name)
            elif value is not None and name == FEEDBACK:
                liked[said.reporter] = value
            elif value is not None:
                scores[name] = value
    if liked:
        scores[FEEDBACK] = math.fsum(liked.values()) / len(liked)
        scores[SATISFIED] = sum(value >= CONTENT for value in liked.values()) / len(liked)
    attributes = {**row.attributes, "unread": unread} if unread else row.attributes
    if drawn:
        scores |= {name: each.value for name, each in drawn.items() if each.value is not None}
        if reviewed is not None and UPHELD in drawn:
            scores[UPHELD] = float(not reviewed.overturned)
        if judges := {name: each.judge for name, each in drawn.items() if each.judge}:
            attributes = {**attributes, "judges": {**attributes.get("judges", {}), **judges}}
    return structs.replace(
        row, label=label, never=tuple(never), scores=scores, attributes=attributes,
        shift=shift, ood=ood, reviewed=reviewed, misuse=misuse, drawn=tuple(drawn.values()),
    )  # fmt: skip


def _joined(known: Shift | None, said: Shift | None) -> Shift | None:
    """Both looks as one: what the later one saw counts, what only one saw stays."""
    if known is None or said is None:
        return known if said is None else said
    seen = {name: value for name, value in structs.asdict(said).items() if value not in (None, "")}
    return structs.replace(known, **seen)


def _both(known: tuple[str, ...] | None, said: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """What either look named; None where nobody looked."""
    if known is None or said is None:
        return known if said is None else said
    return tuple(dict.fromkeys((*known, *said)))


def _knows(never: Sequence[NeverRecord], event: str) -> bool:
    return any(each.event == event and each.kind == "violation" for each in never)


def _business(said: Outcome) -> list[tuple[str, str]]:
    return [(f"business.{name}", text) for name, text in said.business.items()]


def _read(name: str, text: str) -> float | None:
    """A number; of feedback a share of the best: a word, `0.8`, or `4/5` (1 is the worst)."""
    word = text.strip().casefold()
    if word in _GOOD or word in _BAD:
        return float(word in _GOOD)
    if name != FEEDBACK:
        return _number(word)
    given, slash, most = word.partition("/")
    value, top = _number(given), _number(most) if slash else None
    if value is None or (slash and (top is None or top < 2 or not 1 <= value <= top)):
        return None
    if top is not None:
        return (value - 1) / (top - 1)
    return value if 0 <= value <= 1 else None


def _number(text: str) -> float | None:
    try:
        value = float(text) if len(text) <= 32 else math.nan
    except ValueError:
        return None
    return value if abs(value) <= _LARGEST else None


def feedback_score(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The mean of what users said of answers."""
    return share_of_cases(spec, cases, _liked, "", confidence)


def _liked(row: Observation) -> float | None:
    return row.scores.get(FEEDBACK)


def resolved_rate(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """The share of sessions that were resolved, of those of which that was said."""
    values = [float(ended > 0) for _, ended in _sessions(cases)]
    rows = sum(len(group) for group, _ in _sessions(cases))
    if not values:
        return absent(spec)
    found = share_of(spec, PerCase(values, rows), confidence)
    return structs.replace(found, counted="sessions")


def cost_per_resolved(
    spec: IndicatorSpec, cases: Cases, _aggregation: str, confidence: float
) -> Measurement:
    """What all sessions cost, over those that were resolved."""
    known = [(_cost(group), float(ended > 0), group) for group, ended in _sessions(cases)]
    priced = [(cost, ended) for cost, ended, _ in known if cost is not None]
    currencies = {row.currency for _, _, group in known for row in group if row.cost is not None}
    if len(currencies) > 1:
        return absent(spec, f"prices are in {' and '.join(sorted(currencies))}")
    resolved = sum(ended for _, ended in priced)
    if not resolved:
        return absent(spec, "no session that was resolved has a price" if known else "")
    notes = []
    if len(priced) < len(known):
        notes.append(f"{len(known) - len(priced)} of {len(known)} sessions have no price")
    bounds = None
    try:
        if len(priced) < FEWEST_SESSIONS:
            raise ValueError(f"bounds need {FEWEST_SESSIONS} sessions")
        bounds = bca_ratio([priced], confidence=confidence)
    except ValueError as error:
        notes.append(str(error))
    rows = sum(len(group) for cost, _, group in known if cost is not None)
    found = bounded(
        spec,
        math.fsum(cost for cost, _ in priced) / resolved,
        bounds,
        PerCase([0.0] * len(priced), rows),
        confidence=confidence,
        method="bca",
        reason="; ".join(notes),
    )
    return structs.replace(found, counted="sessions", loose=bounds is not None)


def _sessions(cases: Cases) -> list[tuple[Rows, float]]:
    """The rows of each session of which it was said whether it was resolved, and the last word."""
    groups: dict[tuple[str, str, str], list[Observation]] = {}
    for row in cases.rows:
        own = ("", row.session) if row.session else (row.id, "")
        groups.setdefault((row.tenant, *own), []).append(row)
    found: list[tuple[Rows, float]] = []
    for group in groups.values():
        said = [row for row in group if RESOLVED in row.scores]
        if said:
            found.append((group, max(said, key=lambda row: row.time).scores[RESOLVED]))
    return found


def _cost(group: Rows) -> float | None:
    """What a session cost; None where an answer that used tokens has no price."""
    if any(row.cost is None and row.usage.input_tokens for row in group):
        return None
    return math.fsum(float(row.cost) for row in group if row.cost is not None)
