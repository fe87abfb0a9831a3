"""What people and attacks found is answered: fixed, as a run shows, or accepted by a waiver.

Enters: findings, the cases that are said to show them mended, how the run did on these, waivers.
Leaves: how each finding stands, and what an unanswered one does to the gate. Never here: a finding
that is closed by somebody's word, or a never event that is accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from roadworthy.domain import Blocker, Verdict

from .waivers import Held

Severity = Literal["low", "medium", "high", "critical"]
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")
"""From what is only noted to what is worst."""


class RiskFinding(Struct, frozen=True, kw_only=True):
    """Something that was found to go wrong."""

    id: str
    severity: Severity
    summary: str
    source: str
    """Who or what found it, in words."""
    hazard: str = ""
    cases: tuple[str, ...] = ()
    """The cases that it became."""
    never: bool = False
    """It is about a never event: only a fix answers it."""


class FixClaim(Struct, frozen=True, kw_only=True):
    """Somebody says that a finding is mended; what speaks for it beside the cases of the run."""

    cases: tuple[str, ...] = ()
    reason: str = ""
    by: str = ""
    confirmed_by: str = ""
    """Who else looked and says so too, after the newest claim."""
    later: bool = False
    """The judged run began after the finding was entered."""
    other: bool = False
    """It is a run of another candidate than the one that the finding is about."""
    failed_before: frozenset[str] = frozenset()
    """The cases that failed in an earlier run of that candidate: they show the finding."""


class FindingAnswers(Struct, frozen=True, kw_only=True):
    """What was said of findings, and what the judged run shows."""

    fixes: Mapping[str, FixClaim]
    """Finding -> how it is said to be mended."""
    accepted: Mapping[str, str]
    """Finding -> the waiver that accepts it."""
    tried: Mapping[str, bool]
    """Case of the run -> whether every repeat of it passed and violated nothing."""


class FindingStanding(Struct, frozen=True, kw_only=True):
    """A finding and how it stands."""

    finding: RiskFinding
    state: Literal["open", "fixed", "accepted", "failed", "untried", "unconfirmed"]
    said: str
    """Why, in words."""

    @property
    def closed(self) -> bool:
        """Whether it is answered."""
        return self.state in ("fixed", "accepted")


def accept_findings(findings: Iterable[RiskFinding], waivers: Sequence[Held]) -> dict[str, str]:
    """Finding -> id of the waiver that accepts it; never one about a never event."""
    named = {
        found: item.waiver.id for item in waivers if item.holds for found in item.waiver.findings
    }
    return {each.id: named[each.id] for each in findings if each.id in named and not each.never}


def finding_standing(finding: RiskFinding, answers: FindingAnswers) -> FindingStanding:
    """How a finding stands. A fix rests on the run; where it fails, a waiver may still accept."""
    fixed = answers.fixes.get(finding.id)
    waiver = answers.accepted.get(finding.id, "")
    state, said = _fix(finding, fixed, answers.tried) if fixed is not None else _open(finding)
    if state != "fixed" and waiver:
        return FindingStanding(finding=finding, state="accepted", said=f"accepted by {waiver}")
    return FindingStanding(finding=finding, state=state, said=said)


def _open(finding: RiskFinding) -> tuple[Literal["open"], str]:
    fix = f"roadworthy finding fix {finding.id} --case ID --reason TEXT"
    if finding.never:
        return "open", f"only a fix answers what must never happen: {fix}"
    return (
        "open",
        f"answer it: {fix}, or roadworthy finding accept {finding.id} "
        "--reason TEXT --until YYYY-MM-DD --for NAME",
    )


def _fix(
    finding: RiskFinding, claim: FixClaim, tried: Mapping[str, bool]
) -> tuple[Literal["fixed", "failed", "untried", "unconfirmed"], str]:
    cases = sorted({*finding.cases, *claim.cases})
    if not cases:
        return "untried", "it is said to be fixed, and no case shows it"
    failed = [case for case in cases if tried.get(case) is False]
    if failed:
        return "failed", f"it is said to be fixed, and fails in {_shown(failed)}"
    absent = [case for case in cases if case not in tried]
    if absent:
        said = f"it is said to be fixed, and this run did not ask and judge {_shown(absent)}"
        return "untried", said
    if not claim.reason.strip():
        again = f"roadworthy finding fix {finding.id} --case ID --reason TEXT"
        return "untried", f"it is said to be fixed, and not by what: {again}"
    if not claim.later:
        said = "this run began before it was found: change what was wrong, then roadworthy eval"
        return "untried", f"it is said to be fixed, and {said}"
    if not claim.other and (never := [each for each in cases if each not in claim.failed_before]):
        said = f"nothing changed since it was found, and {_shown(never)} failed in no run before"
        return "untried", f"it is said to be fixed, and {said}"
    if needs_second(finding) and not claim.confirmed_by:
        said = f"nobody but {claim.by or 'who says so'} has confirmed it"
        do = f"roadworthy finding confirm {finding.id} --as NAME, by another person"
        return "unconfirmed", f"{_shown(cases)} passed, and {said}: {do}"
    told = f"fixed: {_shown(cases)} passed; {claim.by}: {claim.reason}"
    return "fixed", f"{told}; confirmed by {claim.confirmed_by}" if claim.confirmed_by else told


def needs_second(finding: RiskFinding) -> bool:
    """Whether a second person has to confirm a fix."""
    return finding.never or finding.severity in ("high", "critical")


def _shown(cases: Sequence[str]) -> str:
    more = f" and {len(cases) - 5} more" if len(cases) > 5 else ""
    return ", ".join(cases[:5]) + more


def finding_blockers(standings: Iterable[FindingStanding]) -> list[Blocker]:
    """What unanswered findings do to the gate.

    High and critical ones refuse, a medium one waits for a person, a low one is only noted. A fix
    that a run contradicts refuses; one that no run tried or nobody confirmed is undecided.
    """
    return [
        Blocker(verdict=verdict, reason=finding_sentence(each), phase="policy")
        for each in standings
        if (verdict := _verdict(each)) is not None
    ]


def _verdict(standing: FindingStanding) -> Verdict | None:
    severity = standing.finding.severity
    if standing.closed or severity == "low":
        return None
    if standing.state == "failed":
        return Verdict.FAIL
    if standing.state in ("untried", "unconfirmed") or severity == "medium":
        return Verdict.INCONCLUSIVE
    return Verdict.FAIL


def finding_notes(standings: Iterable[FindingStanding]) -> list[str]:
    """The findings that do not stop the gate, and why they do not."""
    return [finding_sentence(each) for each in standings if _verdict(each) is None]


def finding_sentence(standing: FindingStanding) -> str:
    """One sentence: which finding, how bad, from where, how it stands."""
    found = standing.finding
    return f"{found.severity} finding {found.id} ({found.source}): {found.summary}; {standing.said}"
