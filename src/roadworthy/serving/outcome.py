"""What the rails made of one side of an exchange.

Enters: every guard with what it saw. Leaves: one outcome; the worst action wins. Never happens
here: a guard that could not look counted as one that found nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from roadworthy.domain import NeverRecord, RailVerdict

from .guard import Guard, Look, verdict

RailsAction = Literal["answered", "held", "blocked"]


class RailOutcome(Struct, frozen=True, kw_only=True):
    """The rails' word on one side of one exchange."""

    text: str
    """Input: what the model may see. Output: the rest that may leave. Empty unless answered."""
    verdicts: tuple[RailVerdict, ...] = ()
    never: tuple[NeverRecord, ...] = ()
    """Never events that were stopped inline: attempts."""
    action: RailsAction = "answered"
    rail: str = ""
    """The rail that decided, when the action is not `answered`."""
    labels: tuple[str, ...] = ()
    """What people are told of an answer that may leave, behind it."""
    again: bool = False
    """Whether the model may be asked again: only rails that resample object."""
    clean: bool = False
    """Whether every guard looked and none found anything."""


def action_of(guard: Guard, seen: Look) -> RailsAction:
    """What one guard asks for."""
    if seen.failure:
        return "answered" if guard.open else "blocked"
    if not seen.findings:
        return "answered"
    if guard.action in ("block", "resample"):
        return "blocked"
    return "held" if guard.action == "hold" else "answered"


def conclude(seen: Sequence[tuple[Guard, Look]], text: str, *, stopped_by: str = "") -> RailOutcome:
    """The outcome of all guards of one side. `text` is what may leave when none objects."""
    if not stopped_by and not any(one.findings or one.failure for _, one in seen):
        # Nearly every text: nothing found, nothing failed.
        verdicts = tuple([verdict(guard, one) for guard, one in seen])
        return RailOutcome(text=text, verdicts=verdicts, clean=True)
    action: RailsAction = "answered"
    rail = ""
    blocking: set[str] = set()
    for guard, one in seen:
        asked = action_of(guard, one)
        if asked == "blocked":
            blocking.add("failure" if one.failure else guard.action)
        if asked == "blocked" and action != "blocked":
            action, rail = "blocked", guard.rail
        elif asked == "held" and action == "answered":
            action, rail = "held", guard.rail
    return RailOutcome(
        text=text if action == "answered" else "",
        verdicts=tuple([verdict(guard, one, stopped_by) for guard, one in seen]),
        never=tuple(
            NeverRecord(event=guard.never_event, kind="attempt", found_by="rail")
            for guard, one in seen
            if guard.never_event and (one.findings or (one.failure and guard.error_is_event))
        ),
        action=action,
        rail=rail,
        labels=tuple(
            dict.fromkeys(
                guard.replacement for guard, one in seen if guard.action == "label" and one.findings
            )
        ),
        again=blocking == {"resample"},
    )
