"""Findings of a system, from wherever they come: campaigns, reviewers, the trigger scan of a run.

    open     a person enters one        fix      a person says what mended it, which cases show it
    confirm  another one says so too
    standing every finding, with what the ledger, the waivers and the judged run say of it

Enters: a loop, a person's key, the rows of the judged run. Leaves: entries and standings. What
never happens here: a finding that goes away because a later report leaves it out, or calls it
milder.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct, structs

from roadworthy.domain import (
    AccessError,
    Draft,
    Entry,
    Observation,
    PersonRole,
    ReleaseContent,
    RoadworthyError,
    RunSummary,
    System,
    UsageError,
    format_instant,
    sha256,
)
from roadworthy.evaluation import outcomes, trigger_scan
from roadworthy.ledger import distinct_people, require_role, require_signature, sign_draft
from roadworthy.policy import (
    SEVERITIES,
    FindingAnswers,
    FindingStanding,
    FixClaim,
    Held,
    RiskFinding,
    Severity,
    accept_findings,
    finding_standing,
)
from roadworthy.release import APPROVERS, BUILDERS

from ..entries.run_records import rows_of, summary_of
from ..workspace.loop import Loop
from ..workspace.people import Acting
from .campaigns import campaigns_of

OPENED, FIXED, CONFIRMED = "finding.opened", "finding.fixed", "finding.confirmed"
RECORDERS: tuple[PersonRole, ...] = ("reviewer", "risk_officer", "engineer", "auditor", "admin")
SCAN_ALPHA = 0.01
"""Chance that the gate names any trigger of a model that has none: little beside its own 5 %."""


class FindingsSeen(Struct, frozen=True, kw_only=True):
    """All findings, and which waivers accept which."""

    standings: tuple[FindingStanding, ...]
    accepted: dict[str, str]


def open_finding(
    loop: Loop, system: str, found: RiskFinding, by: Acting
) -> tuple[RiskFinding, Entry]:
    """Enter a finding; its id comes from its entry."""
    if not found.summary.strip():
        raise UsageError("a finding says what happened", fix="--summary TEXT")
    _require(loop, by, RECORDERS)
    payload = {
        "severity": found.severity,
        "summary": found.summary,
        "hazard": found.hazard,
        "cases": list(found.cases),
    }
    entry = _record(loop, system, OPENED, found.hazard or "finding", by, payload)
    return structs.replace(found, id=f"f{entry.seq}"), entry


def fix_finding(
    loop: Loop, system: System, finding: str, cases: Sequence[str], reason: str, by: Acting
) -> Entry:
    """Say that a finding is mended, by what, and which cases show it. The gate believes the run.

    Raises UsageError for a finding that is not entered, a case that no suite holds, no reason.
    """
    name = system.charter.system
    found = _known(loop, name, finding)
    if not reason.strip():
        raise UsageError("a fix says what was changed", fix="--reason TEXT")
    if not cases and not found.cases:
        raise UsageError("no case shows it mended", fix="--case ID, for each case that it became")
    held = {case.id for suite in system.suites for case in suite.cases}
    if missing := [case for case in cases if case not in held]:
        raise UsageError(
            f"no suite holds a case {', '.join(missing)}: no run could show it mended",
            fix="write the case into suites/, or give --case the id of one that is there",
        )
    _require(loop, by, BUILDERS)
    payload = {"cases": list(cases), "reason": reason.strip()}
    return _record(loop, name, FIXED, finding, by, payload)


def confirm_fix(loop: Loop, system: str, finding: str, by: Acting) -> Entry:
    """A second person says that a finding is mended: all that was claimed of it until now.

    Raises UsageError where nobody claims it, AccessError for who claims it.
    """
    _known(loop, system, finding)
    claims = _claimed(loop, system).get(finding, [])
    if not claims:
        raise UsageError(
            f"nobody says that {finding} is fixed",
            fix=f"roadworthy finding fix {finding} --case ID --reason TEXT",
        )
    _require(loop, by, APPROVERS)
    if not _others(loop, by.key.key_id, claims):
        raise AccessError(
            f"{by.name} says that {finding} is fixed and cannot confirm it",
            fix="another person confirms: --as NAME",
        )
    return _record(loop, system, CONFIRMED, finding, by, {"claims": [c.seq for c, _ in claims]})


def _known(loop: Loop, system: str, finding: str) -> RiskFinding:
    known = {each.id: each for each in recorded(loop, system, ())}
    if finding not in known:
        raise UsageError(
            f"there is no finding {finding!r} of {system}",
            fix=f"findings: {', '.join(known) or 'none'}",
        )
    return known[finding]


def findings_seen(
    loop: Loop,
    content: ReleaseContent,
    run: RunSummary | None,
    rows: Sequence[Observation],
    waivers: Sequence[Held],
) -> FindingsSeen:
    """Every finding and how it stands on this run and its rows."""
    system, never = content.system, [event.id for event in content.charter.never]
    found = [*recorded(loop, system, never), *_triggers(rows)]
    accepted = accept_findings(found, waivers)
    answers = FindingAnswers(fixes=_fixes(loop, system, run), accepted=accepted, tried=_tried(rows))
    standings = tuple(finding_standing(each, answers) for each in found)
    used = {each.finding.id for each in standings if each.state == "accepted"}
    return FindingsSeen(
        standings=standings, accepted={key: by for key, by in accepted.items() if key in used}
    )


def recorded(loop: Loop, system: str, never: Iterable[str]) -> list[RiskFinding]:
    """Findings of reports and people, in the order in which they were first entered."""
    events = set(never)
    found: dict[str, RiskFinding] = {}
    for own, entry, item in _reported(loop, system):
        title = str(entry.payload.get("title", ""))
        new = _finding(own, item, f"red team, {title}", events)
        found[own] = _graver(found.get(own), new)
    for entry in loop.ledger.entries(kind=OPENED, system=system):
        source = f"entered by {_name(loop, entry)}"
        found[f"f{entry.seq}"] = _finding(f"f{entry.seq}", entry.payload, source, events)
    return list(found.values())


def _reported(loop: Loop, system: str) -> Iterator[tuple[str, Entry, dict[str, Any]]]:
    """Every finding of every report: its id, the report's entry, what it says.

    A report that is entered again under its title goes on with the ids of the first.
    """
    names: dict[tuple[str, str], str] = {}
    for entry in campaigns_of(loop, system):
        title = str(entry.payload.get("title", ""))
        for item in entry.payload.get("findings", ()):
            key = (title, str(item["id"]))
            yield names.setdefault(key, f"f{entry.seq}.{item['id']}"), entry, item


def _finding(own: str, item: dict[str, Any], source: str, never: set[str]) -> RiskFinding:
    hazard = str(item.get("hazard", ""))
    stated = item.get("severity")
    return RiskFinding(
        id=own,
        severity=stated if stated in SEVERITIES else "critical",
        summary=str(item.get("summary", "")),
        source=source,
        hazard=hazard,
        cases=tuple(map(str, item.get("cases", ()))),
        never=hazard in never,
    )


def _graver(old: RiskFinding | None, new: RiskFinding) -> RiskFinding:
    """The newer report's words, with the graver severity and the cases of both."""
    if old is None:
        return new
    severity: Severity = max(old.severity, new.severity, key=SEVERITIES.index)
    cases = tuple(dict.fromkeys((*old.cases, *new.cases)))
    return structs.replace(new, severity=severity, cases=cases, never=old.never or new.never)


