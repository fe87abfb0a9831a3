"""`roadworthy import`: what was made elsewhere, kept with its origin and weaker trust."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from roadworthy.domain import UsageError

from .terminal import emit, printable, say, table


def command(
    place: Annotated[
        str | None,
        typer.Argument(metavar="FILE|FOLDER|ADDRESS", help="None: list what was imported."),
    ] = None,
    *,
    directory: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The folder.")] = Path(),
    candidate: Annotated[
        str, typer.Option(metavar="FILE", help="The candidate that you say they are about.")
    ] = "",
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="The kind of evidence that you say it is; repeatable."),
    ] = None,
    run: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="Of a tracking store: this run.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME@ALIAS", help="Of a tracking store: the run of this model."),
    ] = None,
    root: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Certificates that you trust (PEM); repeatable."),
    ] = None,
    look: Annotated[bool, typer.Option("--look", help="Read and show; enter nothing.")] = False,
    acting: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Enter what was made elsewhere, with its origin and how far it is trusted.

    Results of Inspect AI, lm-eval, garak, promptfoo, DeepEval or MLflow; runs and models of MLflow
    (folder, database, server); exports of Langfuse; runs of GitHub Actions; signed PDFs. The ledger
    keeps digests, the tool and its version, what was checked, and who vouches for it. Nothing of it
    is judged by the gate. A form or version that was never seen is refused.
    """
    from roadworthy.origins import Wanted
    from roadworthy.wiring.clock import SystemClock

    if place is None:
        _list(directory, json=json)
        return
    wanted = Wanted(
        now=SystemClock().now(),
        runs=tuple(run or ()),
        models=tuple(model or ()),
        roots=tuple(root or ()),
    )
    if _foreign(place, wanted, _Said(directory, candidate, tuple(kind or ()), acting, look, json)):
        return
    if kind or wanted.names_runs or wanted.roots:
        _require_results(Path(place))
        raise UsageError(
            f"{place} holds results of an evaluation, which prove no duty by themselves",
            fix="leave out --kind, --run, --model and --root",
        )
    _results(Path(place), directory, candidate=candidate, acting=acting, look=look, json=json)


def _require_results(path: Path) -> None:
    """Raises UsageError, with all that is read, where it is no form at all."""
    from roadworthy.flows.findings.importing import read

    read(path)


class _Said(NamedTuple):
    """What was said on the command line besides the place."""

    directory: Path
    candidate: str
    kinds: tuple[str, ...]
    acting: str | None
    look: bool
    json: bool


def _foreign(place: str, wanted: Any, said: _Said) -> bool:
    """Enter it where it is evidence and no results; whether it was."""
    from roadworthy.flows.papers.receiving import About, read, receive

    from .import_foreign import show_looked, show_taken

    found = read(place, wanted)
    if found is None:
        return False
    if said.look:
        show_looked(found, json=said.json)
        return True
    loop, system, about, by = _desk(said.directory, said.candidate, said.acting)
    told = About(system=system, kinds=said.kinds, candidate=about)
    show_taken(receive(found, loop, told, by), json=said.json)
    return True


def _results(
    path: Path, directory: Path, *, candidate: str, acting: str | None, look: bool, json: bool
) -> None:
    """Enter results of an evaluation."""
    from roadworthy.domain import NOT_RUN_HERE
    from roadworthy.flows.findings.importing import enter, read

    found, unread = read(path)
    entered: Any = []
    if not look:
        loop, system, about, by = _desk(directory, candidate, acting)
        entered = enter(found, loop, system=system, candidate=about, by=by)
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


def _desk(directory: Path, candidate: str, acting: str | None) -> tuple[Any, str, str, Any]:
    """The loop, the system, the candidate's digest where one is named, and who acts."""
    from roadworthy.flows.workspace.people import Acting
    from roadworthy.manifests import load_system
    from roadworthy.release import pin
    from roadworthy.wiring.loop import open_loop

    from .acting import acting_person

    system = load_system(directory, **({"candidate": candidate} if candidate else {}))
    about = pin(system).candidate_digest if candidate else ""
    loop = open_loop(directory, configured=system.deployment.workspace)
    name, signer, key = acting_person(loop.workspace, acting)
    return loop, system.charter.system, about, Acting(name=name, signer=signer, key=key)


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
    from roadworthy.flows.findings.importing import imports_of
    from roadworthy.flows.findings.received_entries import received_of
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace
    from .import_foreign import received_rows

    system = load_system(directory)
    loop = standing_loop(standing_workspace(directory))
    entries = imports_of(loop, system.charter.system) if loop is not None else []
    others = received_of(loop, system.charter.system) if loop is not None else []
    if json:
        both = sorted([*entries, *others], key=lambda entry: entry.seq)
        emit([{"entry": each.seq, "subject": each.subject, **each.payload} for each in both])
        return
    if not entries and not others:
        say("Nothing was imported.")
        return
    if entries:
        keys = ("tool", "version", "task", "model", "cases", "status", "trust")
        rows = [(str(e.seq), e.time[:10], *(str(e.payload[key]) for key in keys)) for e in entries]
        table(("entry", "when", *keys), rows, title="Results of other tools")
    if others:
        columns = ("entry", "when", "tool", "what", "to prove", "trust")
        table(columns, received_rows(others), title="Evidence made elsewhere")
