"""The processes of a gateway, kept alive; the whole of what its parent does while it stands.

What enters: how each process is started. What leaves: their readiness, and their ends in words.
What never happens here: an import that the parent has no use for. It lives as long as the gateway
and would hold that memory all the time; so only the standard library is loaded here.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
"""Between a death and the next start; doubled each time, back to the first after a calm minute."""

CALM_S = 60.0
STOP_S = 25.0
"""A little more than a worker takes to drain; then it is killed."""

WANTED_S = 0.5
"""Between two looks whether a process is wanted that is not always there."""

READY_S = 120.0
"""A worker may load a model before it is ready."""

STOPS = (signal.SIGTERM, signal.SIGINT)
"""What ends a gateway. Who becomes its parent by `exec` blocks them until they are heard here."""


class NotStartedError(Exception):
    """A process that nothing is served without did not start."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What a parent needs to know while its gateway stands; plain values, for `exec` and JSON."""

    url: str
    listener: int
    """The socket that every worker accepts on."""
    held: tuple[int, ...]
    """Descriptors whose locks hold the workspace; they only have to stay open."""
    plan: dict[str, Any]
    """What each process is told at its start, but for its name."""
    workers: int
    waiting: str
    """A folder: while anything is in it, the batch process is wanted."""
    control: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Started:
    """What is said once all workers are ready."""

    url: str
    workers: tuple[dict[str, Any], ...]
    """Each worker's readiness, as /readyz prints it."""


class Child:
    """One process that is kept alive."""

    def __init__(
        self,
        name: str,
        argv: list[str],
        *,
        fds: tuple[int, ...] = (),
        needed: bool = True,
        wanted: Callable[[], bool] | None = None,
    ) -> None:
        """`needed`: nothing is served where its first start fails; else it is started again.

        `wanted`: it is there only while that says so, and ends by itself.
        """
        self.name = name
        self._argv = argv
        self._fds = fds
        self._needed = needed
        self._wanted = wanted
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = False
        self.ready: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    async def keep(self, say: Callable[[str], None]) -> None:
        """Run it again and again until `stop`."""
        pause = FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        while True:
            while self._wanted is not None and not self._wanted() and not self._stopping:
                await asyncio.sleep(WANTED_S)
            if self._stopping and self._wanted is not None:
                return
            began = loop.time()
            code = await self._once()
            if self._stopping:
                return
            if self._wanted is not None and code == 0:
                continue
            if self._needed and not self.ready.done():
                self.ready.set_exception(
                    NotStartedError(f"{self.name} could not start (exit {code})")
                )
                return
            pause = FIRST_PAUSE_S if loop.time() - began > CALM_S else pause
            say(f"{self.name} ended ({_ending(code)}); starting it again in {pause:.1f} s")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)

    async def _once(self) -> int:
        process = await asyncio.create_subprocess_exec(
            *self._argv,
            stdin=asyncio.subprocess.PIPE,  # its end tells the child that we are gone
            stdout=asyncio.subprocess.PIPE,
            pass_fds=self._fds,
        )
        self._process = process
        if self._stopping:
            self._signal(signal.SIGTERM)
        assert process.stdout is not None
        async for line in process.stdout:
            if not self.ready.done():
                with suppress(ValueError):
                    self.ready.set_result(json.loads(line))
        return await process.wait()

    async def stop(self, keeper: asyncio.Future[None]) -> None:
        """Tell it to drain; kill it when it does not end."""
        self._stopping = True
        self._signal(signal.SIGTERM)
        done, _ = await asyncio.wait([keeper], timeout=STOP_S)
        if not done:
            self._signal(signal.SIGKILL)
            keeper.cancel()
            await asyncio.wait([keeper])

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


async def stand(
    standing: Standing, *, on_ready: Callable[[Started], None], say: Callable[[str], None]
) -> None:
    """Keep everything alive until SIGTERM or SIGINT. Raises NotStartedError."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    for number in STOPS:
        loop.add_signal_handler(number, over.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    workers, others = _children(standing)
    last = [_control(standing)] if standing.control else []
    keepers = {
        child: asyncio.ensure_future(child.keep(say)) for child in [*workers, *others, *last]
    }
    try:
        ready = asyncio.gather(*(child.ready for child in workers))
        stopped = asyncio.ensure_future(over.wait())
        first: list[asyncio.Future[Any]] = [ready, stopped]
        await asyncio.wait(first, timeout=READY_S, return_when="FIRST_COMPLETED")
        if not over.is_set():
            if not ready.done():
                raise NotStartedError(f"no worker was ready within {READY_S:.0f} s")
            on_ready(Started(url=standing.url, workers=tuple(await ready)))
            await stopped
        ready.cancel()
        await asyncio.gather(ready, return_exceptions=True)  # heard, so that nobody complains
    finally:
        os.close(standing.listener)  # whoever comes now is refused at once, not left waiting
        await asyncio.gather(*(child.stop(keepers[child]) for child in [*workers, *others]))
        for child in last:  # it records what the others ended with
            await child.stop(keepers[child])


def _children(standing: Standing) -> tuple[Sequence[Child], Sequence[Child]]:
    listener = standing.listener
    workers = [
        Child(
            f"worker {number}",
            [
                *program("roadworthy.gateway.worker"),
                str(listener),
                _told(standing, f"w{number}"),
            ],
            fds=(listener,),
        )
        for number in range(1, standing.workers + 1)
    ]
    batches = Child(
        "the batch process",
        [*program("roadworthy.gateway.batcher"), _told(standing, "batch")],
        needed=False,
        wanted=lambda: _anything_in(standing.waiting),
    )
    return workers, [batches]


def _control(standing: Standing) -> Child:
    argv = [*program("roadworthy.gateway.control"), _told(standing, "control")]
    return Child("the control process", argv, needed=False)


def _told(standing: Standing, process: str) -> str:
    return json.dumps({**standing.plan, "worker": process})


def program(module: str) -> list[str]:
    """How a module of ours is run; nothing is imported from the folder that somebody stands in."""
    return [sys.executable, "-P", "-m", module]


def _anything_in(folder: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(entries)
    except OSError:
        return False


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit {code}"
