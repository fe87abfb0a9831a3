"""What of the machine a process may use: its processors, its memory.

What enters: /proc and the control groups, version 1 or 2. What leaves: cores and bytes. A limit
that cannot be read is no limit; what is above it in the tree still is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
_NO_LIMIT = 1 << 60
"""Version 1 writes a number near 2^63 where there is none."""


def cores(*, groups: Path = GROUPS, own: Path = Path("/proc/self/cgroup")) -> float:
    """Processors that this process may use at once; a control group may allow parts of one."""
    allowed = [float(len(os.sched_getaffinity(0)))]
    for folder in _folders("cpu", groups, own):
        with suppress(OSError, ValueError):
            quota, period = (folder / "cpu.max").read_text().split()
            if quota != "max":
                allowed.append(int(quota) / int(period))
        with suppress(OSError, ValueError):
            quota = (folder / "cpu.cfs_quota_us").read_text()
            if int(quota) > 0:
                allowed.append(int(quota) / int((folder / "cpu.cfs_period_us").read_text()))
    return min(allowed)


def memory_limit(*, groups: Path = GROUPS, own: Path = Path("/proc/self/cgroup")) -> int | None:
    """Bytes that the control group may hold in memory; None where only the machine limits it."""
    limits = []
    for folder in _folders("memory", groups, own):
        for name in ("memory.max", "memory.limit_in_bytes"):
            with suppress(OSError, ValueError):  # `max` is no number
                limits.append(int((folder / name).read_text()))
    return min((limit for limit in limits if limit < _NO_LIMIT), default=None)


def _folders(controller: str, groups: Path, own: Path) -> Iterator[Path]:
    """The folders of this process's group and of all above it, as they are mounted."""
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, named, path = line.split(":", 2)
        if named and controller not in named.split(","):
            continue
        top = groups / controller if named else groups
        inside = top / path.lstrip("/")
        yield inside
        for folder in inside.parents:
            if not folder.is_relative_to(top):
                break
            yield folder
