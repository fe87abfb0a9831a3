"""The processes of a gateway, kept alive; the whole of what its parent does while it stands.

What enters: how each process is started. What leaves: their readiness, and their ends in words.
What never happens here: an import that the parent has no use for. It lives as long as the gateway
and would hold that memory all the time; so only the standard library is loaded here.
"""

from __future__ import annotations

import json
import math
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, Self

from .child import Child, NotStartedError

STOP_S = 25.0
"""A little more than a worker takes to drain; then it is killed."""

LONGEST_S = 3600.0
"""The longest wait at once."""

READY_S = 120.0
"""A worker may load a model before it is ready."""

STOPS = (signal.SIGTERM, signal.SIGINT)
"""What ends a gateway. Who becomes its parent by `exec` blocks them until they are heard here."""


class Standing(NamedTuple):
    """What a parent needs to know while its gateway stands; plain values, for `exec` and JSON.

    No dataclass: importing those takes as much memory as all else that is imported here.
    """

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


class Started(NamedTuple):
    """What is said once all workers are ready."""

    url: str
    workers: tuple[dict[str, Any], ...]
    """Each worker's readiness, as /readyz prints it."""


class Keeper:
    """Keeps processes alive, and waits for all of them at once: one thread, no event loop.

    `asyncio` would take as much memory again as all the rest of the parent.
    """

    def __init__(self, children: Sequence[Child], say: Callable[[str], None]) -> None:
        self.stopped = False
        """Whether somebody asked for the end."""
        self._children = children
        self._say = say
        self._selector = selectors.DefaultSelector()
        self._rung, self._bell = os.pipe()
        for end in (self._rung, self._bell):
            os.set_blocking(end, False)
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        """Hear signals from now on, also those that came and were held back."""
        self._selector.register(self._rung, selectors.EVENT_READ)
        self._woken = signal.set_wakeup_fd(self._bell, warn_on_full_buffer=False)
        for number in (*STOPS, signal.SIGCHLD):
            self._before[number] = signal.signal(number, self._hear)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._woken)
        self._selector.close()
        os.close(self._rung)
        os.close(self._bell)

    def _hear(self, number: int, frame: object) -> None:
        self.stopped = self.stopped or number in STOPS  # the pipe wakes whoever waits

    def turn(self, until: float) -> None:
        """Start what is due, wait until something happens or an instant has come, see what ended.

        Raises NotStartedError.
        """
        now = time.monotonic()
        for child in self._children:
            said = child.start(now, self._say)
            if said is not None:
                self._selector.register(said, selectors.EVENT_READ, child)
        waiting = (each.due for each in self._children if not (each.runs or each.ending))
        seconds = min(until, *waiting, now + LONGEST_S) - now
        for key, _ in self._selector.select(max(0.0, seconds)):
            if key.data is None:
                os.read(self._rung, 4096)
            elif not key.data.hear():
                self._forget(key.fd)
        now = time.monotonic()
        for child in self._children:
            child.look(now, self._say, self._forget)

    def _forget(self, descriptor: int) -> None:
        with suppress(KeyError):  # it said before that there is no more
            self._selector.unregister(descriptor)

    def end(self, children: Sequence[Child], *, patience_s: float = STOP_S) -> None:
        """Tell some of them to drain; kill those that do not end."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            for child in children:
                child.end(number)
            until = time.monotonic() + patience_s
            while any(child.runs for child in children) and time.monotonic() < until:
                self.turn(until)


def stand(
    standing: Standing, *, on_ready: Callable[[Started], None], say: Callable[[str], None]
) -> None:
    """Keep everything alive until SIGTERM or SIGINT. Raises NotStartedError. The main thread's."""
    workers, others = _children(standing)
    last = [_control(standing)] if standing.control else []
    with Keeper([*workers, *others, *last], say) as keeper:
        try:
            until = time.monotonic() + READY_S
            while not (keeper.stopped or all(child.ready for child in workers)):
                if time.monotonic() >= until:
                    raise NotStartedError(f"no worker was ready within {READY_S:.0f} s")
                keeper.turn(until)
            if not keeper.stopped:
                ready = tuple(child.ready for child in workers if child.ready is not None)
                on_ready(Started(url=standing.url, workers=ready))
            while not keeper.stopped:
                keeper.turn(math.inf)
        finally:
            os.close(standing.listener)  # whoever comes now is refused at once, not left waiting
            keeper.end([*workers, *others])
            keeper.end(last)  # it records what the others ended with


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
