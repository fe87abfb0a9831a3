"""`roadworthy incident`: what went wrong, and the cases that it became."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import Incident, UsageError

from . import incident_acts, incident_report
from .dismissal import dismiss
from .incident_promotion import promote
from .terminal import emit, group, printable, say, table

app = group("Open, list, show, work on, report, promote, close and dismiss incidents.")
app.command("open")(incident_acts.open_)
for _act in (incident_acts.ack, incident_acts.assign, incident_acts.note, incident_acts.link,
             incident_acts.cause, incident_acts.action, incident_acts.done, incident_acts.grade,
             incident_acts.classify, incident_report.reach, incident_report.hold,
             incident_report.report, incident_acts.sent, promote, dismiss):  # fmt: skip
    app.command()(_act)

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
As = Annotated[str | None, typer.Option("--as", help="Who acts.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The incident.")]


@app.command("list")
def list_(directory: Directory = Path(), *, json: Json = False) -> None:
    """Every incident, oldest first."""
    from roadworthy.flows.incidents.learning import incidents_of

    from .incident_words import say_waiting

    loop = _reading(directory)
    incidents = incidents_of(loop).values() if loop is not None else ()
    legal: Any = incident_report.legal_clocks(loop, directory) if incidents else None
    if json:
        emit([_as_json(each) | incident_report.clocks_as_json(each, legal) for each in incidents])
        return
    if not incidents:
        say("No incident.")
        if loop is not None:
            say_waiting(loop, directory)
        return
    rows = [
        (
            each.id,
            each.severity,
            each.state,
            printable(_about(each)),
            each.opened_at[:19],
            each.assignee or ("seen" if each.acknowledged_at else ""),
            incident_report.due_words(each, legal),
        )
        for each in incidents
    ]
    table(("incident", "severity", "state", "about", "opened (UTC)", "with", "to report"), rows)
    for each in incidents:
        if each.legal is not None and each.legal.serious and (why := legal.why_none(each)):
            say(f"{each.id}: {printable(why)}")
    say_waiting(loop, directory)


@app.command()
def show(incident: Id, directory: Directory = Path(), *, json: Json = False) -> None:
    """One incident with its timeline, what its reporters wrote, and what comes next."""
    from roadworthy.flows.incidents.learning import find_incident

    from .incident_words import say_more, who_of

    loop = _reading(directory)
    if loop is None:
        raise UsageError(f"there is no incident {incident!r}", fix="nothing was recorded here yet")
    found = find_incident(loop, incident)
    if json:
        legal = incident_report.legal_clocks(loop, directory)
        emit(_as_json(found) | incident_report.clocks_as_json(found, legal))
        return
    say(f"{found.id}  {found.severity}  {found.state}")
    say(printable(found.title))
    contained = ", ".join((*found.kills, *found.mitigations)) or found.kill or "nothing"
    say(f"release {found.release[:19]}…, contained by {contained}")
    for at, what, *by in found.timeline:
        say(f"  {at[:19]}Z  {printable(what)}{''.join(f'  ({who_of(each, loop)})' for each in by)}")
    for label, values in (
        ("observations", found.observations),
        ("answers that show it", found.evidence),
        ("cases", found.cases),
    ):
        say(f"{label}: {', '.join(values) or 'none'}")
    for pin in found.pins:
        say(f"  {pin.id} in suite {pin.suite}: {pin.action}, {pin.digest[:19]}…")
    for revision in found.revisions:
        say(f"  {printable(revision)}")
    say_more(found, loop, directory)


@app.command()
def close(
    incident: Id, directory: Directory = Path(), *, as_: As = None, json: Json = False
) -> None:
    """Close it with the gate that ran its cases and passed."""
    from roadworthy.domain import format_instant
    from roadworthy.flows.entries.second_person import DECIDERS
    from roadworthy.flows.incidents.closing import close as close_incident
    from roadworthy.flows.incidents.learning import find_incident
    from roadworthy.flows.workspace.routing import read_table
    from roadworthy.incidents import kills_of
    from roadworthy.ledger import require_role

    from .acting import acting_person, begun_loop
    from .stops import put_back, say_standing

    loop, _ = begun_loop(directory)
    _, signer, key = acting_person(loop.workspace, as_, roles=DECIDERS)
    put_back(loop)
    require_role(loop.trust, key.key_id, DECIDERS, format_instant(loop.clock.now()))
    closed = close_incident(find_incident(loop, incident), loop, signer=signer)
    stands = kills_of(closed, read_table(loop.workspace.routing).kills)
    if json:
        emit(_as_json(closed) | {"standing": [flag.id for flag in stands]})
        return
    say(f"Closed {closed.id} by gate {closed.gate[:19]}….")
    say_standing(stands, directory, incident=closed.id)


def _reading(directory: Path) -> Any:
    """The loop for looking only; None where nothing was ever recorded."""
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace
    from .stops import warn_of_lost

    loop = standing_loop(standing_workspace(directory))
    if loop is not None:
        warn_of_lost(loop)
    return loop


def _about(incident: Incident) -> str:
    sentinel = "sentinel" if incident.sentinel else "by hand"
    return incident.never_event or incident.objective or incident.rollout or sentinel


def _as_json(incident: Incident) -> dict[str, Any]:
    import msgspec

    built: dict[str, Any] = msgspec.to_builtins(incident)
    return built
