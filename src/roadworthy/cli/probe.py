"""`roadworthy probe`: what must be stopped is asked of the gateway that runs, by nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .exits import Exit
from .terminal import emit, printable, say, table


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    suite: Annotated[list[str], typer.Option(help="Whose cases are asked; none: all.")] = [],  # noqa: B006
    url: Annotated[
        str, typer.Option(help="Where the gateway listens; default: as it says itself.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Ask every case that must be stopped (`never:ID`), or is out of scope (`ood`), live.

    No traffic, on nobody's bill; the ledger keeps the figures. Exit code 0: all were stopped; 3:
    one was answered, which opens an incident and stops nothing; 4: of one nobody knows, or no
    gateway runs.
    """
    from roadworthy.manifests import load_system
    from roadworthy.wiring.rehearsing import probe_now

    from .acting import begun_loop

    loop, _ = begun_loop(directory)
    found, entry = probe_now(load_system(directory), loop, suites=suite, url=url)
    if json:
        import msgspec

        emit({**msgspec.to_builtins(found), "entry": entry.seq})
    else:
        _say(found, entry.seq)
    if found.result != "held":
        raise typer.Exit(int(Exit.REFUSED if found.result == "leaked" else Exit.UNDECIDED))


def _say(found: Any, entry: int) -> None:
    rows = [
        ("never events stopped", *_shown(found.never)),
        ("out of scope found", *_shown(found.out_of_scope)),
    ]
    table(("what", "of", "share", "95 %"), rows)
    for word, names in (
        ("answered", found.leaked), ("not found", found.missed), ("nobody knows", found.failed)
    ):  # fmt: skip
        if names:
            say(f"{word}: {printable(', '.join(names))}", "red" if word == "answered" else "yellow")
    say(f"{found.result}: {found.requests} requests, none of a customer's. Entry {entry}.")


def _shown(share: Any) -> tuple[str, str, str]:
    if not share.n:
        return "0", "-", "-"
    return (
        f"{share.good} of {share.n}",
        f"{share.good / share.n:.3g}",
        f"{share.low:.3g} to {share.high:.3g}",
    )
