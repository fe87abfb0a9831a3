"""`roadworthy emergency`: a rail for the running system, without a release, by two people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .terminal import emit, group, printable, say, table, warn

app = group("Add a rail to what runs, at once, for 72 hours at most: two people together.")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence.")]
As = Annotated[list[str], typer.Option("--as", metavar="NAME", help="Who acts; give two.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What records call it: emergency:NAME.")],
    directory: Folder = Path(),
    *,
    reason: Reason,
    word: Annotated[list[str], typer.Option(help="A word or phrase that it looks for.")] = [],  # noqa: B006
    pattern: Annotated[list[str], typer.Option(help="An RE2 pattern that it looks for.")] = [],  # noqa: B006
    file: Annotated[
        Path | None, typer.Option(help="A rail as in rails.yaml, instead of words or patterns.")
    ] = None,
    on: Annotated[str, typer.Option(help="input | output | both")] = "both",
    action: Annotated[str, typer.Option(help="block | hold | redact")] = "block",
    scope: Annotated[str, typer.Option(help="system | tenant:NAME | slice:FACET=VALUE")] = "system",
    lasts: Annotated[str, typer.Option("--for", help="How long; at most 72h.")] = "72h",
    system: Annotated[str, typer.Option(help="Which system; default: the folder's own.")] = "",
    incident: Annotated[
        str, typer.Option(help="The incident that it joins; default: its own.")
    ] = "",
    as_: As = [],  # noqa: B006
    json: Json = False,
) -> None:
    """Let every worker look for something more, within a second. It can only tighten.

    Two people with the role operator, risk_officer or admin sign it. It opens an incident, with an
    item: a release must carry the rail, or it ends.
    """
    from roadworthy.domain import UsageError
    from roadworthy.flows.brakes.stopping import read_scope
    from roadworthy.flows.mitigation.emergency import AskedRail, add_rail
    from roadworthy.flows.workspace.routing import read_table
    from roadworthy.wiring.loop import loop_of
    from roadworthy.wiring.places import place, system_of

    aimed, spot = read_scope(scope), place(directory, standing=True)
    which = system or system_of(spot, read_table(spot.workspace.routing))
    if not which:
        raise UsageError("which system?", fix="--system NAME")
    looks = _looks(word, pattern, file, on=on, action=action)
    asked = AskedRail(
        name=name, system=which, aimed=aimed, reason=reason, lasts_s=_seconds(lasts),
        incident=incident, **looks,
    )  # fmt: skip
    people = _people(spot.workspace, as_)
    rail, unrecorded = add_rail(asked, loop_of(spot.workspace), people)
    streams = _on_streams(rail)
    if json:
        emit({"rail": rail, "recorded": not unrecorded, "streams": streams})
    else:
        say(f"{rail.rail} looks until {rail.until[:19]}Z ({rail.id})")
        for note in streams:
            say(f"On streams: {note}.")
        say("A release must carry it, or it ends then.")
    if unrecorded:
        warn(unrecorded)
        raise typer.Exit(2)


@app.command()
def lift(
    name: Annotated[str, typer.Argument(help="Its name or id.")],
    directory: Folder = Path(),
    *,
    reason: Reason,
    as_: As = [],  # noqa: B006
    json: Json = False,
) -> None:
    """Take it away before its time: two people together, as a kill is lifted."""
    from roadworthy.flows.mitigation.emergency import lift_rail
    from roadworthy.wiring.loop import loop_of

    from .acting import standing_workspace

    workspace = standing_workspace(directory)
    people = _people(workspace, as_)
    rail = lift_rail(name, loop_of(workspace), people=people, reason=reason)
    if json:
        emit({"lifted": rail.id, "system": rail.system})
        return
    say(f"lifted: {rail.rail} of {rail.system}")


@app.command("list")
def list_(directory: Folder = Path(), *, json: Json = False) -> None:
    """Those that look now."""
    from roadworthy.flows.mitigation.emergency import standing_rails
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    loop = standing_loop(standing_workspace(directory))
    found = standing_rails(loop) if loop is not None else []
    if json:
        emit(found)
        return
    if not found:
        say("No emergency rail stands.")
        return
    rows = [
        (each.id, each.system, printable(where_of(each)), each.detector, each.on, each.action,
         each.until[:19])
        for each in found
    ]  # fmt: skip
    table(("rail", "system", "scope", "detector", "on", "action", "until (UTC)"), rows)


def _on_streams(rail: Any) -> list[str]:
    """What it means for an answer that is read as it comes; nothing for one of inputs."""
    from roadworthy.serving import RailLine, build_rail, explain_rails

    outputs = [guard for guard in build_rail(rail).guards if guard.side == "output"]
    return [each.note for each in explain_rails(RailLine(inputs=(), outputs=outputs))]


def where_of(rail: Any) -> str:
    """Its scope, as typed."""
    return "system" if rail.scope == "system" else f"{rail.scope}:{rail.value}"


def rail_json(rail: Any) -> dict[str, Any]:
    """As it stands among mitigations."""
    return {
        "id": rail.id,
        "kind": "emergency_rail",
        "system": rail.system,
        "rail": rail.rail,
        "scope": where_of(rail),
        "reason": rail.reason,
        "at": rail.at,
        "until": rail.until,
    }


def _seconds(lasts: str) -> int:
    from roadworthy.domain import UsageError, parse_duration

    try:
        return parse_duration(lasts)
    except ValueError:
        raise UsageError(f"{lasts!r} is no duration", fix="--for 24h") from None


def _looks(
    words: list[str], patterns: list[str], file: Path | None, *, on: str, action: str
) -> dict[str, Any]:
    """What it looks with."""
    from roadworthy.domain import UsageError

    if bool(words) + bool(patterns) + bool(file) != 1:
        raise UsageError(
            "what does it look for?", fix="give --word (as often as needed), --pattern or --file"
        )
    if file is not None:
        from roadworthy.manifests import load_rail

        rail = load_rail(file)
        return {"detector": rail.detector, "on": rail.on, "action": rail.action,
                "threshold": rail.threshold, "options": rail.options}  # fmt: skip
    if words:
        return {"detector": "deny", "on": on, "action": action, "options": {"words": words}}
    return {"detector": "pattern", "on": on, "action": action, "options": {"patterns": patterns}}


def _people(workspace: Any, names: list[str]) -> list[Any]:
    from roadworthy.domain import EMERGENCY_PEOPLE, UsageError

    from .acting import find_acting

    if len(set(names)) < EMERGENCY_PEOPLE:
        raise UsageError(
            f"{EMERGENCY_PEOPLE} people act together; {len(set(names))} named",
            fix="give two people: --as A --as B",
        )
    return [acting for name in names if (acting := find_acting(workspace, name)) is not None]
