"""Starts confined processes, watches them, and takes away what they leave.

Enters: programs of `inside` and their jobs. Leaves: what each reported, or why nothing was run.
What never happens here: foreign code in this process, a wait without an end, a process or a folder
left behind. Where the confinement cannot be had, nothing is run and nothing is judged.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from roadworthy.domain import DetectorError

_MEGABYTE = 1024 * 1024
_LONGEST_REPORT = 16 * _MEGABYTE
_GLANCE_SECONDS = 0.05
_MOST_FILES = 1_000

_BOOT = (
    "import sys; from importlib import import_module; sys.path.insert(0, sys.argv[1]);"
    "main = import_module('inside.' + sys.argv[2]).main; del sys.path[0]; main()"
)

_turns = threading.BoundedSemaphore(os.cpu_count() or 1)
"""As many boxes at a time as there are processors: more would cost each its wall time."""


class Limits(Struct, frozen=True, kw_only=True):
    """What a confined process may use."""

    cpu_seconds: int = 5
    wall_seconds: float = 15.0
    """From the moment that it is its turn to the verdict; sleeping counts."""
    memory_mb: int = 512
    """Of address space, each process."""
    folder_mb: int = 32
    """In the one folder that it may write to."""
    open_files: int = 64

    def rlimits(self) -> dict[str, int]:
        """The kernel's names for them."""
        return {
            "CPU": self.cpu_seconds,
            "AS": self.memory_mb * _MEGABYTE,
            "FSIZE": self.folder_mb * _MEGABYTE,
            "NOFILE": self.open_files,
            "CORE": 0,
        }


class Program(Struct, frozen=True, kw_only=True):
    """One confined process: a module of `inside`, its job, the descriptors that it gets."""

    module: str
    job: dict[str, Any]
    descriptors: tuple[int, ...] = ()


class NotRunError(DetectorError):
    """Nothing foreign was run, so nothing can be judged."""


def run(programs: Sequence[Program], limits: Limits) -> list[dict[str, Any] | None]:
    """Run the programs beside each other until the last one reports; their reports, in order.

    None: it said nothing, because it ended or was stopped at a limit. The descriptors are closed
    here. Raises NotRunError when a process cannot be confined on this machine.
    """
    handed = [each for program in programs for each in program.descriptors]
    with _turns:
        folder = Path(tempfile.mkdtemp(prefix="roadworthy-box-"))
        running: list[_Process] = []
        try:
            for number, program in enumerate(programs):
                own = folder / str(number)
                own.mkdir()
                running.append(_Process(program, limits, own))
            _close(handed)
            return _reports(running, limits, folder)
        finally:
            _close(handed)
            for process in running:
                process.end()
            shutil.rmtree(folder, ignore_errors=True)


def _close(descriptors: list[int]) -> None:
    """Close each once: a number that is closed twice may be somebody else's by then."""
    while descriptors:
        os.close(descriptors.pop())


class _Process:
    """One confined process and what it said so far."""

    def __init__(self, program: Program, limits: Limits, folder: Path) -> None:
        environment: Mapping[str, str] = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}
        room = str(Path(__file__).parent)
        command = [sys.executable, "-S", "-s", "-P", "-X", "utf8", "-c", _BOOT, room]
        job = {**program.job, "limits": limits.rlimits(), "parent": os.getpid()}
        try:
            self._process = subprocess.Popen(
                [*command, program.module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env=environment,
                pass_fds=program.descriptors,
                start_new_session=True,
            )
        except OSError as error:
            raise NotRunError(f"not run: {error}") from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.output = self._process.stdout
        self._said = bytearray()
        self._ended = False
        try:
            self._process.stdin.write(json.dumps(job).encode() + b"\n")
            self._process.stdin.close()
        except OSError:
            pass  # It ended already; what it did not say tells so.

    def owes(self, *, last: bool) -> bool:
        """Whether there is more to wait for: its word that it is confined, of the last its end."""
        return not self._ended and (last or b"\n" not in self._said)

    def take(self) -> bool:
        """Read what there is; False at the end, or when it says too much."""
        piece = os.read(self.output.fileno(), 65_536)
        self._said += piece
        self._ended = not piece or len(self._said) > _LONGEST_REPORT
        return not self._ended

    @property
    def spoke(self) -> bool:
        """Whether it said anything yet."""
        return bool(self._said)

    def report(self) -> dict[str, Any] | None:
        """What it reported. Raises NotRunError when it never said that it is confined."""
        lines = bytes(self._said).split(b"\n")
        first = _decoded(lines[0])
        if first is None or first.get("confined") is not True:
            why = first.get("why") if first else "the process did not start"
            raise NotRunError(
                f"not run: the code cannot be confined here: {why}",
                fix="it needs Linux 5.13 or newer with Landlock and seccomp",
            )
        return _decoded(lines[1]) if len(lines) > 2 else None

    def end(self) -> None:
        """Kill it and everything of its session, and wait for it."""
        try:
            os.killpg(self._process.pid, 9)
        except (ProcessLookupError, PermissionError):
            self._process.kill()
        self._process.wait()
        self.output.close()


def _decoded(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _reports(
    running: Sequence[_Process], limits: Limits, folder: Path
) -> list[dict[str, Any] | None]:
    """Wait for the last one's end, at most as long as the limits say; then ask each."""
    deadline = time.monotonic() + limits.wall_seconds
    full = False
    with selectors.DefaultSelector() as selector:
        for process in running:
            selector.register(process.output, selectors.EVENT_READ, process)
        while any(process.owes(last=process is running[-1]) for process in running):
            left = deadline - time.monotonic()
            full = _too_full(folder, limits.folder_mb * _MEGABYTE)
            if left <= 0 or full:
                break
            for key, _ in selector.select(min(left, _GLANCE_SECONDS)):
                if not key.data.take():
                    selector.unregister(key.fileobj)
    # one that was quick to fill the folder stopped the others before they could say a word
    return [None if full and not process.spoke else process.report() for process in running]


def _too_full(folder: Path, most: int) -> bool:
    """Whether the writable folders hold more bytes or files than they may."""
    files = size = 0
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    else:
                        size += entry.stat(follow_symlinks=False).st_size
                    if files > _MOST_FILES or size > most:
                        return True
        except OSError:
            continue
    return False
