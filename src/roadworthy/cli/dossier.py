"""`roadworthy dossier`: all evidence about a system in one archive that anybody can verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .exits import Exit
from .terminal import emit, progress, say_of

_SHOWN = 8


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    out: Annotated[Path, typer.Option(metavar="PATH", help="A new file, such as dossier.zip.")],
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    show: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help="Entries with what people said, asked for by kind."),
    ] = None,
    withhold: Annotated[
        list[str] | None,
        typer.Option(metavar="DIGEST", help="Evidence that stays here; the dossier names it."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Write over an older dossier at PATH.")
    ] = False,
    complete: Annotated[
        bool, typer.Option("--complete", help="Exit code 4 while anything is missing or withheld.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Write the dossier: documents, duties, lifecycle, entries with their proof, attestations.

    It opens from a disk (index.html) and `roadworthy-verify PATH` checks it without this platform.
    Payloads of people's reports and ratings stay here unless --show names their kind; the entries
    verify without them. Evidence that an entry names comes along, or --withhold names it, and the
    dossier says so. What is missing is listed in it and said; --complete makes that an error.
    An older dossier is written over with --replace only: somebody may have been given it.
    """
    from roadworthy.console.deliberations import pages
    from roadworthy.console.dossier import to_index
    from roadworthy.console.paper import to_html
    from roadworthy.flows.papers.deliberations import deliberations
    from roadworthy.flows.papers.dossier import Extent, Look, make_dossier
    from roadworthy.flows.workspace.own_files import own_file
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop
    from roadworthy.wiring.personal import finders

    from .days import day_of

    _require_new(out, replace=replace)
    system = load_system(directory, candidate=candidate)
    loop = open_loop(directory, configured=system.deployment.workspace)
    look = Look(
        index=to_index, page=lambda paper: to_html(paper).encode(),
        deliberations=lambda: pages(
            deliberations(loop, system.charter, directory, finders=finders())
        ),
    )  # fmt: skip
    with own_file(out) as file, progress(4, "dossier") as tell:
        steps = iter(range(5))
        made = make_dossier(
            system, loop, file, look, on=day_of("", system.charter.time_zone),
            asked=Extent(shown=show or (), withheld=withhold or ()),
            say=lambda what: tell(next(steps, 4), what),
        )  # fmt: skip
    _tell(made, out, json=json)
    if complete and not made.whole:
        raise typer.Exit(Exit.UNDECIDED)


def _require_new(out: Path, *, replace: bool) -> None:
    """Only a new file is written to, or with `replace` an older dossier. Raises UsageError."""
    from roadworthy.domain import UsageError
    from roadworthy.flows.papers.dossier import is_dossier
    from roadworthy.flows.workspace.own_files import require_own

    require_own(out, lambda _: is_dossier(out), kind="dossier")
    if not replace and out.is_file() and out.stat().st_size:
        raise UsageError(
            f"{out} is an older dossier, which somebody may have been given",
            fix="name another file, or add --replace to write over it",
        )


def _tell(made: Any, out: Path, *, json: bool) -> None:
    if json:
        emit({
            "out": str(out), "digest": made.digest, "files": made.files,
            "entries": made.entries.shown, "redacted": made.entries.redacted,
            "hidden": made.entries.hidden, "checkpoint": made.checkpoint,
            "missing": list(made.missing), "withheld": made.withheld, "entry": made.entry,
        })  # fmt: skip
    else:
        said = (
            f"{made.files} files, {made.entries.shown} entries up to checkpoint {made.checkpoint}"
        )
        say_of(out, f"{out}: {said}")
        for left in made.withheld:
            say_of(out, f"  withheld: {left.digest}, which entry {left.entry} names: {left.why}")
        for one in made.missing[:_SHOWN]:
            say_of(out, f"  missing: {one}")
        if len(made.missing) > _SHOWN:
            say_of(out, f"  and {len(made.missing) - _SHOWN} more, listed in it")
        say_of(out, f"Next: roadworthy-verify {out} --trust KEYS.yaml; or open its index.html")
