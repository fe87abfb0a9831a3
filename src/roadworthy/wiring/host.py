"""A reading of the machine every few seconds: what all processes of ours took since the last.

What enters: the process that stands above the others, how many answers ended. What leaves: a
`HostSample`. What never happens here: a 0 for what was not measured.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from roadworthy.domain import (
    MEGABYTE,
    Clock,
    Energy,
    EvidenceError,
    HostSample,
    format_instant,
)
from roadworthy.journal import HostLog, ProcessGauge, WorkerState, read_states
from roadworthy.manifests import Workspace

from .power import Counters, Gpus, read_gpus
from .processes import Process, began_at, open_files, process, proportional, tree
from .shares import cores, memory_limit

logger = logging.getLogger("roadworthy.control")

EVERY_S = 5.0
DISK_EVERY_S = 60.0
"""All files of a workspace are looked at for it."""


class HostMeter:
    """Reads the tree beneath one process. What was taken before it was made is nobody's."""

    def __init__(
        self,
        root: int,
        *,
        clock: Clock,
        folder: Path | None = None,
        energy: Energy | None = None,
        gpus: Callable[[], Gpus] = read_gpus,
    ) -> None:
        """`folder`: whose size on disk is told; None: nobody asks for one."""
        self._root, self._clock, self._folder = root, clock, folder
        self._energy = energy or Energy()
        self._gpus = gpus
        self._counters = Counters()
        self._counters.spent()
        self._disk: float | None = None
        self._disk_at = float("-inf")
        self._before = self._processes()
        self._at = clock.monotonic()

    def since(self) -> float:
        """Seconds since the last reading."""
        return self._clock.monotonic() - self._at

    def sample(self, answers: int = 0) -> HostSample:
        """What happened since the last reading; `answers` ended in that time."""
        now, at = self._processes(), self._clock.monotonic()
        seconds, self._at = at - self._at, at
        missing: dict[str, str] = {}
        taken = None
        if now:
            taken = sum(
                each.cpu_s - (self._before[name].cpu_s if name in self._before else 0.0)
                for name, each in now.items()
            )
        else:
            missing["cpu"] = "there is no /proc here to read processes from"
        self._before = now
        memory, missing["memory"] = _memory(now)
        gpus = self._gpus()
        missing["gpu"] = gpus.missing
        joules, missing["joules"] = self._joules(gpus, seconds)
        limit = memory_limit()
        return HostSample(
            at=format_instant(self._clock.now()),
            seconds=seconds,
            answers=answers,
            cpu_s=taken,
            cores=cores() if now else None,
            memory_mb=memory,
            memory_limit_mb=limit / MEGABYTE if limit is not None else None,
            disk_mb=self._disk_mb(),
            gpu=gpus.busy,
            joules=joules,
            watts_per_core=None if gpus.there else self._energy.watts_per_core,
            grams_per_kwh=self._energy.grams_co2_per_kwh,
            missing={name: why for name, why in missing.items() if why},
        )

    def _processes(self) -> dict[tuple[int, int], Process]:
        found = (process(pid) for pid in tree(self._root))
        return {(each.pid, each.started): each for each in found if each is not None}

    def _joules(self, gpus: Gpus, seconds: float) -> tuple[float | None, str]:
        """Processors and GPUs, both measured; one of them alone would look like all."""
        spent = self._counters.spent()
        if spent is None or not gpus.there:
            return spent, self._counters.missing
        if gpus.watts is None:
            return None, "the GPU does not tell what it draws"
        return spent + gpus.watts * seconds, ""

    def _disk_mb(self) -> float | None:
        if self._folder is None:
            return None
        now = self._clock.monotonic()
        if now - self._disk_at >= DISK_EVERY_S:
            self._disk_at, self._disk = now, size_of(self._folder) / MEGABYTE
        return self._disk


def own_meter(energy: Energy, workspace: Workspace, clock: Clock) -> HostMeter:
    """Reads this process, with a local model in it, and whatever it started."""
    return HostMeter(os.getpid(), clock=clock, folder=workspace.root, energy=energy)


def _memory(now: dict[tuple[int, int], Process]) -> tuple[float | None, str]:
    if not now:
        return None, "there is no /proc here to read processes from"
    total = 0
    for each in now.values():
        try:
            total += proportional(each.pid)
        except OSError as error:
            if process(each.pid) is not None:  # it still runs, and may not be looked at
                return None, f"the memory of process {each.pid} cannot be read: {error.strerror}"
    return total / MEGABYTE, ""


def size_of(folder: Path) -> int:
    """Bytes that a folder takes on disk, as `du` counts them: a file with two names once."""
    seen: set[tuple[int, int]] = set()
    total = 0
    stack = [str(folder)]
    while stack:
        with suppress(OSError), os.scandir(stack.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    about = entry.stat(follow_symlinks=False)
                    if (about.st_dev, about.st_ino) in seen:
                        continue
                    seen.add((about.st_dev, about.st_ino))
                    total += about.st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
    return total


def processes_of(states: Sequence[WorkerState], supervisor: int) -> tuple[ProcessGauge, ...]:
    """How the processes of a gateway stand; the caller is its control process."""
    named = {state.worker: state.pid for state in states}
    named |= {"control": os.getpid(), "supervisor": supervisor}
    found = ((name, process(pid)) for name, pid in named.items())
    return tuple(
        ProcessGauge(
            worker=name,
            cpu_s=each.cpu_s,
            resident=each.resident,
            files=open_files(each.pid),
            began=began_at(each),
        )
        for name, each in found
        if each is not None
    )


class HostFollower:
    """The control process's readings: one every few seconds, kept for a month."""

    def __init__(self, workspace: Workspace, clock: Clock, *, root: int, energy: Energy) -> None:
        self._workspace = workspace
        self.root = root
        self._meter = HostMeter(root, clock=clock, folder=workspace.root, energy=energy)
        self._log = HostLog(workspace.host)
        self._answers: dict[tuple[str, int], int] = {}
        self.newest: HostSample | None = None
        self._counted()

    def round(self) -> float:
        """Read and keep; returns how long to wait for the next, in seconds. Raises OSError."""
        if self._meter.since() < EVERY_S / 2:  # a moment says nothing of the time
            return EVERY_S
        self.newest = self._meter.sample(self._counted())
        self._log.append(self.newest)
        return EVERY_S

    def _counted(self) -> int:
        """Answers that all workers kept since it was asked last."""
        try:
            states = read_states(self._workspace.workers)
        except EvidenceError as error:
            logger.warning("answers are not counted for a reading of the machine: %s", error)
            return 0
        now = {
            (state.worker, state.pid): sum(one.n for one in state.exchanges) + state.probes
            for state in states
        }
        more = sum(count - self._answers.get(name, 0) for name, count in now.items())
        self._answers |= now
        return more
