"""Which legal clocks run for an incident, and until when.

Enters: what people stated of it, what is known of the system's place in the law, the time. Leaves:
clocks, the one that ends first first. Never here: a clock that begins with a machine's time, or a
fact that nobody stated taken for false.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from roadworthy.domain import CLOCKS, Charter, Incident, Instant, LegalClock, period_end

ClockState = Literal["running", "overdue", "reported", "not_in_force"]


class Law(Struct, frozen=True, kw_only=True):
    """What decides which clocks apply: as the charter states it; what is left out is unknown."""

    roles: tuple[str, ...] = ()
    facts: Mapping[str, Any] = {}
    time_zone: str = "UTC"
    holidays: tuple[str, ...] = ()
    """Public holidays where the report is due, `YYYY-MM-DD`."""


class Running(Struct, frozen=True, kw_only=True):
    """One clock of one incident."""

    clock: str
    article: str
    to: str
    days: int
    binding: str
    aware_at: Instant
    due: Instant
    """The last instant; with `days` 0 it is due at once."""
    state: ClockState
    applies_from: str
    assumed: tuple[str, ...] = ()
    """What nobody stated and is taken as if it applied."""
    note: str = ""


def law_of(charter: Charter | None, holidays: tuple[str, ...] = ()) -> Law:
    """As a charter states it; without one everything is unknown."""
    if charter is None:
        return Law(holidays=holidays)
    return Law(
        roles=tuple(charter.roles),
        facts=charter.facts,
        time_zone=charter.time_zone,
        holidays=holidays,
    )


def clocks_of(incident: Incident, law: Law, now: Instant) -> list[Running]:
    """Every clock that a person's statement started; none where nobody made one, or said `none`.

    One whose duty is not in force yet is there as `not_in_force`: what is reported anyway is a
    person's choice.
    """
    said = incident.legal
    if said is None or not said.serious:
        return []
    found = [
        _running(clock, incident, law, now, assumed)
        for clock in CLOCKS
        if clock.harms & set(said.harms) and (assumed := _applies(clock, law)) is not None
    ]
    return sorted(found, key=lambda each: (each.due, each.clock))


def _applies(clock: LegalClock, law: Law) -> tuple[str, ...] | None:
    """What is assumed so that it applies; None where a stated fact says that it does not."""
    assumed = []
    if not law.roles:
        if clock.binds == "gpai_provider":
            return None  # nobody is that by silence
        assumed.append(f"role {clock.binds}")
    elif clock.binds not in law.roles:
        return None
    asked = {"risk_class": "high"} if clock.high_risk_only else {"systemic_risk": True}
    for name, wanted in asked.items():
        if name not in law.facts:
            assumed.append(name)
        elif law.facts[name] != wanted:
            return None
    return tuple(assumed)


def _running(
    clock: LegalClock, incident: Incident, law: Law, now: Instant, assumed: tuple[str, ...]
) -> Running:
    assert incident.legal is not None
    due = period_end(
        incident.legal.aware_at, clock.days, time_zone=law.time_zone, holidays=law.holidays
    )
    annex_i = str(law.facts.get("high_risk_route", "")).startswith("annex_i_")
    begins = clock.applies_from_annex_i if annex_i else clock.applies_from
    state: ClockState = "running"
    if any(each.to == clock.to for each in incident.reports):
        state = "reported"
    elif now[:10] < begins:
        state = "not_in_force"
    elif now > due:
        state = "overdue"
    return Running(
        clock=clock.id,
        article=clock.article,
        to=clock.to,
        days=clock.days,
        binding=clock.binding,
        aware_at=incident.legal.aware_at,
        due=due,
        state=state,
        applies_from=begins,
        assumed=assumed,
        note=clock.note,
    )
