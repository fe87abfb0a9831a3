"""Claims that wait for a person: entered by the control process, accepted or rejected by people.

    enter    a claim into the ledger, once, however often it is made while it waits
    accept   1 may  2 a violation: stop, record, open (`road.py`)  3 a label: record
             4 the acceptance, signed
    reject   1 may  2 the rejection with its reason, signed

What never happens here: a claim that vanishes, or one that stops anything before a person said so.
"""

from __future__ import annotations

from roadworthy.domain import (
    Draft,
    Incident,
    Observation,
    Outcome,
    PersonRole,
    Report,
    UsageError,
    format_instant,
    plain,
)
from roadworthy.incidents import fold_reports, is_known, report_id
from roadworthy.ledger import require_role, sign_draft

from ..brakes.road import Violation, on_violation
from ..workspace.loop import Loop
from ..workspace.people import Acting

REPORTERS: tuple[PersonRole, ...] = ("reviewer", "risk_officer", "operator", "admin")
"""Who may say that an answer was a violation, and so stop its scope; and that it was none."""


def reports_of(loop: Loop, system: str = "") -> dict[str, Report]:
    """Every report that the ledger knows, by id, oldest first."""
    return fold_reports(loop.ledger.entries(system=system))


def waiting_about(loop: Loop, observation: Observation) -> list[str]:
    """Ids of the reports about an answer that wait for a person, oldest first."""
    found = reports_of(loop, observation.system).values()
    return [
        each.id for each in found
        if each.state == "waiting" and each.observation == observation.id
    ]  # fmt: skip


def find_report(loop: Loop, report: str) -> Report:
    """One report. Raises UsageError naming those that wait."""
    reports = reports_of(loop)
    if report not in reports:
        waiting = ", ".join(each.id for each in reports.values() if each.state == "waiting")
        raise UsageError(f"there is no report {report!r}", fix=f"these wait: {waiting or 'none'}")
    return reports[report]


def enter_report(said: Outcome, loop: Loop, *, system: str) -> None:
    """Enter a claim, unless the ledger knows it already."""
    if is_known(said, reports_of(loop, system).values()):
        return
    payload = {
        "report": report_id(said),
        "time": said.time,
        "reporter": said.reporter,
        "never_event": said.never_event,
        "label": said.label,
        "waits_for": "a person",
    }
    loop.ledger.record(
        Draft(
            system=system,
            kind="outcome.reported",
            subject=said.observation,
            actor=loop.machine,
            payload=plain(payload),
        )
    )


def accept(
    report: Report, loop: Loop, *, by: Acting, violation: Violation | None, note: str = ""
) -> Incident | None:
    """What was claimed is so, says a person; returns the incident of a violation.

    `violation` is the claimed one, with the person as its reporter; None for a label. Raises
    AccessError, UsageError when it waits no more, EvidenceError when it cannot be stopped.
    """
    _require_waiting(report)
    require_role(loop.trust, by.key.key_id, REPORTERS, format_instant(loop.clock.now()))  # 1
    incident = on_violation(violation, loop) if violation is not None else None  # 2
    drafts = []
    if report.label:  # 3
        said = {"label": report.label, "note": note}
        drafts.append(_signed("outcome.added", report.observation, said, report, by))
    reason = {"reason": note, "incident": incident.id if incident is not None else ""}
    drafts.append(_signed("report.accepted", report.id, reason, report, by))  # 4
    loop.ledger.record(*drafts)
    return incident


def reject(report: Report, loop: Loop, *, by: Acting, reason: str) -> Report:
    """What was claimed is not so, says a person, and why. Raises AccessError, UsageError."""
    if not reason.strip():
        raise UsageError("rejecting a report needs a reason", fix="--reason TEXT")
    _require_waiting(report)
    require_role(loop.trust, by.key.key_id, REPORTERS, format_instant(loop.clock.now()))  # 1
    loop.ledger.record(_signed("report.rejected", report.id, {"reason": reason}, report, by))  # 2
    return find_report(loop, report.id)


def _require_waiting(report: Report) -> None:
    if report.state != "waiting":
        raise UsageError(
            f"report {report.id} was {report.state} at {report.settled_at[:19]}Z",
            fix="roadworthy outcome add reports the answer again, under your name",
        )


def _signed(kind: str, subject: str, payload: dict[str, str], report: Report, by: Acting) -> Draft:
    draft = Draft(
        system=report.system,
        kind=kind,
        subject=subject,
        actor=f"person:{by.key.key_id}",
        payload=plain({**payload, "report": report.id}),
    )
    return sign_draft(draft, by.signer)
