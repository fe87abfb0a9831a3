"""What `roadworthy load` needs before it asks, and how it asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct

from roadworthy.domain import (
    Deployment,
    Entry,
    Measurement,
    ReleaseContent,
    Route,
    UsageError,
    VerificationError,
)
from roadworthy.flows.load.capacity import Held, Ramp, Step, load_objectives
from roadworthy.flows.load.headroom import Measured, enter_capacity, enter_soak, expected_peak
from roadworthy.flows.load.load_requests import LoadRequest, requests_of
from roadworthy.flows.load.loading import Soaked, Wish, find_capacity, soak
from roadworthy.flows.workspace.loop import Loop
from roadworthy.wiring.load_gateway import Served

READINGS = 600
"""Of memory during a soak, at most one a second."""
_LONGEST_S = 6 * 3600.0
"""How long a key for a search is good."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What a person asks of a load."""

    directory: Path
    suites: tuple[str, ...]
    url: str
    release: str
    workers: int
    peak: float | None
    rate: float
    minutes: float
    seconds: float
    ramps: int
    most: float
    arrivals: Literal["poisson", "constant"]
    seed: int
    pay: bool

    def wish(self) -> Wish:
        """How the load is made."""
        return Wish(
            seconds=self.seconds,
            ramps=self.ramps,
            most=self.most,
            arrivals=self.arrivals,
            seed=self.seed,
        )


class Stage(Struct, frozen=True, kw_only=True):
    """All that is known before the first request."""

    root: Path
    loop: Loop
    system: str
    route: Route
    content: ReleaseContent
    requests: tuple[LoadRequest, ...]
    left: int
    """Cases that are not sent."""
    objectives: tuple[Held, ...]
    peak: float


def prepared(wanted: Wanted) -> Stage:
    """Read the release, its objectives and the cases. Raises what reading raises, UsageError."""
    from roadworthy.flows.workspace.routing import read_table
    from roadworthy.manifests import load_system, open_workspace
    from roadworthy.release import read_bundle
    from roadworthy.wiring.load_gateway import route_of
    from roadworthy.wiring.loop import loop_of

    system = load_system(wanted.directory)
    root = wanted.directory.resolve()
    workspace = open_workspace(root, configured=system.deployment.workspace, create=False)
    loop = loop_of(workspace)
    name = system.charter.system
    if wanted.url and wanted.release:
        raise UsageError(
            "a gateway that runs serves what is live", fix="leave --release or --url out"
        )
    route = route_of(workspace, read_table(workspace.routing), name, wanted.release)
    digest, content = read_bundle(workspace.root / route.path)
    if digest != route.live:
        raise VerificationError(f"{workspace.root / route.path} is {digest}, not {route.live}")
    _require_paid(content, system.deployment, wanted)
    chosen = [each for each in system.suites if not wanted.suites or each.name in wanted.suites]
    missing = set(wanted.suites) - {each.name for each in chosen}
    if missing:
        raise UsageError(f"there is no suite {sorted(missing)[0]!r}", fix="see: roadworthy check")
    cases = [case for each in chosen for case in each.cases]
    requests, left = requests_of(cases, system=name, facets=content.candidate.facets)
    peak = expected_peak(content.charter) if wanted.peak is None else wanted.peak
    if peak <= 0 and not wanted.rate:
        raise UsageError(
            "nobody says how many requests are expected",
            fix="write expected_volume_per_day in charter.yaml, or --peak N a second",
        )
    return Stage(
        root=root,
        loop=loop,
        system=name,
        route=route,
        content=content,
        requests=tuple(requests),
        left=left,
        objectives=tuple(load_objectives(content.slos.slos)),
        peak=peak,
    )


def _require_paid(content: ReleaseContent, deployment: Deployment, wanted: Wanted) -> None:
    """A load of thousands of requests to a model with a price is somebody's decision."""
    judges = [each.rule.judge.model for each in content.charter.never if each.rule.judge]
    models = {content.candidate.model.name}
    models |= {each if isinstance(each, str) else each.name for each in judges}
    priced = sorted(models & {price.model for price in deployment.prices})
    if not wanted.pay and priced:
        raise UsageError(
            f"the model {priced[0]} has a price, and a load asks it thousands of times",
            fix="say --pay if that is meant, or load a candidate with a recorded model",
        )


