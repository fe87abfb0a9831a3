"""`roadworthy mitigation`: what breached objectives changed, and taking it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import DegradeStep, steps_of

from .emergency import rail_json, where_of
from .terminal import emit, group, printable, say, table

app = group("List and lift what breached objectives changed.")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who lifts it.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command("list")
def list_(directory: Folder = Path(), *, json: Json = False) -> None:
    """Everything that stands, oldest first."""
    from roadworthy.flows.mitigation.emergency import standing_rails
    from roadworthy.flows.mitigation.mitigations import standing_mitigations
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
    from roadworthy.flows.mitigation.mitigations import lift as take_back
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


@app.command()
def steps(
    directory: Folder = Path(),
    *,
    json: Json = False,
) -> None:
    """Every playbook with `degrade_steps`, and where it stands: which steps are in force."""
    from roadworthy.flows.mitigation.mitigations import standing_mitigations
    from roadworthy.flows.workspace.routing import read_table
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    system = load_system(directory)
    workspace = standing_workspace(directory)
    loop = standing_loop(workspace)
    name = system.charter.system
    stand = standing_mitigations(loop) if loop is not None else []
    kills = read_table(workspace.routing).kills
    found = []
    for playbook in system.playbooks:
        written = steps_of(playbook.header.degrade_steps)
        by = {playbook.name, playbook.header.trigger}
        for number, step in enumerate(written, start=1):
            taken: list[Any] = [
                each
                for each in stand
                if (each.system, each.step) == (name, number) and each.playbook in by
            ]
            if step.do == "kill_switch":
                names = {f"playbook:{one}" for one in by}
                taken = [each for each in kills if each.system == name and each.by in names]
            found.append(_step_json(playbook.name, number, len(written), step, taken))
    if json:
        emit(found)
        return
    if not found:
        say("No playbook has `degrade_steps`.")
        return
    rows = [
        (
            one["playbook"],
            f"{one['step']} of {one['of']}",
            one["do"],
            one["slice"] or "the objective's",
            one["within"],
            ", ".join(f"since {each['at'][:19]} ({each['id']})" for each in one["taken"]) or "-",
        )
        for one in found
    ]
    table(("playbook", "step", "what", "slice", "its time", "in force"), rows)


def _step_json(
    playbook: str, number: int, most: int, step: DegradeStep, taken: list[Any]
) -> dict[str, Any]:
    return {
        "playbook": playbook,
        "step": number,
        "of": most,
        "do": step.do,
        "slice": step.slice,
        "within": step.within,
        "taken": [{"id": each.id, "at": each.at, "reason": each.reason} for each in taken],
    }


@app.command()
def step(
    playbook: Annotated[str, typer.Argument(metavar="PLAYBOOK", help="Its name, without .md.")],
    directory: Folder = Path(),
    *,
    reason: Annotated[str, typer.Option(help="Why, in a sentence.")],
    back: Annotated[
        bool, typer.Option("--back", help="Take the newest step back instead.")
    ] = False,
    acting: As = None,
    json: Json = False,
) -> None:
    """Take the next step of a playbook by hand, at once, on every worker; or take one back.

    What was taken before stands beside it. A step `kill_switch` is lifted by two: `resume`.
    """
    from roadworthy.domain import UsageError
    from roadworthy.flows.mitigation.degrading import Run, back_by_hand, step_by_hand
    from roadworthy.manifests import load_system
    from roadworthy.release import OPERATORS
    from roadworthy.wiring.loop import loop_of

    from .acting import acting_person, standing_workspace

    system = load_system(directory)
    known = {each.name: each for each in system.playbooks if each.header.degrade_steps}
    if playbook not in known:
        there = ", ".join(known) or "none"
        raise UsageError(
            f"no playbook {playbook!r} has `degrade_steps`", fix=f"these have: {there}"
        )
    workspace = standing_workspace(directory)
    _, signer, _ = acting_person(workspace, acting, roles=OPERATORS)
    name = system.charter.system
    run = Run(
        id=f"{name}/{playbook}", system=name, playbook=playbook, facets={},
        steps=steps_of(known[playbook].header.degrade_steps),
    )  # fmt: skip
    act = back_by_hand if back else step_by_hand
    switch = act(run, loop_of(workspace), signer=signer, reason=reason)
    if json:
        emit({"back" if back else "taken": switch.id, "reason": switch.reason})
        return
    say(f"{'taken back' if back else 'in force'}: {printable(switch.reason)} ({switch.id})")
