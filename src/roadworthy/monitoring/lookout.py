"""Whether anybody looked: a count of violations says nothing where nothing looked for them.

Enters: observations. Leaves: per never event how many of the answers that left were looked at,
and per rail what could not be. Never here: a verdict.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

from roadworthy.domain import LOOKED_AT_LATER, NOBODY_LOOKS, Observation, RailVerdict, Unchecked

from .standing import expected_action

_LATE = (NOBODY_LOOKS, LOOKED_AT_LATER)
"""Reasons that block no answer: it has left."""

STOPPED_FIRST = "stopped first by"
"""How a rail says that another one had stopped the answer already: nothing was missed."""


class Lookout(Struct, frozen=True, kw_only=True):
    """How one never event was looked for."""

    event: str
    left: int
    """Answers that left."""
    looked: int
    """Of which its rule looked at, on every side that it speaks of."""
    labelled: int
    """Rows whose case is for it (tag `never:<event>`) and says what must happen: hold or block."""
    why: str = ""
    """The commonest reason why its rule could not look, where one is known."""


def lookouts(rows: Sequence[Observation], events: Iterable[str]) -> tuple[Lookout, ...]:
    """One lookout per never event, in the order given."""
    left = [row for row in rows if row.action == "answered"]
    return tuple(
        Lookout(
            event=event,
            left=len(left),
            looked=sum(1 for row in left if _looked(row, event)),
            labelled=sum(1 for row in rows if _labels(row, event)),
            why=_why(left, event),
        )
        for event in events
    )


def _why(left: Sequence[Observation], event: str) -> str:
    reasons = Counter(
        verdict.reason
        for row in left
        for verdict in row.rails
        if verdict.never_event == event and verdict.outcome == "not_checked"
    )
    return min(reasons, key=lambda reason: (-reasons[reason], reason), default="")


def seen_by(row: Observation, events: Iterable[str]) -> bool:
    """Whether the rule of each of these looked at the row."""
    return all(_looked(row, event) for event in events)


def _looked(row: Observation, event: str) -> bool:
    verdicts = [verdict for verdict in row.rails if verdict.never_event == event]
    return bool(verdicts) and all(verdict.outcome != "not_checked" for verdict in verdicts)


def _labels(row: Observation, event: str) -> bool:
    return f"never:{event}" in row.tags and expected_action(row) in ("hold", "block")


def unchecked(rows: Iterable[Observation]) -> tuple[Unchecked, ...]:
    """What rails and never events could not look at, with the reasons, the commonest first."""
    seen: Counter[tuple[str, str]] = Counter()
    blocked: Counter[tuple[str, str]] = Counter()
    for row in rows:
        for key in {(one.rail, one.reason) for one in row.rails if _missed(one)}:
            seen[key] += 1
            blocked[key] += row.action == "blocked" and _closed(row) and key[1] not in _LATE
    return tuple(
        Unchecked(rail=rail, reason=reason, rows=count, blocked=blocked[rail, reason])
        for (rail, reason), count in sorted(seen.items(), key=lambda item: (-item[1], item[0]))
    )


def _closed(row: Observation) -> bool:
    """Whether a blocked row was closed for want of a look, not for something found."""
    return not any(verdict.outcome == "block" for verdict in row.rails)


def _missed(verdict: RailVerdict) -> bool:
    return verdict.outcome == "not_checked" and not verdict.reason.startswith(STOPPED_FIRST)
