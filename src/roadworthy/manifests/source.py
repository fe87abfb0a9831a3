"""Bytes of a file as text, inside bounds, with faults instead of exceptions.

Never here: following a path out of the system's folder, reading more than the limit, a guess
at an encoding other than UTF-8.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .document import Document

MAX_MANIFEST_BYTES = 2 * 1024 * 1024
"""A contract file is written by people; 2 MiB is some 40,000 lines."""

MAX_DATA_BYTES = 512 * 1024 * 1024
"""A cases file or a side file."""

MAX_WEIGHTS_BYTES = 1 << 40
"""A model, an adapter, an index of knowledge: digested in passing, never held."""


def read_text(root: Path, document: Document, *, limit: int = MAX_MANIFEST_BYTES) -> str | None:
    """The file's text with newlines as line ends, without a byte-order mark; None after a fault."""
    data = read_bytes(root, document, limit=limit)
    if data is None:
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        document.fault(
            (),
            f"the file is not UTF-8: byte 0x{data[error.start]:02x} at offset {error.start}",
            "save it as UTF-8",
            line=data.count(b"\n", 0, error.start) + 1,
        )
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(root: Path, document: Document, *, limit: int = MAX_DATA_BYTES) -> bytes | None:
    """The file's bytes; None after a fault."""
    path = readable(root, document, limit=limit)
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        note_unreadable(document, error)
    return None


def readable(root: Path, document: Document, *, limit: int = MAX_DATA_BYTES) -> Path | None:
    """Where the file lies, a plain file of at most `limit` bytes; None after a fault."""
    path = root / document.file
    try:
        facts = path.stat()
        size = facts.st_size
        if stat.S_ISDIR(facts.st_mode):
            raise IsADirectoryError
        if not stat.S_ISREG(facts.st_mode):
            # Reading a pipe or a device could wait, or go on, for ever.
            document.fault((), "this is a pipe or a device, not a file", "write a plain file")
            return None
        if size > limit:
            document.fault(
                (),
                f"the file has {size:,} bytes, at most {limit:,} are read",
                "split it",
            )
            return None
        return path
    except FileNotFoundError:
        document.fault(
            (), "the file does not exist", "`roadworthy init` writes the files of a system", line=0
        )
    except IsADirectoryError:
        document.fault((), "this is a folder, not a file", "name a file")
    except OSError as error:
        note_unreadable(document, error)
    return None


def note_unreadable(document: Document, error: OSError) -> None:
    """Note that the disk or its permissions stand in the way."""
    document.fault((), f"the file cannot be read: {error.strerror}", "check its permissions")


def inside(root: Path, relative: str, *, beside: str = "") -> str | None:
    """The path relative to `root`, normalised; None when it leaves the folder.

    `beside` is the file that names it: then the name is taken from that file's folder.
    Symbolic links are followed before judging.
    """
    if not relative or "\0" in relative or Path(relative).is_absolute():
        return None
    # A plain join, so that `a/../../x` is judged by what it reaches, not by how it looks.
    joined = os.path.normpath(str(Path(beside).parent / relative))
    if joined == ".." or joined.startswith(f"..{os.sep}"):
        return None
    try:
        reached = (root / joined).resolve()
    except (OSError, RuntimeError):
        return None
    if not reached.is_relative_to(root.resolve()):
        return None
    return Path(joined).as_posix()
