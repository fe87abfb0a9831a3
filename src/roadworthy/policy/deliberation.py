"""The deliberation note: for this candidate, with every voice, every section said, and not a no."""

from __future__ import annotations

import datetime as dt
import re

from roadworthy.domain import (
    SECTIONS,
    Blocker,
    Charter,
    Deliberation,
    Verdict,
    unsaid_sections,
)

_SHORTEST_PREFIX = 12
"""Hex digits that a note must at least give of the candidate's digest."""

_NAME = re.compile(r"[^\w]+")
_NOBODY = frozenset((
    "", "nobody", "noone", "none", "na", "tbd", "tbc", "todo", "unknown", "someone", "somebody",
    "niemand", "keiner", "offen", "unbekannt", "jemand",
))  # fmt: skip
"""Owners that are none."""

_SPEAK = (
    "roadworthy deliberate opens the note; people finish it; then roadworthy deliberate --record "
    "--as NAME, and roadworthy gate"
)


def deliberation_blockers(
    note: Deliberation | None, charter: Charter, candidate: str
) -> list[Blocker]:
    """Why the note keeps the gate closed; empty when it does not.

    A missing note is INCONCLUSIVE (people have not spoken), and so is one that is as it was
    opened: its `hold` is nobody's. A note in which people say hold or stop is FAIL.
    """
    if note is None:
        return [_undecided("deliberation-note.md is missing: people have not spoken yet")]
    header = note.header
    if not is_about(note, candidate):
        shown = header.candidate or "nothing"
        return [
            _undecided(
                f"deliberation-note.md is about {shown}, this candidate is {candidate[:19]}…"
            )
        ]
    blockers = []
    heard = {each.voice.casefold() for each in header.participants if each.name.strip()}
    missing = [voice for voice in charter.review.required_voices if voice.casefold() not in heard]
    if missing:
        blockers.append(
            _undecided(f"deliberation-note.md lacks the voice of: {', '.join(missing)}")
        )
    elif (alone := _alone(note, charter)) is not None:
        blockers.append(
            _undecided(
                f"deliberation-note.md: {alone} speaks for each required voice, and one person"
                " alone deliberates with nobody"
            )
        )
    unsaid = unsaid_sections(note.body)
    if unsaid:
        titles = ", ".join(f"`## {one.section.title}`" for one in unsaid)
        blockers.append(_undecided(f"deliberation-note.md says nothing under {titles}"))
    spoken = heard or len(unsaid) < len(SECTIONS)
    if header.decision in ("hold", "stop") and spoken:
        blockers.append(
            Blocker(
                verdict=Verdict.FAIL,
                reason=f"deliberation-note.md decided to {header.decision}",
                phase="scope",
            )
        )
    return blockers


def held_faults(note: Deliberation, today: dt.date, *, within_days: int) -> list[str]:
    """Why a note cannot have been held as it says: its day, and the owners and days of actions.

    `within_days`: how long ago it may have been, as what is entered counts from its entry on.
    """
    header, faults = note.header, []
    day = _day(header.date)
    if day is None:
        faults.append(f"`date: {header.date}` is no day: YYYY-MM-DD")
    elif day > today:
        faults.append(f"`date: {header.date}` is not here yet: today is {today.isoformat()}")
    elif (today - day).days > within_days:
        faults.append(
            f"`date: {header.date}` is {(today - day).days} days ago, and counts from its entry"
            f" on: more than the {within_days} of the charter's cadence; deliberate anew"
        )
    for action in header.actions:
        if _NAME.sub("", action.owner.casefold()) in _NOBODY:
            faults.append(f"the action `{action.what}` is owned by nobody (`{action.owner}`)")
        if action.due and not action.closed_by:
            due = _day(action.due)
            if due is None:
                faults.append(f"the action `{action.what}` is due on no day: `{action.due}`")
            elif day is not None and due < day:
                faults.append(f"the action `{action.what}` was due before the note: {action.due}")
    return faults


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _alone(note: Deliberation, charter: Charter) -> str | None:
    """Who speaks for every required voice alone, where there are several."""
    required = {voice.casefold() for voice in charter.review.required_voices}
    names: dict[str, str] = {
        each.name.strip().casefold(): each.name.strip()
        for each in note.header.participants
        if each.voice.casefold() in required and each.name.strip()
    }
    return next(iter(names.values())) if len(required) > 1 and len(names) == 1 else None


def is_about(note: Deliberation, candidate: str) -> bool:
    """Whether the note names this candidate, by its digest or an unambiguous prefix of it."""
    given = note.header.candidate.removeprefix("sha256:").lower()
    return len(given) >= _SHORTEST_PREFIX and candidate.removeprefix("sha256:").startswith(given)


def _undecided(reason: str) -> Blocker:
    return Blocker(verdict=Verdict.INCONCLUSIVE, reason=reason, phase="policy", step=_SPEAK)
