"""A waiver lets a named failure pass until a date. One that does not hold is as if it were absent.

Enters: waivers as written, whose keys signed them, today. Leaves: which hold and why the others do
not; assessments whose failure is accepted, their verdict as it was. Never here: a waiver that
opens without evidence (INCONCLUSIVE and ERROR stay), or one for what must never happen.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct, structs

from roadworthy.domain import Assessment, Verdict, Waiver, WaiverUse, digest_of, unwaivable

from .incident_cases import REQUIREMENT


class Terms(Struct, frozen=True, kw_only=True):
    """What a waiver is held against."""

    today: dt.date
    """In the charter's time zone."""
    people: Collection[str]
    """Names of everybody who has, or had, a key here."""
    authors: Collection[str]
    """Names of who built this candidate."""
    wanted: int = 1
    """How many distinct people the charter asks for."""


class Held(Struct, frozen=True, kw_only=True):
    """A waiver and how it stands."""

    waiver: Waiver
    signed_by: tuple[str, ...] = ()
    """Names of the people whose keys signed these very words."""
    refused: str = ""
    """Why it counts for nothing; empty when it holds."""

    @property
    def holds(self) -> bool:
        """Whether it lets pass what it names."""
        return not self.refused


def held(waiver: Waiver, signed_by: Collection[str], terms: Terms) -> Held:
    """How a waiver stands: its form first, then who signed, then until when."""
    names = tuple(sorted(signed_by))
    return Held(waiver=waiver, signed_by=names, refused=_refusal(waiver, names, terms))


def unsound(waiver: Waiver, terms: Terms) -> str:
    """Why nobody's signature would make it hold; empty when one would."""
    people = {_same(name) for name in terms.people}
    if not waiver.reason.strip():
        return "it gives no reason"
    if _same(waiver.author) not in people:
        return (
            f"its author {waiver.author} has no key here, so nobody can be told apart from whoever "
            "signs it"
        )
    if _same(waiver.author) == _same(waiver.approved_by):
        return f"{waiver.author} is its author and its approver"
    if _same(waiver.approved_by) in {_same(name) for name in terms.authors}:
        return f"{waiver.approved_by} built this candidate and cannot excuse it"
    try:
        until = dt.date.fromisoformat(waiver.until)
    except ValueError:
        return f"its last day `{waiver.until}` is no date"
    return f"it expired: its last day was {waiver.until}" if terms.today > until else ""


def _refusal(waiver: Waiver, signed_by: Sequence[str], terms: Terms) -> str:
    if reason := unsound(waiver, terms):
        return reason
    sign = f"roadworthy waiver sign {waiver.id} --as {waiver.approved_by}"
    if not signed_by:
        return f"nobody signed it as it stands: {sign}"
    if _same(waiver.approved_by) not in {_same(name) for name in signed_by}:
        return f"{waiver.approved_by}, who is to approve it, did not sign it: {sign}"
    barred = {_same(waiver.author), *(_same(name) for name in terms.authors)}
    counted = [name for name in signed_by if _same(name) not in barred]
    if len(counted) < terms.wanted:
        return f"{len(counted)} of {terms.wanted} people signed it: {', '.join(counted)}"
    return ""


def _same(name: str) -> str:
    return name.strip().casefold()


def accept_removals(
    cases: Iterable[str], waivers: Sequence[Held], required: Collection[str]
) -> dict[str, str]:
    """Removed case -> id of the waiver that accepts it. `required`: the cases of incidents."""
    named = {case: item.waiver.id for item in waivers if item.holds for case in item.waiver.cases}
    return {case: named[case] for case in cases if case in named and case not in required}


def accept_failures(assessments: Iterable[Assessment], waivers: Sequence[Held]) -> list[Assessment]:
    """The assessments, each failure that a waiver names marked with it. The verdict stays."""
    return [_accepted(item, waivers) for item in assessments]


def _accepted(item: Assessment, waivers: Sequence[Held]) -> Assessment:
    if item.verdict is not Verdict.FAIL or item.name == REQUIREMENT or unwaivable(item.slo):
        return item
    for each in waivers:
        if each.holds and each.waiver.slo and _names(each.waiver, item):
            return structs.replace(item, waived_by=each.waiver.id)
    return item


def _names(waiver: Waiver, item: Assessment) -> bool:
    """Whether it is this very failure. One for a whole objective excuses none of its slices."""
    wanted = f"{waiver.slo}{{{waiver.slice}}}" if waiver.slice else waiver.slo
    return item.slo.name == waiver.slo and item.name == wanted


def used(
    waivers: Iterable[Held], assessments: Sequence[Assessment], others: Mapping[str, str]
) -> tuple[tuple[WaiverUse, ...], list[str]]:
    """The waivers that a decision rests on, and a note on each that it does not rest on.

    `others`: what else was accepted (`case c1`, `finding f7`) -> the waiver's id.
    """
    found: list[WaiverUse] = []
    notes: list[str] = []
    for each in waivers:
        waiver = each.waiver
        covers = [item.name for item in assessments if item.waived_by == waiver.id]
        covers += [what for what, by in others.items() if by == waiver.id]
        if not each.holds:
            notes.append(f"waiver {waiver.id} counts for nothing: {each.refused}")
        elif not covers:
            notes.append(_needless(waiver, assessments))
        else:
            found.append(
                WaiverUse(
                    id=waiver.id,
                    digest=digest_of(waiver),
                    covers=tuple(covers),
                    reason=waiver.reason,
                    author=waiver.author,
                    approved_by=each.signed_by,
                    until=waiver.until,
                )
            )
    return tuple(found), notes


def _needless(waiver: Waiver, assessments: Sequence[Assessment]) -> str:
    """Why a waiver that holds let nothing pass."""
    named = [item for item in assessments if item.slo.name == waiver.slo]
    why = next((text for item in named if (text := unwaivable(item.slo))), "")
    if why:
        return f"waiver {waiver.id} counts for nothing: {why}"
    if any(_names(waiver, item) and not item.verdict.opens for item in named):
        return f"waiver {waiver.id} accepts a failure, and {waiver.slo} is not decided at all"
    return f"waiver {waiver.id} holds, and nothing needed it"
