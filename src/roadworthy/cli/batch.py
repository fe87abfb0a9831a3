"""`roadworthy batch`: a file of requests, answered by what is live, without a socket."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .terminal import emit, progress, say


def command(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Requests, a JSON object a line.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the results go.")],
    tenant: Annotated[str, typer.Option(help="For whom: its limits hold, its name is recorded.")],
    concurrency: Annotated[int, typer.Option(help="Asked at once.", min=1, max=4096)] = 16,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Answer many requests by the live releases: same rails, limits, journal and kill switch.

    FILE and results are in OpenAI's batch format. Stopped or killed, the same command goes on
    where it was; no answered request is asked again. Exit code 2 when a request has no answer.
    """
    from roadworthy.domain import UsageError
    from roadworthy.flows.workspace.own_files import require_own
    from roadworthy.gateway.batch import is_results, read_batch

    requests, digest = read_batch(file)
    require_own(out, is_results, kind="file of results")
    if out.exists() and not out.is_file():
        raise UsageError(
            f"{out} is no plain file: results are put there whole, once all are there",
            fix="name a file; then: cat FILE",
        )
    plan = _plan(directory, tenant)
    with progress(len(requests), "asking") as step:
        done = _run(plan, requests, digest, out, tenant, concurrency, step)
    if json:
        import msgspec

        emit(msgspec.to_builtins(done))
    else:
        again = f", {done.resumed} of them by an earlier try" if done.resumed else ""
        say(f"{done.answered} of {done.requests} requests are answered{again}: {out}")
        if done.failed:
            say(f"{done.failed} are not: `status_code` and `error` in their lines say why")
    if done.failed:
        raise typer.Exit(2)


def _plan(directory: Path, tenant: str) -> Any:
    """What is served from where. Raises what `serve` raises, UsageError for a stranger."""
    from roadworthy.domain import UsageError
    from roadworthy.gateway.loaded import inside_plan
    from roadworthy.serving import load_tenants
    from roadworthy.wiring.places import place

    spot = place(directory, standing=True)
    known = {key.tenant for key in load_tenants(spot.workspace.tenants).keys.values()}
    if tenant not in known:
        raise UsageError(
            f"there is no tenant {tenant!r}: {', '.join(sorted(known)) or 'none yet'}",
            fix=f"roadworthy keys tenant add {tenant}",
        )
    return inside_plan(spot, kind="batch")


def _run(
    plan: Any, requests: Any, digest: str, out: Path, tenant: str, concurrency: int, step: Any
) -> Any:
    import uvloop

    from roadworthy.gateway.batch import Batch
    from roadworthy.gateway.inside import Inside
    from roadworthy.wiring.clock import SystemClock, new_id

    async def work() -> Any:
        inside = Inside(plan, SystemClock(), new_id)
        await inside.start()
        try:
            return await Batch(requests, digest, out).run(
                lambda one: inside.answer(one.url, one.body, tenant=tenant),
                concurrency=concurrency,
                on_done=step,
            )
        finally:
            await inside.aclose()

    return uvloop.run(work())