async def run_capacity(
    stage: Stage, wanted: Wanted, hear: Callable[[str], None]
) -> tuple[tuple[Ramp, ...], Measurement, Entry]:
    """Find the capacity and enter it."""
    wish = wanted.wish()
    async with _asking(stage, wanted, _LONGEST_S) as (send, _served):
        ramps = await find_capacity(
            send, stage.objectives, wish, peak=stage.peak, on_step=lambda step: hear(told(step))
        )
    measured = Measured(
        system=stage.system,
        release=stage.route.live,
        peak=stage.peak,
        ramps=ramps,
        objectives=stage.objectives,
        how=_how(stage, wanted),
    )
    found, entry = enter_capacity(stage.loop, measured)
    return ramps, found, entry


async def run_soak(
    stage: Stage, wanted: Wanted, hear: Callable[[str], None]
) -> tuple[Soaked, Entry]:
    """Keep a rate up and enter what came of it."""
    import msgspec

    from roadworthy.domain import MEGABYTE
    from roadworthy.wiring.load_gateway import processes_named
    from roadworthy.wiring.processes import process

    length = wanted.minutes * 60
    said = 0.0

    def on_time(offset: float) -> None:
        nonlocal said
        if offset - said >= min(30.0, length / 10):
            said = offset
            hear(f"{offset / 60:.1f} of {wanted.minutes:g} minutes")

    async with _asking(stage, wanted, length) as (send, served):

        def memory() -> dict[str, tuple[int, float]]:
            held = {name: process(pid) for name, pid in processes_named(served).items()}
            return {
                name: (each.pid, each.resident / MEGABYTE) for name, each in held.items() if each
            }

        found = await soak(
            send,
            stage.objectives,
            wanted.wish().pace(wanted.rate, length, wanted.seed),
            memory=memory,
            every_s=max(1.0, length / READINGS),
            on_time=on_time,
        )
    payload = {"minutes": wanted.minutes, **msgspec.to_builtins(found), **_how(stage, wanted)}
    entry = enter_soak(stage.loop, system=stage.system, release=stage.route.live, payload=payload)
    return found, entry


@asynccontextmanager
async def _asking(
    stage: Stage, wanted: Wanted, seconds: float
) -> AsyncIterator[tuple[Any, Served]]:
    """A gateway and what sends requests to it; some were answered already."""
    from roadworthy.wiring.load_client import LoadClient
    from roadworthy.wiring.load_gateway import own_gateway, probing_key

    workspace, clock = stage.loop.workspace, stage.loop.clock
    timeout_s = 60.0
    if wanted.url:
        with probing_key(workspace, clock, seconds=seconds) as key:
            served = Served(url=wanted.url, key=key, workspace=workspace)
            client = LoadClient(served.url, key, stage.requests, timeout_s=timeout_s)
            try:
                await _first(client)
                yield client.send, served
            finally:
                await client.aclose()
        return
    async with own_gateway(
        stage.root, workspace, stage.route, clock, workers=wanted.workers, seconds=seconds
    ) as served:
        client = LoadClient(served.url, served.key, stage.requests, timeout_s=timeout_s)
        try:
            await client.try_each()
            yield client.send, served
        finally:
            await client.aclose()


async def _first(client: Any) -> None:
    """A running gateway looks at its keys twenty times a second."""
    import asyncio

    await asyncio.sleep(0.5)
    await client.try_each()


def _how(stage: Stage, wanted: Wanted) -> dict[str, Any]:
    from roadworthy.wiring.shares import cores

    return {
        "arrivals": wanted.arrivals,
        "cases": len(stage.requests),
        "cores": cores(),
        "gateway": "running" if wanted.url else f"own, {wanted.workers} workers",
        "model": stage.content.candidate.model.name,
        "provider": stage.content.candidate.model.provider,
    }


def told(step: Step) -> str:
    """A step in a line."""
    p99 = "no answer" if step.p99_ms is None else f"p99 {step.p99_ms:.4g} ms"
    end = "holds" if step.holds else f"does not hold: {step.why}"
    late = "" if step.kept_up else f" (sent up to {step.late_ms:.0f} ms late)"
    most = f" (most: {step.failure})" if step.failure else ""
    return f"{step.rate:.4g} a second: {p99}, {step.failed} of {step.n} failed{most}; {end}{late}"
