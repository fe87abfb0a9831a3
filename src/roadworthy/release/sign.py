"""The rules of signing: what must be true before anybody's key is used.

In: values (a decision, a bar, people). Out: what may follow, or a refusal that says
why. Never: a default that opens; what is missing or unknown refuses.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from roadworthy.domain import (
    AccessError,
    Bar,
    Charter,
    GateDecision,
    Instant,
    PersonRole,
    RefusedError,
    ReleaseContent,
    Trust,
    TrustedKey,
    UndecidedError,
    Verdict,
    digest_of,
    format_instant,
)
from roadworthy.ledger import require_role

APPROVERS: tuple[PersonRole, ...] = ("risk_officer", "reviewer", "admin")
BUILDERS: tuple[PersonRole, ...] = ("engineer", "operator", "reviewer", "risk_officer", "admin")
OPERATORS: tuple[PersonRole, ...] = ("operator", "admin")


def require_pass(decision: GateDecision | None, content: ReleaseContent) -> GateDecision:
    """The decision, when it says PASS of exactly this candidate.

    Raises UndecidedError without one and on INCONCLUSIVE, RefusedError on anything else.
    """
    if decision is None:
        raise UndecidedError(
            f"the gate has not judged candidate {content.candidate_digest}",
            fix="run `roadworthy eval` and `roadworthy gate`; a changed file is a new candidate",
        )
    if (decision.candidate, decision.system) != (content.candidate_digest, content.system):
        raise RefusedError(f"the gate judged another candidate, {decision.candidate}")
    if decision.decision is Verdict.PASS:
        return decision
    reasons = "; ".join(decision.reasons) or "it gave no reason"
    message = f"the gate said {decision.decision}: {reasons}"
    if decision.decision is Verdict.INCONCLUSIVE:
        raise UndecidedError(message, fix=decision.next_step)
    raise RefusedError(message, fix=decision.next_step)


def require_same_objectives(bar: Bar, content: ReleaseContent) -> None:
    """Raises RefusedError when the gate judged other objectives than the bundle pins."""
    if (bar.system, bar.candidate) != (content.system, content.candidate_digest):
        raise RefusedError(f"the bar was fixed for another candidate, {bar.candidate}")
    if bar.slos != digest_of(content.slos):
        raise RefusedError(
            "safety-slos.yaml in the bundle is not the one that the run was held to",
            fix="run `roadworthy eval` and `roadworthy gate` again, or build the bundle again",
        )


def wanted_people(charter: Charter, act: str, *, least: int) -> int:
    """How many distinct people the charter asks for; a charter can only ask for more."""
    return max(least, charter.review.approvals.get(act, least))


def require_approver(
    trust: Trust, key_id: str, *, authors: Iterable[str], at: Instant
) -> TrustedKey:
    """The key of a person who may approve this release.

    Raises AccessError for an author (by any of his keys) and for a role that may not,
    UndecidedError for an unknown key.
    """
    key = require_role(trust, key_id, APPROVERS, at)
    built = [trust.find(author) for author in authors]
    if key.name in {author.name for author in built if author is not None}:
        raise AccessError(
            f"{key.name} built this bundle and cannot approve it",
            fix="let somebody else approve: --as NAME",
        )
    return key


def waivers_used(decision: GateDecision) -> dict[str, str]:
    """The waivers that the decision rests on, each with its last day."""
    return {use.id: use.until for use in decision.waivers}


def expiry(used: dict[str, str], time_zone: str) -> Instant:
    """The first instant at which a waiver no longer holds; empty without waivers.

    A waiver holds to the end of its last day in the charter's time zone.
    """
    ends = []
    for day in used.values():
        after = dt.date.fromisoformat(day) + dt.timedelta(days=1)
        midnight = dt.datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(time_zone))
        ends.append(format_instant(midnight))
    return min(ends, default="")
