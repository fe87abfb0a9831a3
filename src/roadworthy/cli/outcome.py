"""`roadworthy outcome`: say what became of an answer after it left; settle what others claimed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import Observation, Report

from .terminal import emit, group, printable, same_system, say, table

app = group("Say what became of an answer; accept or reject what others reported of one.")

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
As = Annotated[str | None, typer.Option("--as", help="Who acts.")]
Id = Annotated[str, typer.Argument(metavar="REPORT", help="As `outcome list` names it.")]


@app.callback()
def outcome() -> None:
    """Say what became of an answer: its true label, a violation, feedback."""


@app.command()
def add(
    observation: Annotated[str, typer.Argument(help="Id from x-roadworthy-observation.")],
    directory: Directory = Path(),
    *,
    violation: Annotated[str, typer.Option(help="The never event that the answer is.")] = "",
    label: Annotated[str, typer.Option(help="What would have been right.")] = "",
    note: Annotated[str, typer.Option(help="In your words; keep personal data out.")] = "",
    as_: Annotated[str | None, typer.Option("--as", help="Who reports.")] = None,
    json: Json = False,
) -> None:
    """Report an answer. A violation stops its scope at once and opens an incident."""
    from roadworthy.domain import Draft, Outcome, UsageError, format_instant, plain
    from roadworthy.flows.brakes.road import Violation, moment, on_violation
    from roadworthy.flows.control.reporting import REPORTERS, waiting_about
    from roadworthy.ledger import require_role, sign_draft
    from roadworthy.wiring.road import Road

    from .acting import acting_person, begun_loop

    if not (violation or label or note):
        raise UsageError("say what became of it", fix="--violation EVENT, --label LABEL or --note")
    loop, deployment = begun_loop(directory)
    road = Road(loop, deployment)
    _, signer, key = acting_person(loop.workspace, as_, roles=REPORTERS)
    require_role(loop.trust, key.key_id, REPORTERS, format_instant(loop.clock.now()))
    seen = road.observation(observation)
    if label:
        road.require_label(seen, label)
    waited = waiting_about(loop, seen)
    said = Outcome(
        observation=observation,
        time=moment(loop),
        reporter=f"person:{key.key_id}",
        label=label,
        never_event=violation,
        note=note,
    )
    if not violation:
        drafted = Draft(
            system=seen.system,
            kind="outcome.added",
            subject=observation,
            actor=said.reporter,
            payload=plain({"label": label, "note": note}),
        )
        loop.ledger.record(sign_draft(drafted, signer))
        reports = _now(waited, seen, loop)
        if json:
            emit({"observation": observation, "state": "kept", "reports": _states(reports)})
        else:
            say("Kept.")
            _say_reports(reports, loop, directory)
        return
    event = road.event(seen.system, seen.release, violation)
    found = Violation(outcome=said, observation=seen, event=event)
    incident = on_violation(found, loop)
    reports = _now(waited, seen, loop)
    _say_stopped(found, incident.id, loop, directory, label=label, json=json, reports=reports)


@app.command("list")
def list_(
    directory: Directory = Path(),
    *,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only what waits.")] = False,
    json: Json = False,
) -> None:
    """What tenants reported of answers, and what a person made of it. Oldest first."""
    from roadworthy.flows.control.reporting import reports_of
    from roadworthy.wiring.loop import standing_loop
    from roadworthy.wiring.notes import note_of

    from .acting import standing_workspace

    loop = standing_loop(standing_workspace(directory))
    known = reports_of(loop).values() if loop is not None else ()
    reports = [each for each in known if not waiting or _waits(each)]
    notes = {each.id: note_of(each, loop.workspace) for each in reports} if loop else {}
    if json:
        emit([_as_json(each) | {"note": notes[each.id]} for each in reports])
        return
    if not reports:
        say("No report waits for a person." if waiting else "No report.")
        return
    rows = [
        (each.id, each.state, _claim(each), each.reporter, each.observation, each.time[:19])
        for each in reports
    ]
    table(("report", "state", "claims", "by", "observation", "made (UTC)"), rows)
    for name, note in notes.items():
        if note:
            say(f"{name} says: {printable(note)}")
    if any(map(_waits, reports)):
        here = same_system(directory)
        say(
            f"Look with: roadworthy explain OBSERVATION{here} --texts\n"
            f"Next: roadworthy outcome accept REPORT{here} --as NAME (stops and opens an "
            "incident if it claims a violation)\n"
            f"  or: roadworthy outcome reject REPORT{here} --as NAME --reason TEXT"
        )


@app.command("accept")
def accept_(
    report: Id,
    directory: Directory = Path(),
    *,
    note: Annotated[str, typer.Option(help="In your words; keep personal data out.")] = "",
    as_: As = None,
    json: Json = False,
) -> None:
    """It is as reported. A violation stops its scope at once and opens an incident."""
    from roadworthy.domain import Outcome
    from roadworthy.flows.brakes.road import Violation, moment
    from roadworthy.flows.control.reporting import REPORTERS, accept, find_report, waiting_about
    from roadworthy.flows.workspace.people import Acting
    from roadworthy.wiring.road import Road

    from .acting import acting_person, begun_loop

    loop, deployment = begun_loop(directory)
    road = Road(loop, deployment)
    name, signer, key = acting_person(loop.workspace, as_, roles=REPORTERS)
    by = Acting(name=name, signer=signer, key=key)
    found = find_report(loop, report)
    violation = None
    if found.never_event:
        seen = road.observation(found.observation)
        said = Outcome(
            observation=seen.id,
            time=moment(loop),
            reporter=f"person:{key.key_id}",
            never_event=found.never_event,
            note=note,
        )
        event = road.event(seen.system, seen.release, found.never_event)
        violation = Violation(outcome=said, observation=seen, event=event)
    waited = waiting_about(loop, violation.observation) if violation is not None else []
    incident = accept(found, loop, by=by, violation=violation, note=note)
    if violation is not None and incident is not None:
        others = [each for each in waited if each != found.id]
        reports = _now(others, violation.observation, loop)
        _say_stopped(
            violation, incident.id, loop, directory,
            label=found.label, json=json, reports=reports,
        )  # fmt: skip
    elif json:
        emit({"report": report, "observation": found.observation, "state": "kept"})
    else:
        say(f"Accepted: the right answer was {found.label!r}. Kept.")


@app.command("reject")
def reject_(
    report: Id,
    directory: Directory = Path(),
    *,
    reason: Annotated[str, typer.Option(help="Why it is not so.")],
    as_: As = None,
    json: Json = False,
) -> None:
    """It is not as reported. The report stays in the ledger with your reason."""
    from roadworthy.flows.control.reporting import REPORTERS, find_report, reject
    from roadworthy.flows.workspace.people import Acting

    from .acting import acting_person, begun_loop

    loop, _ = begun_loop(directory)
    name, signer, key = acting_person(loop.workspace, as_, roles=REPORTERS)
    by = Acting(name=name, signer=signer, key=key)
    done = reject(find_report(loop, report), loop, by=by, reason=reason)
    emit(_as_json(done)) if json else say(f"Rejected {report}.")


def _say_stopped(
    violation: Any,
    incident: str,
    loop: Any,
    directory: Path,
    *,
    label: str,
    json: bool,
    reports: list[Report],
) -> None:
    """What was done, as the table in force has it, and what comes next."""
    from roadworthy.flows.brakes.road import stopped_by
    from roadworthy.flows.incidents.learning import find_incident

    from .stops import lifting, named

    kills = stopped_by(violation, loop)
    if json:
        emit(
            {
                "observation": violation.observation.id,
                "state": "acted" if kills else "recorded",
                "incident": incident,
                "kill": kills[0].id if kills else "",
                "kills": [flag.id for flag in kills],
                "label": label,
                "reports": _states(reports),
            }
        )
        return
    say(f"Stopped: {named(kills)}." if kills else "NOT stopped: the kill was lifted meanwhile.")
    if label:
        say(f"Kept: the right answer was {label!r}.")
    _say_reports(reports, loop, directory)
    say(f"Incident {incident} is {find_incident(loop, incident).state}.")
    say(f"Next: roadworthy incident promote {incident}{same_system(directory)}")
    say(f"Lift later: {lifting([incident], directory)}")


def _now(waited: list[str], seen: Observation, loop: Any) -> list[Report]:
    """The reports that waited before, as they stand now."""
    from roadworthy.flows.control.reporting import reports_of

    known = reports_of(loop, seen.system) if waited else {}
    return [known[each] for each in waited]


def _states(reports: list[Report]) -> list[dict[str, str]]:
    return [
        {
            "report": each.id,
            "reporter": each.reporter,
            "state": each.state,
            "by": each.settled_by,
        }
        for each in reports
    ]


def _say_reports(reports: list[Report], loop: Any, directory: Path) -> None:
    """What became of the reports about the answer: this one may be what they claimed."""
    from .incident_words import who_of

    for each in reports:
        about = f"Report {each.id} of {printable(each.reporter)}"
        if _waits(each):
            say(f"{about} still waits: it claims {printable(_claim(each))}")
        else:
            say(f"{about} waited: {each.state} by {who_of(each.settled_by, loop)} with this")
    if any(map(_waits, reports)):
        say(f"Settle it: roadworthy outcome accept REPORT{same_system(directory)} --as NAME")


def _waits(report: Report) -> bool:
    return report.state == "waiting"


def _claim(report: Report) -> str:
    event = f"violation of {report.never_event}" if report.never_event else ""
    label = f"right would be {report.label}" if report.label else ""
    return "; ".join(filter(None, (event, label)))


def _as_json(report: Report) -> dict[str, Any]:
    import msgspec

    built: dict[str, Any] = msgspec.to_builtins(report)
    return built
