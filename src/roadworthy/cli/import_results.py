"""`roadworthy import`: results that another tool made, kept with their origin and weaker trust."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .terminal import emit, printable, say, table


def command(
    path: Annotated[
        Path | None, typer.Argument(metavar="FILE|FOLDER", help="None: list what was imported.")
    ] = None,
    *,
    directory: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The folder.")] = Path(),
    candidate: Annotated[
        str, typer.Option(metavar="FILE", help="The candidate that you say they are about.")
    ] = "",
    look: Annotated[bool, typer.Option("--look", help="Read and show; enter nothing.")] = False,
    acting: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Enter results of Inspect AI, lm-eval, garak, promptfoo, DeepEval or MLflow.

    The ledger keeps the digest of each file, the tool, its version and who vouches for it. The
    gate names them beside its decision as "imported, not run here" and judges nothing on them.
    A form or version that was never seen is refused.
    """
    from roadworthy.domain import NOT_RUN_HERE
    from roadworthy.flows.importing import read

    if path is None:
        _list(directory, json=json)
        return
    found, unread = read(path)
    entered = [] if look else _enter(found, directory, candidate, acting)
    if json:
        emit(_as_json(found, entered, unread))
        return
    for number, each in enumerate(found):
        show_found(each, NOT_RUN_HERE)
        if entered:
            one = entered[number]
            before = " (entered before)" if one.repeated else ""
            say(f"entry {one.entry.seq}: {one.entry.subject[:19]}…{before}")
    for name, why in unread.items():
        say(printable(f"  left out: {name}: {why}"))


def _enter(found: Any, directory: Path, candidate: str, acting: str | None) -> Any:
    from roadworthy.flows.importing import enter
    from roadworthy.flows.people import Acting
    from roadworthy.manifests import load_system
    from roadworthy.release import pin
    from roadworthy.wiring.loop import open_loop

    from .acting import acting_person

    system = load_system(directory, **({"candidate": candidate} if candidate else {}))
    about = pin(system).candidate_digest if candidate else ""
    loop = open_loop(directory, configured=system.deployment.workspace)
    name, signer, key = acting_person(loop.workspace, acting)
    by = Acting(name=name, signer=signer, key=key)
    return enter(found, loop, system=system.charter.system, candidate=about, by=by)


def show_found(found: Any, trust: str) -> None:
    """Print what the files of one evaluation say, and what it is worth."""
    rows = [
        (
            each.name,
            _number(each.value),
            "-" if each.low is None else f"{each.low:.4g} to {each.high:.4g}",
            str(each.n),
            _number(each.reported),
            {True: "yes", False: "NO", None: "-"}[each.follows],
        )
        for each in found.scores
    ]
    columns = ("score", "mean of cases", "95 % interval", "n", "the tool says", "follows")
    tool = f"{found.tool} {found.version}".strip()
    title = f"{tool}: {found.task or 'no named task'} ({trust})"
    table(columns, rows, title=printable(title))
    say(
        printable(
            f"{found.format}; model {found.model or 'not named'}; {found.cases} cases, "
            f"{found.rows} answers, {found.failed} failed; {found.status}"
        )
    )
    for note in found.notes:
        say(printable(f"  note: {note}"))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _as_json(found: Any, entered: Any, unread: dict[str, str]) -> dict[str, Any]:
    """The stable contract for scripts."""
    from msgspec import to_builtins

    from roadworthy.domain import NOT_RUN_HERE

    told = []
    for number, each in enumerate(found):
        one = entered[number] if entered else None
        told.append(
            {
                "trust": NOT_RUN_HERE,
                "entry": one.entry.seq if one else None,
                "entered_before": bool(one and one.repeated),
                "subject": each.subject,
                **to_builtins(each),
            }
        )
    return {"imported": told, "left_out": unread}


def _list(directory: Path, *, json: bool) -> None:
    from roadworthy.flows.importing import imports_of
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    system = load_system(directory)
    loop = standing_loop(standing_workspace(directory))
    entries = imports_of(loop, system.charter.system) if loop is not None else []
    if json:
        emit([{"entry": each.seq, "subject": each.subject, **each.payload} for each in entries])
        return
    if not entries:
        say("Nothing was imported.")
        return
    keys = ("tool", "version", "task", "model", "cases", "status", "trust")
    rows = [(str(e.seq), e.time[:10], *(str(e.payload[key]) for key in keys)) for e in entries]
    table(("entry", "when", *keys), rows, title="Results of other tools")
