"""An incident: opened by a violation, a broken objective, a rollout that ended, or a person.

It is over by a gate that ran its cases, or by two people's word.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from .case import Case
from .clock import Instant
from .digest import digest_of
from .errors import TransitionError
from .harm import LegalStatement, SentReport
from .incident_care import CorrectiveAction, PinnedAction, Said
from .severity import Severity

IncidentState = Literal["open", "contained", "promoted", "closed", "dismissed"]

TRANSITIONS: dict[IncidentState, dict[str, IncidentState]] = {
    "open": {"contain": "contained", "promote": "promoted", "dismiss": "dismissed"},
    "contained": {"contain": "contained", "promote": "promoted", "dismiss": "dismissed"},
    "promoted": {
        "promote": "promoted",
        "close": "closed",
        "contain": "promoted",
        "dismiss": "dismissed",
    },
    "closed": {"promote": "promoted", "dismiss": "dismissed", "reopen": "open"},
    "dismissed": {},
}
"""Every arrow there is; the docs' diagram is drawn from it."""

OVER: frozenset[IncidentState] = frozenset(("closed", "dismissed"))
"""Nobody has to act on these. `dismissed`: the report was false, two people say so. `closed` is
left when one of its cases is pinned anew, or the objective breaks again: then a gate owes the proof
again."""


class PinnedCase(Struct, frozen=True, kw_only=True):
    """A case that an incident became, as it was promoted: what every later gate must run and meet.

    Digests only: the ledger keeps no text of a case.
    """

    id: str
    suite: str
    observation: str
    """Which of the incident's observations it is."""
    action: PinnedAction
    """What the request line must do with it."""
    digest: str
    """Of the whole case; the bar of a run names the same."""
    parts: dict[str, str]
    """Field of the case -> its digest, so that a difference can be named."""

    def differences(self, case: Case) -> tuple[str, ...]:
        """The fields in which a case is not as it was pinned; empty when it is the same."""
        if digest_of(case) == self.digest:
            return ()
        now = parts_of(case)
        names = sorted(now.keys() | self.parts.keys())
        return tuple(name for name in names if now.get(name) != self.parts.get(name)) or ("case",)


def parts_of(case: Case) -> dict[str, str]:
    """Each field of a case that it gives -> its digest."""
    given = msgspec.structs.asdict(case)
    return {name: digest_of(value) for name, value in given.items() if value is not msgspec.UNSET}


def pin_case(case: Case, *, suite: str, observation: str, action: PinnedAction) -> PinnedCase:
    """The case as it is now, pinned."""
    return PinnedCase(
        id=case.id,
        suite=suite,
        observation=observation,
        action=action,
        digest=digest_of(case),
        parts=parts_of(case),
    )


class Incident(Struct, frozen=True, kw_only=True):
    """One failure, from the moment it is known to the gate that proves it learned."""

    id: str
    system: str
    severity: Severity
    state: IncidentState
    title: str
    opened_at: Instant
    aware_at: Instant
    """When it was found or reported first. The legal clock starts with a person's statement of when
    the organisation became aware: `legal`."""
    release: str
    never_event: str = ""
    objective: str = ""
    """The objective whose breach opened it."""
    parts: tuple[str, ...] = ()
    """The slices in which that was broken, `facet=value,…`; empty text: all of it."""
    rollout: str = ""
    """The rollout that was ended for it."""
    sentinel: str = ""
    """The entry of the sentinel's baseline that a hosted model no longer answers as."""
    observations: tuple[str, ...] = ()
    """Answers that must become cases: no gate opens before."""
    evidence: tuple[str, ...] = ()
    """Answers that show it, at most `MOST_EVIDENCE`; a person chooses which become cases."""
    mitigations: tuple[str, ...] = ()
    """Ids of what a breached objective changed in the routing table for it."""
    kill: str = ""
    """Id of the kill flag that contained it, the first of `kills`."""
    kills: tuple[str, ...] = ()
    """Ids of every kill flag that was set for it."""
    cases: tuple[str, ...] = ()
    """Ids of the cases that it became."""
    pins: tuple[PinnedCase, ...] = ()
    """Those cases as they were promoted last."""
    revisions: tuple[str, ...] = ()
    """Every time that two people changed a case: which, when, who, what, both digests, why."""
    gate: str = ""
    """Digest of the gate decision that closed it."""
    closed_at: Instant = ""
    """When it was over, closed or dismissed."""
    closed_by: str = ""
    reason: str = ""
    """Why it was dismissed."""
    caseless: str = ""
    """Why no answer can show it in a gate, as two people said."""
    acknowledged_at: Instant = ""
    acknowledged_by: str = ""
    assignee: str = ""
    """Name of who has it."""
    causes: tuple[Said, ...] = ()
    """What people found to be its cause, the newest last."""
    actions: tuple[CorrectiveAction, ...] = ()
    legal: LegalStatement | None = None
    """None: nobody has said what it led to, and no clock is known."""
    reports: tuple[SentReport, ...] = ()
    reopened: int = 0
    """How often it broke again after it was closed."""
    timeline: tuple[tuple[str, ...], ...] = ()
    """Every entry: when, what, and by whom (older entries name nobody)."""

    @property
    def unlearned(self) -> tuple[str, ...]:
        """Observations that are no pinned case yet; of a dismissed incident none has to be."""
        learned = {pin.observation for pin in self.pins}
        dismissed = self.state == "dismissed"
        return () if dismissed else tuple(o for o in self.observations if o not in learned)

    @property
    def answers(self) -> tuple[str, ...]:
        """Every answer that it names: what must become a case, and what shows it."""
        return tuple(dict.fromkeys((*self.observations, *self.evidence)))

    @property
    def disqualifies(self) -> bool:
        """Whether its release is nobody's safe baseline any more.

        It let out what must never leave, or people call what it did a serious incident. A slow
        answer or a broken target does not.
        """
        serious = self.legal is not None and self.legal.serious
        return self.state != "dismissed" and (bool(self.never_event) or serious)

    @property
    def open_actions(self) -> tuple[CorrectiveAction, ...]:
        """Corrective actions that nobody has called done."""
        return tuple(each for each in self.actions if not each.done_at)

    @property
    def incomplete_reports(self) -> tuple[SentReport, ...]:
        """The newest report to each, where something is missing in it and none was complete."""
        newest = {each.to: each for each in self.reports}
        whole = {each.to for each in self.reports if not each.missing}
        return tuple(each for each in newest.values() if each.to not in whole)

    @property
    def required(self) -> tuple[PinnedCase, ...]:
        """The cases that every gate runs and meets: for ever, but for a dismissed incident's."""
        return () if self.state == "dismissed" else self.pins


def next_state(state: IncidentState, verb: str) -> IncidentState:
    """The state after `verb`. Raises TransitionError when there is no such arrow."""
    try:
        return TRANSITIONS[state][verb]
    except KeyError:
        raise TransitionError(f"an incident that is {state} cannot {verb}") from None
