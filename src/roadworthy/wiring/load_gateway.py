"""A gateway to be measured: one of its own beside a copy of what is live, or one that runs.

What enters: a workspace, a release. What leaves: where it listens, a key that marks what it asks
as probes. What never happens here: a probe in the journal of live traffic when the gateway is our
own, a private key copied, or a key that outlives the measurement by much.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Clock,
    Draft,
    Route,
    RoutingTable,
    UnavailableError,
    UsageError,
    format_instant,
)
from roadworthy.flows.entries.release_records import ACTIVATED
from roadworthy.flows.workspace.routing import publish
from roadworthy.journal import read_states
from roadworthy.manifests import WORKSPACE_VARIABLE, Workspace
from roadworthy.serving import TenantKey, editing, hash_key, new_key

from .loop import loop_of
from .processes import parent, tree

TENANT = "roadworthy-load"
READY_S = 150.0
STOP_S = 40.0
_SLACK = dt.timedelta(minutes=10)


class Served(Struct, frozen=True, kw_only=True):
    """A gateway that answers."""

    url: str
    key: str
    workspace: Workspace | None = None
    """Where its workers say how they stand; None of one on another machine."""


@contextmanager
def probing_key(
    workspace: Workspace, clock: Clock, *, seconds: float, tenant: str = TENANT
) -> Iterator[str]:
    """A key whose requests are probes; gone afterwards, and expired should we be killed."""
    key, now = new_key(), clock.now()
    entry = TenantKey(
        tenant=tenant,
        scopes=("chat", "probe"),
        created=format_instant(now),
        expires=format_instant(now + dt.timedelta(seconds=seconds) + _SLACK),
    )
    with editing(workspace.tenants, workspace.lock) as keys:
        keys[hash_key(key)] = entry
    try:
        yield key
    finally:
        with editing(workspace.tenants, workspace.lock) as keys:
            keys.pop(hash_key(key), None)


@asynccontextmanager
async def own_gateway(
    root: Path, workspace: Workspace, route: Route, clock: Clock, *, workers: int, seconds: float
) -> AsyncIterator[Served]:
    """Serve one release from a workspace of its own, with journal and control process.

    Raises UnavailableError when it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="roadworthy-load-") as folder:
        own = Workspace(Path(folder) / "workspace")
        own.root.mkdir(mode=0o700)
        await asyncio.to_thread(_furnish, own, workspace, route)
        with probing_key(own, clock, seconds=seconds) as key:
            async with _process(root, own, workers) as url:
                yield Served(url=url, key=key, workspace=own)


class _System(Struct):
    served: bool = False
    reason: str = ""


class _Worker(Struct):
    systems: dict[str, _System]


class _Started(Struct):
    """What the supervisor says once all workers are ready."""

    url: str
    workers: list[_Worker]


def _furnish(own: Workspace, workspace: Workspace, route: Route) -> None:
    """A ledger in which the release was activated, its bundle, whom to trust."""
    shutil.copy(workspace.trust, own.trust)
    loop = loop_of(own, agreed=False)
    # not under releases/: it carries heads of the ledger that it comes from, not of this one
    release = own.root / "measured" / route.live.removeprefix("sha256:")
    _copy(workspace.root / route.path, release)
    at = route.activated_at or format_instant(loop.clock.now())
    path = str(release.relative_to(own.root))
    activated = Draft(
        system=route.system,
        kind=ACTIVATED,
        subject=route.live,
        actor=loop.machine,
        payload={"path": path, "signed_at": at},
    )
    loop.ledger.record(activated)
    moved = Route(system=route.system, live=route.live, path=path, activated_at=at)
    publish(own, lambda _: RoutingTable(routes={route.system: moved}), loop.clock)


def _copy(source: Path, target: Path) -> None:
    """Hard links where the disk allows: a release may hold a model's weights."""

    def link(one: str, other: str) -> None:
        try:
            os.link(one, other)
        except OSError:
            shutil.copy2(one, other)

    shutil.copytree(source, target, copy_function=link)


@asynccontextmanager
async def _process(root: Path, own: Workspace, workers: int) -> AsyncIterator[str]:
    settings = {
        "plan": {"workspace": str(own.root), "roots": {"": str(root)}},
        "host": "127.0.0.1", "port": 0, "workers": workers,
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "roadworthy.gateway.measured"),
        msgspec.json.encode(settings).decode(),
        env={**os.environ, WORKSPACE_VARIABLE: str(own.root)},
        stdin=asyncio.subprocess.PIPE,  # its end tells the gateway that we are gone
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    said: list[str] = []
    reading = asyncio.ensure_future(_collect(process.stderr, said))
    try:
        try:
            line = await asyncio.wait_for(process.stdout.readline(), READY_S)
        except TimeoutError:
            line = b""
        if not line:
            raise UnavailableError(
                f"the gateway to be measured did not start: {' '.join(said)[-600:]}",
                fix="see whether `roadworthy serve` starts here",
            )
        started = msgspec.json.decode(line, type=_Started)
        for name, state in started.workers[0].systems.items():
            if not state.served:
                raise UnavailableError(f"{name} is not served: {state.reason}")
        draining = asyncio.ensure_future(_collect(process.stdout, []))
        yield started.url
        draining.cancel()
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        await reading


async def _collect(stream: asyncio.StreamReader, into: list[str]) -> None:
    async for line in stream:
        into.append(line.decode(errors="replace").strip())
        del into[:-20]


def route_of(workspace: Workspace, table: RoutingTable, system: str, release: str) -> Route:
    """The live route of a system, or one to another release of the workspace.

    Raises UsageError when there is no such release.
    """
    live = table.routes.get(system)
    if not release:
        if live is None:
            raise UsageError(
                f"no release of {system or 'any system'} is live",
                fix="activate one, or name one that was signed: --release DIGEST",
            )
        return live
    wanted = release.removeprefix("sha256:")
    known = sorted(path.name for path in workspace.releases.glob("*") if path.is_dir())
    fits = [name for name in known if name.startswith(wanted)]
    if len(fits) != 1:
        raise UsageError(
            f"{len(fits)} releases of this workspace begin with {wanted[:20]!r}",
            fix="see: roadworthy release list",
        )
    path = (workspace.releases / fits[0]).relative_to(workspace.root)
    return Route(system=system, live=f"sha256:{fits[0]}", path=str(path))


def processes_named(served: Served) -> dict[str, int]:
    """Name -> process id of a gateway on this machine; empty of one elsewhere."""
    if served.workspace is None:
        return {}
    named = {state.worker: state.pid for state in read_states(served.workspace.workers)}
    supervisor = parent(next(iter(named.values()))) if named else None
    if supervisor is None:
        return named
    others = [pid for pid in tree(supervisor) if pid not in {supervisor, *named.values()}]
    named["supervisor"] = supervisor
    return named | {"control" if not at else f"control+{at}": pid for at, pid in enumerate(others)}
