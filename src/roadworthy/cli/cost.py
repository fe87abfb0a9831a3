"""`roadworthy cost`: what each phase was to cost, what it cost, and what nobody knows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .exits import Exit
from .folders import require_file
from .terminal import emit, group, printable, say, table

app = group("Estimates against what was spent; enter what was spent outside.")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
_MOST = 1 << 30


@app.command("show")
def show(directory: Folder = Path(), *, json: Json = False) -> None:
    """Show each phase: estimate, actual, and what of it is unknown.

    Estimates stand in the charter (`value.estimates`). Actual: what people entered, evaluations and
    live answers by the prices of the day, energy where the machine measured it. Exit code 3 where
    what is known is more than what was estimated.
    """
    from roadworthy.flows.papers.costs import costs_of
    from roadworthy.manifests import load_charter
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    charter = load_charter(directory)
    loop = standing_loop(standing_workspace(directory))
    if loop is None:
        from roadworthy.compliance import sums
        from roadworthy.flows.papers.costs import estimates_of

        found = sums(estimates_of(charter), (), ())
    else:
        found = costs_of(loop, charter)
    if json:
        emit({"system": charter.system, "phases": as_json(found)})
    else:
        say_costs(charter.system, found)
    if any(one.over for one in found):
        raise typer.Exit(Exit.REFUSED)


@app.command("add")
def add(
    phase: Annotated[str, typer.Argument(metavar="PHASE", help="modelling, evaluation …")],
    directory: Folder = Path(),
    *,
    spent: Annotated[
        list[str], typer.Option("--spent", metavar="TEXT", help="'1200 EUR', '12 h', '3.5 kWh'")
    ],
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What shows it, such as an invoice.")
    ] = None,
    note: Annotated[str, typer.Option(help="What it was for, in a sentence.")] = "",
    acting: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")] = None,
    json: Json = False,
) -> None:
    """Enter what something of a phase cost, signed by you: money, hours of people, energy.

    The file stays where it is; the ledger keeps its digest. Entered again for the same file (or the
    same note), phase and unit (EUR, h, kWh), it takes the place of what was said before, and says
    so; 0 takes something back.
    """
    from roadworthy.domain import UsageError, sha256
    from roadworthy.flows.papers.costs import Receipt, parse_spent, record_cost, replaced_by
    from roadworthy.flows.workspace.people import Acting
    from roadworthy.manifests import load_charter
    from roadworthy.wiring.loop import loop_of

    from .acting import acting_person, standing_workspace

    amounts = parse_spent(spent)
    digest = ""
    if file is not None:
        require_file(file, "give a document up to 1 GB")
        if file.stat().st_size > _MOST:
            raise UsageError(f"{file} is too large", fix="give a document up to 1 GB")
        data = file.read_bytes()
        if not data.strip():
            raise UsageError(f"{file} is empty: it shows nothing", fix="give the invoice itself")
        digest = sha256(data)
    elif not note.strip():
        raise UsageError("nothing shows it", fix="--file INVOICE or --note 'what it was for'")
    system = load_charter(directory).system
    workspace = standing_workspace(directory)
    name, signer, key = acting_person(workspace, acting)
    receipt = Receipt(digest=digest, file=file.name if file is not None else "", note=note)
    loop = loop_of(workspace)
    entry = record_cost(
        loop, system, Acting(name=name, signer=signer, key=key),
        phase=phase, spent=amounts, receipt=receipt,
    )  # fmt: skip
    gone = replaced_by(loop, entry)
    if json:
        emit({"entry": entry.seq, "phase": phase, "spent": amounts, "by": name,
              "replaced": [{"measure": one.measure, "amount": one.amount, "unit": one.unit,
                            "source": one.source} for one in gone]})  # fmt: skip
        return
    say(f"entry {entry.seq}: {phase}, {', '.join(spent)}, signed by {name}")
    for one in gone:
        said = f"in the place of {one.amount} {one.unit}, {one.source}, which counts no more"
        say(f"  {printable(said)}", "yellow")


def as_json(found: Any) -> list[dict[str, Any]]:
    """Rows for programs; `null` is what nobody knows, never 0."""
    return [
        {
            "phase": one.phase, "measure": one.measure,
            "estimate": one.estimate or None, "unit": one.estimated_unit or None,
            "actual": one.actual or None, "percent": one.share or None, "whole": one.whole,
            "sources": list(one.sources), "unknown": list(one.unknown),
        }
        for one in found
    ]  # fmt: skip


def say_costs(system: str, found: Any) -> None:
    """A table of what was estimated, or is known; the rest is unknown, and said so once."""
    told = [one for one in found if one.estimate or one.actual]
    rows = [
        (one.phase, one.measure, f"{one.estimate} {one.estimated_unit}" if one.estimate else "-",
         one.in_words, f"{one.share} %{'' if one.whole else ' or more'}" if one.share else "-")
        for one in told
    ]  # fmt: skip
    if rows:
        table(("phase", "of", "estimate", "actual", "of the estimate"), rows,
              title=f"{system}: cost by phase")  # fmt: skip
    for one in found:
        for why in one.reasons:
            say(printable(f"  unknown: {one.phase}, {one.measure}: {why}"), "yellow")
    if len(told) < len(found):
        say(f"  {len(found) - len(told)} of {len(found)} were not estimated, and nothing of them is"
            " known")  # fmt: skip
