"""One append-only file of frames, written by one process, locked while it lives.

What enters: frames. What leaves: a file that reads back whole, or a known good prefix. What
never happens here: a partly written frame that stays (it is cut off again), or two writers (the
lock tells recovery that the owner is alive).
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from roadworthy.domain import Clock, format_instant

from .record import MAGIC, Record, encode

SUFFIX = ".rwj"


class Segment:
    """A segment being written. Raises OSError from whatever cannot be written."""

    def __init__(self, folder: Path, *, worker: str, number: int, clock: Clock) -> None:
        now = format_instant(clock.now())
        stamp = now.replace(":", "").replace("-", "").replace(".", "")
        self.name = f"{stamp}-{worker}-{os.getpid()}-{number}"
        self.path = folder / f"{self.name}{SUFFIX}"
        self.size = 0
        self._clock = clock
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = folder / f".{self.name}.tmp"
        self._handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            begin = Record(kind="begin", at=now, segment=self.name, worker=worker)
            self.append(MAGIC + encode(begin))
            draft.rename(self.path)  # only now is it seen, locked already
            sync_folder(folder)
        except OSError:
            os.close(self._handle)
            draft.unlink(missing_ok=True)
            raise

    def append(self, data: bytes, *, durable: bool = True) -> None:
        """Write whole frames and force them to the disk; on failure cut back and raise."""
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._handle, view) :]
            if durable:
                os.fdatasync(self._handle)
        except OSError:
            os.ftruncate(self._handle, self.size)
            os.lseek(self._handle, self.size, os.SEEK_SET)
            raise
        self.size += len(data)

    def end(self) -> None:
        """Write the closing frame and let the file go; what follows is another segment's.

        Where the frame cannot be written the file stays open, to be gone on in or abandoned.
        """
        end = Record(kind="end", at=format_instant(self._clock.now()), segment=self.name)
        self.append(encode(end))
        os.close(self._handle)

    def abandon(self) -> None:
        """Let the file go as it is; recovery ends it."""
        os.close(self._handle)

    def discard(self) -> None:
        """Remove the file: all that is in it stands in another segment."""
        with suppress(OSError):
            self.path.unlink()
        os.close(self._handle)


def sync_folder(folder: Path) -> None:
    """Make a rename in the folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
