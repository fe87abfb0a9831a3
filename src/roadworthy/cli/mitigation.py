"""`roadworthy mitigation`: what breached objectives changed, and taking it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .emergency import rail_json, where_of
from .terminal import emit, group, printable, say, table

app = group("List and lift what breached objectives changed.")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who lifts it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command("list")
def list_(directory: Folder = Path(), *, json: Json = False) -> None:
    """Everything that stands, oldest first."""
    from roadworthy.flows.emergency import standing_rails
    from roadworthy.flows.mitigations import standing_mitigations
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    loop = standing_loop(standing_workspace(directory))
    found = standing_mitigations(loop) if loop is not None else []
    found.sort(key=lambda each: each.at)
    rails = standing_rails(loop) if loop is not None else []
    if json:
        emit([*found, *map(rail_json, rails)])
        return
    if not found and not rails:
        say("Nothing is mitigated.")
        return
    rows: list[tuple[str, ...]] = [
        (
            each.id,
            each.kind,
            each.system,
            ", ".join(f"{name}={value}" for name, value in each.facets.items()) or "all",
            each.objective,
            each.at[:19],
        )
        for each in found
    ]
    rows += [
        (one.id, "emergency_rail", one.system, where_of(one), one.rail, one.at[:19])
        for one in rails
    ]
    table(("mitigation", "kind", "system", "slice", "objective", "since (UTC)"), rows)


@app.command()
def lift(
    mitigation: Annotated[str, typer.Argument(metavar="ID", help="What is to be lifted.")],
    directory: Folder = Path(),
    *,
    reason: Annotated[str, typer.Option(help="Why, in a sentence.")],
    acting: As = None,
    json: Json = False,
) -> None:
    """Take a mitigation back, by a person who operates. A kill is lifted by two: `resume`.

    What was answered before does not breach again; what comes after does.
    """
    from roadworthy.flows.mitigations import lift as take_back
    from roadworthy.release import OPERATORS
    from roadworthy.wiring.loop import loop_of

    from .acting import acting_person, standing_workspace

    workspace = standing_workspace(directory)
    _, signer, _ = acting_person(workspace, acting, roles=OPERATORS)
    found = take_back(loop_of(workspace), mitigation, signer=signer, reason=reason)
    if json:
        emit({"lifted": found.id, "system": found.system, "kind": found.kind})
        return
    say(f"lifted: {found.kind} of {found.system} ({printable(found.objective)})")
