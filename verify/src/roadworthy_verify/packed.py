"""A backup's outer shell: gzip and tar from a stranger, read in bounded steps.

In: a file. Out: its tar, member by member. Never: a read so large that a few kilobytes of archive
become gigabytes of memory (the headers of a tar may say that a name is of any length).
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAGIC = b"\x1f\x8b"
BLOCK = 1 << 20
UNREADABLE = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError)
"""What reading such a file raises when it is no whole archive."""


class BoundedGzip(gzip.GzipFile):
    """Decompresses at most a block at a time; no archive of ours needs more at once."""

    def read(self, size: int | None = -1) -> bytes:
        """At most a block. Raises tarfile.ReadError on a larger wish."""
        if size is None or not 0 <= size <= BLOCK:
            raise tarfile.ReadError(f"a header of {size} bytes is none of a backup")
        return super().read(size)


@contextmanager
def opened(path: Path) -> Iterator[tuple[BoundedGzip, tarfile.TarFile]]:
    """The decompressed stream and the tar in it. Raises one of `UNREADABLE`."""
    with BoundedGzip(path) as plain, tarfile.open(fileobj=plain, mode="r:") as archive:
        yield plain, archive
