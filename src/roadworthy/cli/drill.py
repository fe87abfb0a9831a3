"""`roadworthy drill`: the brakes tried on the gateway that runs, on a tenant that nobody is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from .exits import Exit
from .terminal import emit, group, printable, say, table, warn

app = group("Try the brakes on the gateway that runs; no customer's request is touched.")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Within = Annotated[
    int, typer.Option(help="Milliseconds within which every worker must obey.", min=1)
]
Suite = Annotated[list[str], typer.Option(help="Whose cases are asked; none: all.")]
Url = Annotated[str, typer.Option(help="Where the gateway listens; default: as it says itself.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who drills, and signs.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command()
def kill(
    directory: Folder = Path(),
    *,
    within: Within = 200,
    suite: Suite = [],  # noqa: B006
    url: Url = "",
    as_: As = None,
    json: Json = False,
) -> None:
    """Stop a tenant that nobody is, and see when the last worker refuses real requests.

    The ledger keeps what was seen. Exit code 0: every worker refused in time, and answers again;
    3: one did not; 4: no gateway runs, or a worker could not be asked.
    """
    _drill("kill", directory, within=within, suites=suite, url=url, name=as_, json=json)


@app.command()
def degrade(
    directory: Folder = Path(),
    *,
    within: Within = 200,
    suite: Suite = [],  # noqa: B006
    url: Url = "",
    as_: As = None,
    json: Json = False,
) -> None:
    """Put that tenant into safe mode, and see when the live release answers it no more.

    Exit codes as for `kill`.
    """
    _drill("degrade", directory, within=within, suites=suite, url=url, name=as_, json=json)


@app.command()
def rollback(
    directory: Folder = Path(),
    *,
    within: Within = 200,
    suite: Suite = [],  # noqa: B006
    url: Url = "",
    as_: As = None,
    json: Json = False,
) -> None:
    """Let the safe baseline answer that tenant, and see when it does on every worker, and back.

    Exit codes as for `kill`. A baseline that is not in memory has to be loaded first: that is
    measured apart; meanwhile the static fallback answers.
    """
    _drill("rollback", directory, within=within, suites=suite, url=url, name=as_, json=json)


def _drill(
    what: Any, directory: Path, *, within: int, suites: list[str], url: str, name: str | None,
    json: bool,
) -> None:  # fmt: skip
    from roadworthy.flows.brakes.stopping import LIFTERS
    from roadworthy.manifests import load_system
    from roadworthy.wiring.rehearsing import How, drill_now

    from .acting import begun_loop, find_acting

    system = load_system(directory)
    loop, _ = begun_loop(directory)
    by = find_acting(loop.workspace, name, roles=LIFTERS)
    signer = by.signer if by is not None else loop.keyring.machine()
    with _ends_in_order():
        found, entry = drill_now(
            what, system, loop, signer=signer,
            how=How(suites=suites, url=url, within_ms=within),
            tell=lambda words: warn(printable(words)),
        )  # fmt: skip
    if json:
        import msgspec

        by_name = by.name if by is not None else ""
        emit({**msgspec.to_builtins(found), "by": by_name, "entry": entry.seq})
    else:
        _say(found, entry.seq)
    if found.result != "held":
        raise typer.Exit(int(Exit.REFUSED))


@contextmanager
def _ends_in_order() -> Iterator[None]:
    """A drill that is told to end takes its switch away first, whoever tells it."""
    import signal

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(found: Any, entry: int) -> None:
    rows = [
        (each.worker, _shown(each.stopped_in_ms), _shown(each.baseline_in_ms),
         _shown(each.back_in_ms))
        for each in found.workers
    ]  # fmt: skip
    table(("worker", "obeyed after", "baseline after", "back after"), rows)
    word = "in time" if found.result == "held" else "MISSED"
    say(
        f"{found.drill}: {word}, the last of {len(found.workers)} workers obeyed after "
        f"{_shown(found.stopped_in_ms)} (at most {found.within_ms} ms); {found.requests} requests, "
        f"none of a customer's. Entry {entry}."
    )


def _shown(ms: int | None) -> str:
    return "-" if ms is None else f"{ms} ms"
