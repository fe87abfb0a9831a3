"""`roadworthy incident`: what went wrong, and the cases that it became."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import Incident, UsageError

from .dismissal import dismiss
from .terminal import emit, group, printable, same_system, say, table

app = group("List, show, promote, close and dismiss incidents.")
app.command("dismiss")(dismiss)

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
As = Annotated[str | None, typer.Option("--as", help="Who acts.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The incident.")]


@app.command("list")
def list_(directory: Directory = Path(), *, json: Json = False) -> None:
    """Every incident, oldest first."""
    from roadworthy.flows.learning import incidents_of

    from .incident_words import say_waiting

    loop = _reading(directory)
    incidents = incidents_of(loop).values() if loop is not None else ()
    if json:
        emit([_as_json(incident) for incident in incidents])
        return
    if not incidents:
        say("No incident.")
        if loop is not None:
            say_waiting(loop, directory)
        return
    rows = [
        (each.id, each.severity, each.state, each.never_event, each.opened_at[:19])
        for each in incidents
    ]
    table(("incident", "severity", "state", "never event", "opened (UTC)"), rows)
    say_waiting(loop, directory)


@app.command()
def show(incident: Id, directory: Directory = Path(), *, json: Json = False) -> None:
    """One incident with its timeline, what its reporters wrote, and what comes next."""
    from roadworthy.flows.learning import find_incident

    from .incident_words import say_more, who_of

    loop = _reading(directory)
    if loop is None:
        raise UsageError(f"there is no incident {incident!r}", fix="nothing was recorded here yet")
    found = find_incident(loop, incident)
    if json:
        emit(_as_json(found))
        return
    say(f"{found.id}  {found.severity}  {found.state}")
    say(printable(found.title))
    contained = ", ".join(found.kills) or found.kill or "nothing"
    say(f"release {found.release[:19]}…, contained by {contained}")
    for at, what, *by in found.timeline:
        say(f"  {at[:19]}Z  {printable(what)}{''.join(f'  ({who_of(each, loop)})' for each in by)}")
    for label, values in (("observations", found.observations), ("cases", found.cases)):
        say(f"{label}: {', '.join(values) or 'none'}")
    for pin in found.pins:
        say(f"  {pin.id} in suite {pin.suite}: {pin.action}, {pin.digest[:19]}…")
    for revision in found.revisions:
        say(f"  {printable(revision)}")
    say_more(found, loop, directory)


@app.command()
def promote(
    incident: Id,
    directory: Directory = Path(),
    *,
    reason: Annotated[str, typer.Option(help="Why a case is changed.")] = "",
    as_: Annotated[
        list[str] | None,
        typer.Option("--as", metavar="NAME", help="Who acts; two, where a case is changed."),
    ] = None,
    json: Json = False,
) -> None:
    """Turn its observations into redacted cases of suites/incidents, and pin them.

    A case that says something else than was pinned, or than the answer's own input, is pinned as
    it is now when two people sign that and say why: the only way to change one. More cases are
    added to the suite by anybody.
    """
    import msgspec

    from roadworthy.flows.learning import find_incident
    from roadworthy.flows.learning import promote as promote_incident
    from roadworthy.wiring.road import Road

    from .acting import acting_person, begun_loop

    loop, deployment = begun_loop(directory)
    found = find_incident(loop, incident)
    named: Sequence[str | None] = as_ or [None]
    people = [acting_person(loop.workspace, name) for name in dict.fromkeys(named)]
    road = Road(loop, deployment)
    event = road.event(found.system, found.release, found.never_event)
    promoted = promote_incident(
        found,
        event,
        loop,
        root=directory,
        past=road,
        signers=[signer for _, signer, _ in people],
        reason=reason,
    )
    if json:
        emit(
            {
                "incident": incident,
                "cases": [case.id for case in promoted.cases],
                "suite": "incidents",
                "changed": msgspec.to_builtins(promoted.changed),
            }
        )
        return
    for case in promoted.cases:
        said = promoted.changed.get(case.id)
        anew = f"; changed by two people: {', '.join(said.fields)}" if said else ""
        say(f"case {case.id}: expects `{case.expect.action}`{anew}")
    here = same_system(directory)
    say(
        f"Next: read {directory}/suites/incidents.jsonl, then roadworthy eval{here} and gate{here}."
    )


@app.command()
def close(
    incident: Id, directory: Directory = Path(), *, as_: As = None, json: Json = False
) -> None:
    """Close it with the gate that ran its cases and passed."""
    from roadworthy.domain import format_instant
    from roadworthy.flows.closing import close as close_incident
    from roadworthy.flows.learning import find_incident
    from roadworthy.flows.routing import read_table
    from roadworthy.flows.second_person import DECIDERS
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


def _as_json(incident: Incident) -> dict[str, Any]:
    import msgspec

    built: dict[str, Any] = msgspec.to_builtins(incident)
    return built