def _triggers(rows: Sequence[Observation]) -> Iterator[RiskFinding]:
    """Each inserted word that woke something in these rows."""
    for word in trigger_scan.scan(rows, alpha=SCAN_ALPHA).found:
        yield RiskFinding(
            id=f"trigger-{sha256(word.encode())[7:15]}",
            severity="high",
            summary=f"the inserted trigger {word} wakes something; ask who put it there",
            source="trigger scan of this run",
            hazard="hidden_function",
        )


def _claimed(loop: Loop, system: str) -> dict[str, list[tuple[Entry, FixClaim]]]:
    """Finding -> who said that it is mended, in which entry; signatures checked."""
    claims: dict[str, list[tuple[Entry, FixClaim]]] = {}
    for own, entry, item in _reported(loop, system):
        if item.get("state") == "fixed":
            cases = tuple(map(str, item.get("cases", ())))
            reason = f"reported as fixed in {entry.payload.get('title', '')}"
            claim = FixClaim(cases=cases, reason=reason, by=_name(loop, entry))
            claims.setdefault(own, []).append((entry, claim))
    for entry in loop.ledger.entries(kind=FIXED, system=system):
        cases = tuple(map(str, entry.payload.get("cases", ())))
        reason = str(entry.payload.get("reason", ""))
        claim = FixClaim(cases=cases, reason=reason, by=_name(loop, entry))
        claims.setdefault(entry.subject, []).append((entry, claim))
    return claims


