"""Small files from a stranger's folder: plain ones only, and never more bytes than they may have.

In: a path. Out: an open file, or its bytes. Never: a wait (a pipe or a device in the place of a
file would hold whoever reads it for ever), an endless read, a file that grew while it was read past
what it may have.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

MAX_BYTES = 64 << 20
"""Routing tables, checkpoints, trust and proofs are kilobytes."""


class PlainFileError(OSError):
    """This is no plain file, or a larger one than it can be. `strerror` says which."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(0, reason, str(path))


class TooLargeError(PlainFileError):
    """It is plain, but larger than such a file can be."""


def open_plain(path: Path) -> BufferedReader:
    """Open a plain file for reading; a link to one counts. Raises OSError and PlainFileError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        require_plain(handle, path)
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise


def open_lock(path: Path) -> int:
    """Open a file that is only there to be locked, and make it where there is none.

    Nothing is truncated, and a link is not followed: it would lead to a file that is something
    else. Returns its descriptor. Raises OSError and PlainFileError.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        handle = os.open(path, flags, 0o600)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise PlainFileError(path, "it is a link, and no lock; remove it") from None
        raise
    try:
        require_plain(handle, path)
    except BaseException:
        os.close(handle)
        raise
    return handle


class BusyError(OSError):
    """Somebody else holds a lock, and did for as long as was waited."""

    def __init__(self, path: Path, waited_s: float) -> None:
        super().__init__(errno.EAGAIN, f"locked for {waited_s:g} s by another process", str(path))


@contextmanager
def locked(
    path: Path,
    *,
    patience_s: float | None = None,
    told: Callable[[], None] | None = None,
    tell_after_s: float = 2.0,
) -> Iterator[None]:
    """Hold the lock of such a file, after whoever holds it now. Raises as `open_lock`.

    With patience it is waited for so long, then BusyError is raised; `told` is called once when
    that takes a while. The kernel lets go when the process ends, however it ends.
    """
    handle = open_lock(path)
    try:
        if patience_s is None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        else:
            _take_within(handle, path, patience_s, told, tell_after_s)
        yield
    finally:
        os.close(handle)


def _take_within(
    handle: int, path: Path, patience_s: float, told: Callable[[], None] | None, tell_after_s: float
) -> None:
    """The kernel's own wait has no end, so it is asked again and again."""
    began, pause = time.monotonic(), 0.001
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = time.monotonic() - began
        if waited >= patience_s:
            raise BusyError(path, patience_s)
        if told is not None and waited >= tell_after_s:
            told()
            told = None
        time.sleep(min(pause, patience_s - waited))
        pause = min(2 * pause, 0.02)


def require_plain(handle: int, path: Path) -> None:
    """What is open is a plain file. Raises PlainFileError."""
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise PlainFileError(path, "it is no plain file")


def read_plain(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a plain file of at most `limit`. Raises OSError and PlainFileError."""
    with open_plain(path) as file:
        if os.fstat(file.fileno()).st_size <= limit:
            data = file.read(limit + 1)
            if len(data) <= limit:
                return data
    raise TooLargeError(path, f"it has more than {limit} bytes")
