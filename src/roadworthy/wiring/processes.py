"""Processes as the kernel tells of them in /proc: a tree, its processor time, its memory.

What enters: process ids. What leaves: figures. What never happens here: a figure for a process
that is gone or may not be looked at; it is left out, or the caller is told.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

PROC = Path("/proc")


class Process(Struct, frozen=True, kw_only=True):
    """One process at one moment."""

    pid: int
    started: int
    """In clock ticks since the machine began: with `pid` it names one process for ever."""
    cpu_s: float
    """Processor time so far, its own and the kernel's for it."""
    resident: int
    """Bytes in memory (RSS), shared ones included."""


def tree(pid: int, *, proc: Path = PROC) -> list[int]:
    """A process and all beneath it. Empty when it is gone or there is no /proc."""
    if not (proc / str(pid)).exists():
        return []
    return [pid, *_beneath(pid, proc)]


def _beneath(pid: int, proc: Path) -> Iterator[int]:
    try:
        threads = list((proc / str(pid) / "task").iterdir())
    except OSError:
        return
    for thread in threads:
        try:
            children = (thread / "children").read_text().split()
        except OSError:
            continue
        for child in map(int, children):
            yield child
            yield from _beneath(child, proc)


def process(pid: int, *, proc: Path = PROC) -> Process | None:
    """How a process stands; None when it is gone. Fields: proc(5), /proc/pid/stat."""
    try:
        text = (proc / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold anything
    if fields[0] == "Z":
        return None
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    return Process(
        pid=pid,
        started=int(fields[19]),
        cpu_s=(int(fields[11]) + int(fields[12])) / tick,
        resident=int(fields[21]) * page,
    )


def parent(pid: int, *, proc: Path = PROC) -> int | None:
    """The process above; None when it is gone."""
    try:
        text = (proc / str(pid) / "stat").read_text()
    except OSError:
        return None
    return int(text.rpartition(")")[2].split()[1])


def proportional(pid: int, *, proc: Path = PROC) -> int:
    """Bytes in memory, of shared pages its part (PSS): these add up over processes.

    Raises OSError where it may not be read or the process is gone.
    """
    for line in (proc / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"process {pid}: smaps_rollup says no Pss")


def open_files(pid: int, *, proc: Path = PROC) -> int | None:
    """How many files and sockets a process has open; None where that may not be read."""
    try:
        return sum(1 for _ in (proc / str(pid) / "fd").iterdir())
    except OSError:
        return None


def began_at(of: Process, *, proc: Path = PROC) -> float | None:
    """When a process began, in seconds since 1970; None where the machine's start is not told."""
    try:
        for line in (proc / "stat").read_text().splitlines():
            if line.startswith("btime "):
                return int(line.split()[1]) + of.started / os.sysconf("SC_CLK_TCK")
    except OSError:
        return None
    return None