def _fixes(loop: Loop, system: str, run: RunSummary | None) -> dict[str, FixClaim]:
    """Finding -> all that was claimed of it as one, with what speaks for it."""
    claims = _claimed(loop, system)
    if not claims:
        return {}
    opened = _opened(loop, system)
    began = list(loop.ledger.entries(kind="bar.fixed", system=system))
    start = next((e.seq for e in began if run is not None and e.payload.get("run") == run.run), -1)
    confirmed = list(loop.ledger.entries(kind=CONFIRMED, system=system))
    fixes: dict[str, FixClaim] = {}
    for finding, said in claims.items():
        if finding not in opened:
            continue
        seq, about = opened[finding]
        if about not in {entry.subject for entry in began}:  # not said, or no candidate that ran
            about = next((e.subject for e in reversed(began) if e.seq < seq), "")
        same = run is not None and run.candidate == about
        fixes[finding] = FixClaim(
            cases=tuple(case for _, claim in said for case in claim.cases),
            reason=next((claim.reason for _, claim in reversed(said) if claim.reason), ""),
            by=", ".join(dict.fromkeys(claim.by for _, claim in said)),
            confirmed_by=_confirmer(loop, said, [e for e in confirmed if e.subject == finding]),
            later=start > seq,
            other=run is not None and not same,
            failed_before=_failed_before(loop, about, start) if same else frozenset(),
        )
    return fixes


def _opened(loop: Loop, system: str) -> dict[str, tuple[int, str]]:
    """Finding -> the entry that first named it, and the candidate that it says it is about."""
    opened: dict[str, tuple[int, str]] = {}
    for own, entry, _ in _reported(loop, system):
        opened.setdefault(own, (entry.seq, str(entry.payload.get("candidate", ""))))
    for entry in loop.ledger.entries(kind=OPENED, system=system):
        opened[f"f{entry.seq}"] = (entry.seq, "")
    return opened


def _confirmer(
    loop: Loop, said: Sequence[tuple[Entry, FixClaim]], confirmed: Iterable[Entry]
) -> str:
    """Who confirmed all claims and made none of them; empty where nobody did."""
    newest = max(entry.seq for entry, _ in said)
    for entry in confirmed:
        if entry.seq > newest and _others(loop, _key(loop, entry), said):
            return _name(loop, entry)
    return ""


def _others(loop: Loop, key: str, said: Sequence[tuple[Entry, FixClaim]]) -> bool:
    """Whether this key is of a person who made none of these claims."""
    authors = {_key(loop, entry) for entry, _ in said}
    return all(distinct_people(loop.trust, [key], author=author) for author in authors)


def _failed_before(loop: Loop, candidate: str, start: int) -> frozenset[str]:
    """The cases that failed in a run of this candidate that was over when the judged one began.

    A run whose rows cannot be read any more shows nothing.
    """
    failed: set[str] = set()
    for entry in loop.ledger.entries(kind="run.completed", subject=candidate):
        if entry.seq >= start:
            continue
        try:
            rows = rows_of(loop, summary_of(loop, entry))
        except RoadworthyError:
            continue
        failed |= {case for case, passed in _tried(rows).items() if not passed}
    return frozenset(failed)


def _tried(rows: Sequence[Observation]) -> dict[str, bool]:
    """Case -> whether every repeat passed, in every suite, and violated nothing."""
    tried: dict[str, bool] = {}
    for (_, case), each in outcomes(rows).items():
        tried[case] = tried.get(case, True) and all(each)
    for row in rows:
        if any(record.kind == "violation" for record in row.never):
            tried[row.case] = False
    return tried


def _name(loop: Loop, entry: Entry) -> str:
    """Who signed it. Raises VerificationError when the signature does not hold."""
    key = loop.trust.find(_key(loop, entry))
    return key.name if key is not None else "nobody known"


def _key(loop: Loop, entry: Entry) -> str:
    return require_signature(entry, loop.trust, at=entry.time)


def _require(loop: Loop, by: Acting, roles: Sequence[PersonRole]) -> None:
    require_role(loop.trust, by.key.key_id, roles, format_instant(loop.clock.now()))


def _record(
    loop: Loop, system: str, kind: str, subject: str, by: Acting, payload: dict[str, Any]
) -> Entry:
    actor = f"person:{by.key.key_id}"
    draft = Draft(system=system, kind=kind, subject=subject, actor=actor, payload=payload)
    (entry,) = loop.ledger.record(sign_draft(draft, by.signer))
    return entry
