"""`roadworthy suite borrow`: a suite that others wrote, from a file that you have or name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .terminal import emit, printable, say, table


def borrow(
    name: Annotated[
        str, typer.Argument(metavar="SET", help="gsm8k, humaneval …; none: list them.")
    ] = "",
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="Your copy, or hf:OWNER/NAME[@REVISION][/PATH].")
    ] = "",
    *,
    out: Annotated[str, typer.Option(metavar="NAME", help="The suite's name here.")] = "",
    limit: Annotated[int, typer.Option(min=0, help="So many, drawn at random; 0: all.")] = 0,
    seed: Annotated[int, typer.Option(help="Another seed, other cases.")] = 0,
    licence: Annotated[str, typer.Option(help="As its authors state it.")] = "",
    directory: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The folder.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Make a suite of GSM8K, HumanEval, SQuAD, GLUE, a log of Inspect AI, and others.

    Reads your copy (JSON Lines, JSON, CSV, TSV, Parquet; .gz), or one plain file of a set on the
    Hugging Face Hub, pinned by its commit. Writes suites/NAME.yaml and its cases with origin,
    licence and digest. Rows that are no case are counted with the reason.
    """
    from roadworthy.domain import UsageError

    if not name:
        _list(json=json)
        return
    if not source:
        raise UsageError("where is your copy of it?", fix=f"roadworthy suite borrow {name} FILE")
    from roadworthy.flows.runs.borrowing import BorrowAsked, borrow_suite
    from roadworthy.manifests import load_system

    asked = BorrowAsked(
        kind=name, source=source, out=out or name, limit=limit, seed=seed, licence=licence
    )
    done = borrow_suite(load_system(directory), asked)
    if json:
        emit(
            {
                "suite": done.suite,
                "file": done.file,
                "cases": len(done.found.cases),
                "drawn_from": done.found.drawn_from,
                "left_out": done.found.left_out,
                "digest": done.found.digest,
                "licence": done.licence,
                "hub": done.address,
            }
        )
        return
    say(f"{done.file}: {len(done.found.cases)} of {done.found.drawn_from} cases, {done.licence}")
    if done.address:
        say(f"  from {done.address}")
    for reason, count in done.found.left_out.items():
        say(printable(f"  left out: {count} x {reason}"))
    say(f"Next: roadworthy check, then roadworthy eval --suite {done.suite}")


def _list(*, json: bool) -> None:
    from roadworthy.evaluation import outside

    if json:
        emit([{"name": name, "title": kind.title, "home": kind.home, "licence": kind.licence}
              for name, kind in outside.SETS.items()])  # fmt: skip
        return
    rows = [
        (name, kind.title, kind.licence or "say it: --licence", kind.home or "-")
        for name, kind in outside.SETS.items()
    ]
    table(("set", "what", "licence", "published at"), rows)
