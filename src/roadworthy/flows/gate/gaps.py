"""Never events that nobody looked for, in words, so that no count of violations hides them.

Enters: never events and the rows of a run. Leaves: sentences. What never happens here: an event
that a rule could not look for, or that has no rule which could, passed over as not having happened.
"""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import NeverEvent, Observation
from roadworthy.monitoring import Lookout, lookouts, seen_by


def gaps(rows: Sequence[Observation], never: Sequence[NeverEvent]) -> list[str]:
    """One sentence per never event that was not looked for in every answer that left.

    Without never events nobody looked for anything.
    """
    if not never:
        return ["nothing looked for a never event: charter.yaml has none under `never`"]
    seen = lookouts(rows, [event.id for event in never])
    found = (_gap(event, one) for event, one in zip(never, seen, strict=True))
    return [gap for gap in found if gap]


def looked_at(rows: Sequence[Observation], never: Sequence[NeverEvent]) -> list[Observation]:
    """Answers of the cases in which every event was looked for; those that labels cover aside.

    Without never events in none.
    """
    if not never:
        return []
    seen = lookouts(rows, [event.id for event in never])
    asked = [
        event.id
        for event, one in zip(never, seen, strict=True)
        if event.is_wired or not one.labelled
    ]
    left = [row for row in rows if row.action == "answered"]
    missed = {(row.suite, row.case) for row in left if not seen_by(row, asked)}
    return [row for row in left if (row.suite, row.case) not in missed]


def _gap(event: NeverEvent, seen: Lookout) -> str:
    if not event.is_wired:
        nobody = (
            f"nothing looks for the never event `{event.id}` (no {event.rule.kind} is wired), and "
            f"no case of these is tagged `never:{event.id}` with the hold or block that must happen"
        )
        return "" if seen.labelled else nobody
    missed = seen.left - seen.looked
    if not missed:
        return ""
    why = f": {seen.why}" if seen.why else ""
    told = f"the never event `{event.id}` was not looked for in {missed} of {seen.left} answers"
    return told + why


def covered_by_labels(rows: Sequence[Observation], never: Sequence[NeverEvent]) -> list[str]:
    """What covers never events that no rule looks for, one note each."""
    events = [event for event in never if not event.is_wired]
    return [
        f"no {event.rule.kind} is wired: violations of `{event.id}` are seen only in the rows "
        f"tagged `never:{event.id}` ({one.labelled})"
        for event, one in zip(events, lookouts(rows, [each.id for each in events]), strict=True)
        if one.labelled
    ]
