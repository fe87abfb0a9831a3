"""What incidents ask of a release before it may answer: a gate that ran their cases, and met them.

    sign, activate   every incident of the system, whatever it was called
    lift             the incidents that the kills were set for, asked of the release that is live

A gate's PASS is about the incidents of its day. So that decision is held against each incident
anew, and what happened since is owed.

Enters: a loop, a release's content or flags. Leaves: nothing, or RefusedError. What never happens
here: a verdict of its own; it reads what the gate said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct, structs

from roadworthy.domain import (
    Bar,
    Entry,
    GateDecision,
    Incident,
    KillFlag,
    RefusedError,
    ReleaseContent,
)
from roadworthy.incidents import kills_of
from roadworthy.policy import REQUIREMENT, holds
from roadworthy.serving import covers

from ..workspace.loop import Loop
from .entered_kills import entered_kills, ledger_kills
from .incident_entries import incidents_of
from .moved import earlier_bars, names_of
from .release_records import ACTIVATED
from .run_records import bar_of

_ASKS = frozenset({"incident.opened", "incident.observed", "incident.promoted"})
"""Entries after which an incident asks something that no gate before them answered."""

_CURE = (
    "roadworthy eval, then roadworthy gate, on a candidate that meets its cases; a false report is"
    " dismissed by two people: roadworthy incident dismiss"
)


class Owed(Struct, frozen=True, kw_only=True):
    """An incident that a candidate has not shown to have learned from."""

    incident: Incident
    why: str


def owed_by(loop: Loop, content: ReleaseContent) -> list[Owed]:
    """What the candidate owes the incidents of its system, whatever that was called."""
    decided = _newest(loop, content.candidate_digest, content.system)
    incidents = [each for name in _names(loop, content, decided) for each in _known(loop, name)]
    return _owed(loop, incidents, decided)


def require_learned(loop: Loop, content: ReleaseContent) -> None:
    """Raise RefusedError where the candidate owes an incident something."""
    _refuse(owed_by(loop, content), "this release is not signed")


def require_learned_or_safe(loop: Loop, content: ReleaseContent, release: str) -> list[str]:
    """The same of going live, but for an emergency; returns the incidents that it then owes.

    The emergency: it is the newest release that was live and has no incident of its own (the safe
    baseline), and all that each incident that it owes had stopped is stopped still, by the ledger.
    What leaked is then not answered, and no kill is lifted before the release that is live has
    learned.
    """
    owed = owed_by(loop, content)
    if owed and not _is_safe(loop, content, release, owed):
        _refuse(owed, "this release does not go live")
    return sorted(each.incident.id for each in owed)


def require_live_learned(loop: Loop, flags: Sequence[KillFlag]) -> None:
    """Raise RefusedError where lifting the flags would answer what no live release has learned.

    What is live is what the ledger says; the routing table may have been edited. Flags that people
    set are about no incident. Where nothing was activated, whatever goes live is asked.
    """
    for flag in flags:
        if not flag.never_event or not flag.system:
            continue
        live = loop.ledger.newest(kind=ACTIVATED, system=flag.system)
        if live is None:
            continue
        about = [each for each in _known(loop, flag.system) if kills_of(each, [flag])]
        if not about:
            raise RefusedError(
                f"{flag.id} stopped a violation of `{flag.never_event}` of which the ledger has no"
                " incident yet, so nobody can say what the live release must have learned",
                fix="the control process of `roadworthy serve` enters it, or: roadworthy outcome"
                f" add {flag.observation} --violation {flag.never_event} --as NAME",
            )
        candidate = str(live.payload.get("candidate", ""))
        decided = _newest(loop, candidate, flag.system) if candidate else None
        _refuse(_owed(loop, about, decided), f"{flag.id} stands while {live.subject} is live")


def asked_as_pinned(loop: Loop, decided: Entry, incident: Incident) -> bool:
    """Whether the run behind a decision asked every case of the incident as it is pinned."""
    bar_digest = str(decided.payload.get("bar", ""))
    if not bar_digest or not incident.pins:
        return False
    bar = bar_of(loop, bar_digest)
    return all(holds(bar, pin) for pin in incident.pins)


def met_all(loop: Loop, decided: Entry) -> bool:
    """Whether a decision is PASS and says that every case of an incident was met."""
    if decided.payload.get("decision") != "PASS":
        return False
    found = loop.blobs.get_json(str(decided.payload["digest"]))
    decision = msgspec.convert(found, GateDecision, strict=False)
    return any(item.name == REQUIREMENT and item.verdict.opens for item in decision.slos)


def _newest(loop: Loop, candidate: str, system: str) -> Entry | None:
    return loop.ledger.newest(kind="gate.decided", subject=candidate, system=system)


def _known(loop: Loop, system: str) -> Iterable[Incident]:
    return incidents_of(loop, system).values()


def _names(loop: Loop, content: ReleaseContent, decided: Entry | None) -> list[str]:
    """What the system is and was called, by the cases that the gate asked last."""
    digest = str(decided.payload.get("bar", "")) if decided is not None else ""
    nothing = Bar(system=content.system, candidate=content.candidate_digest, slos="", suites=())
    present = bar_of(loop, digest) if digest else nothing
    return names_of(content.system, earlier_bars(loop, content, present))


def _owed(loop: Loop, incidents: Iterable[Incident], decided: Entry | None) -> list[Owed]:
    return [
        Owed(incident=each, why=why) for each in incidents if (why := _why(loop, each, decided))
    ]


def _why(loop: Loop, incident: Incident, decided: Entry | None) -> str:
    """What is missing; empty where the decision is later than the incident and met its cases."""
    if incident.state == "dismissed" or not incident.observations:
        return ""  # no answer of it must be a case: what is broken is mended by what goes live
    if incident.unlearned:
        known, missing = len(incident.observations), len(incident.unlearned)
        which = "it is" if known == missing else f"{missing} of its answers is"
        return f"{which} no case yet: roadworthy incident promote {incident.id}"
    asks = [entry.seq for entry in loop.ledger.entries(subject=incident.id) if entry.kind in _ASKS]
    if decided is None or decided.seq < max(asks, default=0):
        return "its candidate was judged before the incident asked, or never"
    if not (asked_as_pinned(loop, decided, incident) and met_all(loop, decided)):
        return "the gate that judged its candidate last did not run its cases and meet them"
    return ""


def _is_safe(loop: Loop, content: ReleaseContent, release: str, owed: Sequence[Owed]) -> bool:
    """Whether it is the safe baseline, and all that it owes is stopped."""
    unsafe = {each.release for each in _known(loop, content.system) if each.disqualifies} | {
        each.incident.release for each in owed
    }
    live = loop.ledger.entries(kind=ACTIVATED, system=content.system)
    safe = [entry.subject for entry in live if entry.subject not in unsafe]
    if not safe or safe[-1] != release:
        return False
    entered, stand = entered_kills(loop), ledger_kills(loop)
    return all(_is_stopped(each.incident, content.system, entered, stand) for each in owed)


def _is_stopped(
    incident: Incident, system: str, entered: Sequence[KillFlag], stand: Sequence[KillFlag]
) -> bool:
    """Whether every scope that the incident's kills stopped is stopped now, in that system."""
    about = kills_of(incident, entered)
    if not about or not set(incident.kills) <= {flag.id for flag in about}:
        return False
    scopes = [structs.replace(flag, system=system) for flag in about]
    return all(any(covers(flag, scope) for flag in stand) for scope in scopes)


def _refuse(owed: Sequence[Owed], what: str) -> None:
    if not owed:
        return
    first = owed[0]
    more = f", and {len(owed) - 1} more" if len(owed) > 1 else ""
    raise RefusedError(f"incident {first.incident.id}{more}: {what}; {first.why}", fix=_CURE)
