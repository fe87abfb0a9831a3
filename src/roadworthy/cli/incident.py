"""`roadworthy incident`: what went wrong, and the cases that it became."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import Incident, PersonRole

from .terminal import emit, group, say, table

CLOSERS: tuple[PersonRole, ...] = ("reviewer", "risk_officer", "operator", "admin")
"""Who may say that an incident is over."""

app = group("List, show, promote and close incidents.")

Directory = Annotated[Path, typer.Argument(metavar="[DIR]", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
As = Annotated[str | None, typer.Option("--as", help="Who acts.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The incident.")]


@app.command("list")
def list_(directory: Directory = Path(), *, json: Json = False) -> None:
    """Every incident, oldest first."""
    from roadworthy.flows.learning import incidents_of

    incidents = incidents_of(_loop(directory)).values()
    if json:
        emit([_as_json(incident) for incident in incidents])
        return
    if not incidents:
        say("No incident.")
        return
    rows = [
        (each.id, each.severity, each.state, each.never_event, each.opened_at[:19])
        for each in incidents
    ]
    table(("incident", "severity", "state", "never event", "opened (UTC)"), rows)


@app.command()
def show(incident: Id, directory: Directory = Path(), *, json: Json = False) -> None:
    """One incident with its timeline."""
    from roadworthy.flows.learning import find_incident

    found = find_incident(_loop(directory), incident)
    if json:
        emit(_as_json(found))
        return
    say(f"{found.id}  {found.severity}  {found.state}")
    say(found.title)
    say(f"release {found.release[:19]}…, contained by {found.kill or 'nothing'}")
    for at, what in found.timeline:
        say(f"  {at[:19]}Z  {what}")
    for label, values in (("observations", found.observations), ("cases", found.cases)):
        say(f"{label}: {', '.join(values) or 'none'}")


@app.command()
def promote(
    incident: Id, directory: Directory = Path(), *, as_: As = None, json: Json = False
) -> None:
    """Turn its observations into redacted cases of suites/incidents."""
    from roadworthy.flows.learning import find_incident
    from roadworthy.flows.learning import promote as promote_incident
    from roadworthy.manifests import load_deployment
    from roadworthy.wiring.road import Road

    from .acting import acting_person

    loop = _loop(directory)
    found = find_incident(loop, incident)
    _, signer, _ = acting_person(loop.workspace, as_)
    road = Road(loop, load_deployment(directory))
    event = road.event(found.system, found.release, found.never_event)
    cases = promote_incident(
        found,
        event,
        loop,
        root=directory,
        unseal=road.texts,
        look=road.sensitive,
        signer=signer,
    )
    if json:
        emit({"incident": incident, "cases": [case.id for case in cases], "suite": "incidents"})
        return
    for case in cases:
        say(f"case {case.id}: expects `{case.expect.action}`")
    say(f"Next: read {directory}/suites/incidents.jsonl, then roadworthy eval and gate.")


@app.command()
def close(
    incident: Id, directory: Directory = Path(), *, as_: As = None, json: Json = False
) -> None:
    """Close it with the gate that ran its cases and passed."""
    from roadworthy.domain import format_instant
    from roadworthy.flows.learning import close as close_incident
    from roadworthy.flows.learning import find_incident
    from roadworthy.ledger import require_role

    from .acting import acting_person

    loop = _loop(directory)
    _, signer, key = acting_person(loop.workspace, as_, roles=CLOSERS)
    require_role(loop.trust, key.key_id, CLOSERS, format_instant(loop.clock.now()))
    closed = close_incident(find_incident(loop, incident), loop, signer=signer)
    if json:
        emit(_as_json(closed))
        return
    say(f"Closed {closed.id} by gate {closed.gate[:19]}….")


def _loop(directory: Path) -> Any:
    from roadworthy.wiring.loop import loop_of
    from roadworthy.wiring.places import workspace_of

    return loop_of(workspace_of(directory, standing=True))


def _as_json(incident: Incident) -> dict[str, Any]:
    import msgspec

    built: dict[str, Any] = msgspec.to_builtins(incident)
    return built
