"""Which legal clocks run for an incident, and until when; where none does, why not.

Enters: what people stated of it, what is known of the system's place in the law, the time. Leaves:
clocks, the one that ends first first. Never here: a clock that begins with a machine's time, a
fact that nobody stated taken for false, no clock without the reason.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from roadworthy.domain import CLOCKS, Incident, Instant, LegalClock, period_end

from .law import UNDECIDED, Law

ClockState = Literal["running", "overdue", "reported", "not_in_force"]


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
    unread: tuple[str, ...] = ()
    """What states it and cannot be read: it counts as an open question."""
    note: str = ""


class _Applies(Struct, frozen=True):
    """Whether one clock applies: what is assumed so that it does, or why it does not."""

    assumed: tuple[str, ...] = ()
    but: str = ""


def clocks_of(incident: Incident, law: Law, now: Instant) -> list[Running]:
    """Every clock that a person's statement started; none where nobody made one, or said `none`.

    One whose duty is not in force yet is there as `not_in_force`: what is reported anyway is a
    person's choice.
    """
    found = [
        _running(clock, incident, law, now, applies.assumed)
        for clock in _of_its_harms(incident)
        if not (applies := _applies(clock, law)).but
    ]
    return sorted(found, key=lambda each: (each.due, each.clock))


def why_no_clock(incident: Incident, law: Law) -> str:
    """Why none runs, in a sentence without its end; empty where one does."""
    said = incident.legal
    if said is None:
        return "no clock, because nobody has said what it led to"
    if not said.serious:
        return "no clock, because people say that it is no serious incident"
    reasons: dict[str, list[str]] = {}
    for clock in _of_its_harms(incident):
        but = _applies(clock, law).but
        if not but:
            return ""
        reasons.setdefault(but, []).append(clock.article)
    words = (f"{', '.join(dict.fromkeys(cited))}: {but}" for but, cited in reasons.items())
    return f"no clock, because {'; '.join(words)}"


def _of_its_harms(incident: Incident) -> list[LegalClock]:
    said = incident.legal
    if said is None or not said.serious:
        return []
    return [clock for clock in CLOCKS if clock.harms & set(said.harms)]


def _applies(clock: LegalClock, law: Law) -> _Applies:
    assumed = []
    if clock.binds not in law.roles:
        held = f"for the {clock.binds} only, and "
        if clock.binds in law.may_be:
            assumed.append(f"role {clock.binds}")
        elif law.roles:
            return _Applies(but=f"{held}the roles are {', '.join(law.roles)}{_by(law, 'roles')}")
        elif clock.binds == "gpai_provider":  # nobody is that by silence
            return _Applies(but=f"{held}nobody states that role")
        else:
            assumed.append(f"role {clock.binds}")
    name, wanted = ("risk_class", "high") if clock.high_risk_only else ("systemic_risk", True)
    value = law.facts.get(name, UNDECIDED)
    if value == UNDECIDED:
        assumed.append(name)
    elif value != wanted and clock.high_risk_only:
        return _Applies(but=f"for high-risk systems only, and the class is {value}{_by(law, name)}")
    elif value != wanted:
        what = "for models with systemic risk only, and this is none"
        return _Applies(but=f"{what}{_by(law, name)}")
    if not law.time_zones:
        assumed.append("time_zone UTC")
    return _Applies(assumed=tuple(assumed))


def _by(law: Law, name: str) -> str:
    sources = law.said_by.get(name, ())
    return f" ({', '.join(sources)})" if sources else ""


def _running(
    clock: LegalClock, incident: Incident, law: Law, now: Instant, assumed: tuple[str, ...]
) -> Running:
    said = incident.legal
    assert said is not None
    due = min(
        period_end(said.aware_at, clock.days, time_zone=zone, holidays=law.holidays)
        for zone in law.time_zones or ("UTC",)
    )
    annex_i = str(law.facts.get("high_risk_route", "")).startswith("annex_i_")
    begins = (annex_i and clock.applies_from_annex_i) or clock.applies_from
    state: ClockState = "running"
    if any(each.to == clock.to and each.sent_at >= said.aware_at for each in incident.reports):
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
        aware_at=said.aware_at,
        due=due,
        state=state,
        applies_from=begins,
        assumed=assumed,
        unread=law.unread,
        note=clock.note,
    )
