"""One process of a gateway: started, heard, and started again when it ends.

What enters: how it is started. What leaves: its readiness, and its ends in words. What never
happens here: a wait (`children.py` waits for all of them at once), an import that the parent of a
gateway has no use for.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from typing import Any

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 5.0
"""Between a death and the next start; doubled each time, back to the first after a calm minute."""

CALM_S = 60.0

WANTED_S = 0.5
"""Between two looks whether a process is wanted that is not always there."""


class NotStartedError(Exception):
    """A process that nothing is served without did not start."""


class Child:
    """One process that is kept alive. Instants are seconds of a clock that only goes forward."""

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
        self.ready: dict[str, Any] | None = None
        """What it said first, once it did."""
        self.due = float("-inf")
        """When it is to be started, or asked for, next."""
        self.ending = False
        """Whether it was told to end: then it is not started again."""
        self._argv = argv
        self._fds = fds
        self._needed = needed
        self._wanted = wanted
        self._process: subprocess.Popen[bytes] | None = None
        self._said = b""
        self._began = 0.0
        self._pause = FIRST_PAUSE_S

    @property
    def runs(self) -> bool:
        """Whether its process is there; `look` sees an end."""
        return self._process is not None

    def start(self, now: float, say: Callable[[str], None]) -> int | None:
        """Start it where that is due and wanted: gives the descriptor of what it says.

        Raises NotStartedError as `look`.
        """
        if self.runs or self.ending or now < self.due:
            return None
        if self._wanted is not None and not self._wanted():
            self.due = now + WANTED_S
            return None
        self._began, self._said = now, b""
        try:
            self._process = subprocess.Popen(
                self._argv,
                stdin=subprocess.PIPE,  # its end tells the child that we are gone
                stdout=subprocess.PIPE,
                bufsize=0,
                pass_fds=self._fds,
            )
        except OSError as error:  # too many processes, no memory
            self._ended(error.strerror or str(error), now, say)
            return None
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        return self._process.stdout.fileno()

    def hear(self) -> bool:
        """Take what it says; the first line of JSON is its readiness. False: it says no more."""
        if self._process is None or self._process.stdout is None:
            return False
        data = self._process.stdout.read(65536)
        if data and self.ready is None:
            *lines, self._said = (self._said + data).split(b"\n")
            for line in lines:
                with suppress(ValueError):
                    self.ready = self.ready or json.loads(line)
        return data != b""

    def look(self, now: float, say: Callable[[str], None], forget: Callable[[int], None]) -> None:
        """See whether it has ended; then it is due again, after a pause.

        `forget` is told of the descriptor that `start` gave. Raises NotStartedError where it is
        needed and its first start failed.
        """
        process = self._process
        if process is None or (code := process.poll()) is None:
            return
        self.hear()
        assert process.stdin is not None and process.stdout is not None
        forget(process.stdout.fileno())
        process.stdin.close()
        process.stdout.close()
        self._process = None
        if self.ending:
            return
        if self._wanted is not None and code == 0:
            self.due = now
            return
        self._ended(f"signal {-code}" if code < 0 else f"exit {code}", now, say)

    def _ended(self, how: str, now: float, say: Callable[[str], None]) -> None:
        if self._needed and self.ready is None:
            raise NotStartedError(f"{self.name} could not start ({how})")
        if now - self._began > CALM_S:
            self._pause = FIRST_PAUSE_S
        say(f"{self.name} ended ({how}); starting it again in {self._pause:.1f} s")
        self.due = now + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE_S)

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Tell it to end, and start it no more."""
        self.ending = True
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)
