"""A small file that another process replaces: read again when it changed, cheaply asked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


class WatchedFile:
    """Says whether a file was replaced since it was last asked."""

    def __init__(self, path: Path) -> None:
        self._name = str(path)  # asked at every request: a Path takes twice as long
        self._seen: tuple[int, int, int] | None = (-1, -1, -1)

    def changed(self) -> bool:
        """Whether the file is another one than at the last call; true at the first.

        Time, inode and size together: two publications within one tick of the file system's
        clock still have two inodes.
        """
        try:
            status = os.stat(self._name)  # noqa: PTH116 - asked at every request
            seen = (status.st_mtime_ns, status.st_ino, status.st_size)
        except OSError:  # gone, a circle of links, a folder that was closed: whoever reads it says
            seen = None
        if seen == self._seen:
            return False
        self._seen = seen
        return True


def stamp_of(path: Path) -> Callable[[], object]:
    """What is another thing once a file was replaced, by whichever process."""
    file = WatchedFile(path)
    times = 0

    def stamp() -> object:
        nonlocal times
        times += file.changed()
        return times

    return stamp
