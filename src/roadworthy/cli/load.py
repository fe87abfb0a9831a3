"""`roadworthy load`: how much a live release can take, and whether it takes it for long."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import UsageError

from .terminal import warn


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    suite: Annotated[list[str], typer.Option(help="Whose cases are asked; none: all.")] = [],  # noqa: B006
    url: Annotated[
        str, typer.Option(help="A gateway of this workspace that runs; none: one is started.")
    ] = "",
    release: Annotated[
        str, typer.Option(metavar="DIGEST", help="Another release than the live one.")
    ] = "",
    workers: Annotated[int, typer.Option(help="Of a gateway that is started.", min=1)] = 1,
    peak: Annotated[
        float | None,
        typer.Option(help="Expected at the peak, a second; default: 4 x the charter's mean."),
    ] = None,
    rate: Annotated[
        float, typer.Option(help="Soak: requests a second, kept up. 0: find the capacity.", min=0)
    ] = 0.0,
    minutes: Annotated[float, typer.Option(help="Soak: for how long.", min=0.05)] = 30.0,
    seconds: Annotated[float, typer.Option(help="Of each rate that is tried.", min=1)] = 10.0,
    ramps: Annotated[int, typer.Option(help="Searches; their spread bounds.", min=1)] = 4,
    most: Annotated[
        float, typer.Option(help="The highest rate that is tried.", min=0.1)
    ] = 10_000.0,
    arrivals: Annotated[str, typer.Option(help="poisson | constant.")] = "poisson",
    seed: Annotated[int, typer.Option(help="Other arrivals.")] = 0,
    pay: Annotated[
        bool, typer.Option("--pay", help="The model has a price: each request is paid for.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Find the highest rate at which the objectives on latency and errors hold, or keep one up.

    Requests come when they are due, whatever the answers before them take, and latency counts from
    then. They are probes: no traffic, on no tenant's bill. The ledger keeps what was found, and
    `headroom` reads it. Exit code 0: the expected peak fits (a soak: objectives hold, no process
    grows); 3: it does not; 4: it cannot be said; 2: the gateway does not answer.
    """
    import asyncio

    from .load_results import show_capacity, show_soak
    from .load_stage import Wanted, prepared, run_capacity, run_soak

    wanted = Wanted(
        directory=directory, suites=tuple(suite), url=url, release=release, workers=workers,
        peak=peak, rate=rate, minutes=minutes, seconds=seconds, ramps=ramps, most=most,
        arrivals=_arrivals(arrivals), seed=seed, pay=pay,
    )  # fmt: skip
    stage = prepared(wanted)
    if rate:
        soaked = asyncio.run(run_soak(stage, wanted, _heard("soaking")))
        raise typer.Exit(int(show_soak(soaked, stage, as_json=json)))
    found = asyncio.run(run_capacity(stage, wanted, warn))
    raise typer.Exit(int(show_capacity(found, stage, wanted, as_json=json)))


def _arrivals(said: str) -> Any:
    if said not in ("poisson", "constant"):
        raise UsageError(f"--arrivals {said!r} is none", fix="write poisson or constant")
    return said


def _heard(what: str) -> Callable[[str], None]:
    return lambda line: warn(f"{what}: {line}")
