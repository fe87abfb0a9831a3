"""What became of a pinned case: it is changed by two people, or it stays as it was pinned.

Enters: an incident, one more promotion of it, the approvals that came before. Leaves: its pins, and
a sentence for each case that somebody changed. Never here: a pin that one person alone moved,
whatever an entry says of itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import Entry, Incident, PinnedCase


class CaseChange(Struct, frozen=True, kw_only=True):
    """What a case says instead of what was pinned, or of what the answer's own input gives."""

    fields: tuple[str, ...]
    """Those that differ; `written by hand` where the input was erased and nothing can tell."""
    was: str
    """Digest of the case as it was pinned, or as the journal gives it; empty where it is erased."""
    now: str


def pinned_by(
    incident: Incident, entry: Entry, approved: Sequence[Entry]
) -> tuple[tuple[PinnedCase, ...], tuple[str, ...]]:
    """The incident's pins after a promotion, and what is to be said of the cases it changed.

    An entry of an older version pins nothing: its observations are still to be learned.
    """
    pins = {pin.id: pin for pin in incident.pins}
    said: list[str] = []
    changes = _changes(entry)
    for pin in msgspec.convert(entry.payload.get("pins", ()), tuple[PinnedCase, ...], strict=False):
        known = pins.get(pin.id)
        if (known is None and pin.id not in changes) or pin == known:
            pins[pin.id] = pin
        elif _by_two(pin, known, entry, approved):
            pins[pin.id] = pin
            said.append(_in_words(pin.id, changes[pin.id], entry))
        else:
            said.append(
                f"case {pin.id} was changed by one person alone at {entry.time[:19]}Z"
                f" ({entry.actor}): that does not hold"
            )
    return tuple(pins.values()), tuple(said)


def _changes(entry: Entry) -> dict[str, CaseChange]:
    """Case -> its change, as an entry says. One of an older version names the fields only."""
    given: dict[str, Any] = entry.payload.get("changed", {})
    none = {"fields": (), "was": "", "now": ""}
    return {
        case: msgspec.convert(said if isinstance(said, dict) else none, CaseChange)
        for case, said in given.items()
    }


def _by_two(
    pin: PinnedCase, known: PinnedCase | None, entry: Entry, approved: Iterable[Entry]
) -> bool:
    """Whether somebody else approved that this case is changed from that to this."""
    mine = _changes(entry).get(pin.id)
    if mine is None or mine.now != pin.digest or (known is not None and mine.was != known.digest):
        return False
    return any(
        each.actor != entry.actor and _changes(each).get(pin.id) == mine for each in approved
    )


def _in_words(case: str, change: CaseChange, entry: Entry) -> str:
    people = " and ".join(map(str, entry.payload.get("people", ())))
    was = change.was or "an input that was erased"
    reason = " ".join(str(entry.payload.get("reason", "")).split())
    return (
        f"case {case} was changed by {people} at {entry.time[:19]}Z ({', '.join(change.fields)}):"
        f" {was} became {change.now}, because: {reason}"
    )
