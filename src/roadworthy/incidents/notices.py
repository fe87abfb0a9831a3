"""Which entries of the ledger people are told of, and in which words: ids and numbers only.

Enters: an entry, the incidents as they stand after it. Leaves: a notice, or nothing. Never here: a
text that a person or a caller wrote (a title, a note, a reason, the value of a facet), whatever the
entry holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from roadworthy.domain import (
    Entry,
    Incident,
    Instant,
    Notice,
    Severity,
    digest_of,
    parse_instant,
)

from .clocks import Running
from .opening import AT_LEAST

_INCIDENT = frozenset(
    {"opened", "reopened", "breached", "acknowledged", "assigned", "graded", "classified",
     "reported", "promoted", "closed", "dismissed"}
)  # fmt: skip
_OVER = frozenset({"closed", "dismissed"})

SOON_S = 86_400.0
"""How long before a legal period ends people are told once more."""


def notice_of(entry: Entry, incidents: Mapping[str, Incident]) -> Notice | None:
    """What is told of an entry; None of most."""
    kind, _, verb = entry.kind.partition(".")
    make = _MAKERS.get(kind)
    return make(entry, verb, incidents) if make is not None else None


def _incident(entry: Entry, verb: str, incidents: Mapping[str, Incident]) -> Notice | None:
    found = incidents.get(entry.subject)
    if verb not in _INCIDENT or found is None:
        return None
    was = entry.payload.get("was")
    return Notice(
        id=_id(entry.digest),
        kind="incident",
        verb=verb,
        system=entry.system,
        severity=entry.payload.get("severity") or found.severity,
        was=was if was != found.severity else None,
        key=found.id,
        at=entry.time,
        over=verb in _OVER,
        about=_said(
            state=found.state,
            release=found.release,
            never_event=found.never_event,
            objective=found.objective,
            rollout=found.rollout,
            slices=str(len(found.parts)) if found.parts else "",
            answers=str(len(found.answers)),
            entry=str(entry.seq),
        ),
    )


def _kill(entry: Entry, verb: str, _: Mapping[str, Incident]) -> Notice | None:
    if verb not in ("set", "lifted"):
        return None
    scope = str(entry.payload.get("scope", "")).partition(":")[0]
    return Notice(
        id=_id(entry.digest),
        kind="kill",
        verb=verb,
        system=entry.system,
        severity="critical" if scope == "system" else "high",
        key=entry.subject,
        at=entry.time,
        over=verb == "lifted",
        about=_said(
            scope=scope,
            never_event=str(entry.payload.get("never_event", "")),
            entry=str(entry.seq),
        ),
    )


def _objective(entry: Entry, verb: str, _: Mapping[str, Incident]) -> Notice | None:
    if verb not in ("breached", "recovered"):
        return None
    said = entry.payload
    return Notice(
        id=_id(entry.digest),
        kind="objective",
        verb=verb,
        system=entry.system,
        severity=AT_LEAST.get(said.get("action", "alert"), "low"),
        key=entry.subject,
        at=entry.time,
        over=verb == "recovered",
        about=_said(
            objective=str(said.get("objective", "")),
            action=str(said.get("action", "")),
            target=str(said.get("target", "")),
            **{
                name: str(said[name])
                for name in ("estimate", "low", "high", "n")
                if said.get(name) is not None
            },
            entry=str(entry.seq),
        ),
    )


def _mitigation(entry: Entry, verb: str, _: Mapping[str, Incident]) -> Notice | None:
    """A mitigation that a person lifted ends what its breach began."""
    if verb != "lifted":
        return None
    return _plain(entry, "objective", verb, severity="low", over=True)


def _rollout(entry: Entry, verb: str, _: Mapping[str, Incident]) -> Notice | None:
    if verb not in ("started", "paused", "aborted", "promoted"):
        return None
    severity: Severity = "medium" if verb == "aborted" else "low"
    return _plain(entry, "rollout", verb, severity=severity, over=verb in ("aborted", "promoted"))


def _review(entry: Entry, verb: str, _: Mapping[str, Incident]) -> Notice | None:
    if verb not in ("assigned", "second_opinion_asked", "decided"):
        return None
    return _plain(entry, "review", verb, severity="low", over=verb == "decided")


def _plain(entry: Entry, kind: str, verb: str, *, severity: Severity, over: bool) -> Notice:
    return Notice(
        id=_id(entry.digest),
        kind=kind,  # type: ignore[arg-type]
        verb=verb,
        system=entry.system,
        severity=severity,
        key=entry.subject,
        at=entry.time,
        over=over,
        about={"entry": str(entry.seq)},
    )


_MAKERS: dict[str, Callable[[Entry, str, Mapping[str, Incident]], Notice | None]] = {
    "incident": _incident,
    "kill": _kill,
    "objective": _objective,
    "mitigation": _mitigation,
    "rollout": _rollout,
    "review": _review,
}


def clock_notices(incident: Incident, clocks: Iterable[Running], now: Instant) -> list[Notice]:
    """What is told of an incident's clocks now, each once: begun, nearly over, over, stopped."""
    return [
        Notice(
            id=_id([incident.id, each.clock, each.aware_at, each.due, stage]),
            kind="clock",
            verb=stage,
            system=incident.system,
            severity="critical" if stage in ("due_soon", "overdue") else "high",
            key=f"{incident.id}-{each.clock}",
            at=now,
            over=stage == "stopped",
            about=_said(
                incident=incident.id,
                article=each.article,
                to=each.to,
                due=each.due,
                days=str(each.days),
                aware_at=each.aware_at,
            ),
        )
        for each in clocks
        if (stage := _stage(each, now))
    ]


def _stage(clock: Running, now: Instant) -> str:
    if clock.state == "reported":
        return "stopped"
    if clock.state == "overdue":
        return "overdue"
    if clock.state == "not_in_force":
        return ""
    return "due_soon" if _seconds(now, clock.due) <= SOON_S else "started"


def _seconds(begin: Instant, end: Instant) -> float:
    return (parse_instant(end) - parse_instant(begin)).total_seconds()


def _id(about: object) -> str:
    return f"notice-{digest_of(about).removeprefix('sha256:')[:24]}"


def _said(**given: str) -> dict[str, str]:
    return {name: value for name, value in given.items() if value}
