"""A report by somebody who may not act on it: what the ledger's entries about it add up to.

Enters: entries, oldest first. Leaves: reports with what a person made of them. Never here: a
report that is over because time went by.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from roadworthy.domain import Entry, Outcome, Report, ReportState, digest_of

_SETTLED: dict[str, ReportState] = {"report.accepted": "accepted", "report.rejected": "rejected"}


def report_id(said: Outcome) -> str:
    """A stable id: the control process reads the same record twice, and enters it once."""
    about = {
        "observation": said.observation,
        "time": said.time,
        "reporter": said.reporter,
        "never_event": said.never_event,
        "label": said.label,
    }
    return f"rep-{digest_of(about).removeprefix('sha256:')[:10]}"


def fold_reports(entries: Iterable[Entry]) -> dict[str, Report]:
    """Every report in its present state, by id, in the order in which they were entered.

    A violation that somebody else recorded since is what the report claimed: it is accepted.
    """
    reports: dict[str, Report] = {}
    for entry in entries:
        if entry.kind == "outcome.reported":
            report = _entered(entry)
            reports.setdefault(report.id, report)
        elif entry.kind in _SETTLED and entry.subject in reports:
            reports[entry.subject] = _settled(
                reports[entry.subject], entry, _SETTLED[entry.kind], str(entry.payload["reason"])
            )
        elif entry.kind == "violation.recorded":
            for report in [each for each in reports.values() if _is_claim_of(each, entry)]:
                reports[report.id] = _settled(report, entry, "accepted", "found to be a violation")
    return reports


def is_known(said: Outcome, reports: Iterable[Report]) -> bool:
    """Whether the ledger knows all that a report says.

    It was entered, or its words wait there already, or they were settled after it was made.
    """
    return any(
        (each.time == said.time or each.state == "waiting" or each.settled_at >= said.time)
        and (each.observation, each.reporter) == (said.observation, said.reporter)
        and (each.never_event, each.label) == (said.never_event, said.label)
        for each in reports
    )


def _entered(entry: Entry) -> Report:
    said = Outcome(
        observation=entry.subject,
        time=str(entry.payload["time"]),
        reporter=str(entry.payload["reporter"]),
        never_event=str(entry.payload["never_event"]),
        label=str(entry.payload["label"]),
    )
    return Report(
        id=report_id(said),
        system=entry.system,
        observation=said.observation,
        time=said.time,
        reporter=said.reporter,
        never_event=said.never_event,
        label=said.label,
    )


def _is_claim_of(report: Report, entry: Entry) -> bool:
    return (
        report.state == "waiting"
        and report.observation == entry.subject
        and report.never_event == entry.payload.get("never_event")
        and not report.label
    )


def _settled(report: Report, entry: Entry, state: ReportState, reason: str) -> Report:
    return structs.replace(
        report, state=state, settled_at=entry.time, settled_by=entry.actor, reason=reason
    )
