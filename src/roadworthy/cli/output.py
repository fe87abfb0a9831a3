"""Standard output and error that may be full, closed or gone: never a traceback, never a false 0.

In: a command that prints. Out: its exit code; 2 when what it printed could not be written (5 stays
5). Never: a command that is left half-way because somebody stopped reading along; never an import
that costs time, since this stands around every verb.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from types import TracebackType
from typing import Any

RUNTIME, BROKEN, STOPPED = 2, 5, 130
"""Exit codes of the public table (`exits.py`, which is slower to import)."""


class Output:
    """Around one command: lets it print, remembers what could not be written, judges at the end."""

    def __init__(self) -> None:
        self.code = RUNTIME
        """What the command ends with, once it has ended."""
        self._before: Any = None
        self._guard = _Guard(None)

    def __enter__(self) -> Output:
        """Make every text printable, and no failure of the output an error of the command."""
        self._before = sys.stdout
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        self._guard = _Guard(sys.stdout)
        sys.stdout = self._guard
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the output back; what was lost becomes the exit code.

        Whoever closed a pipe has seen enough: then the command's own code stands.
        """
        self._guard.flush()
        sys.stdout = self._before
        lost = self._guard.lost
        if lost is None:
            return
        self._guard.discard_the_rest()
        if not isinstance(lost, BrokenPipeError):
            complain(f"roadworthy: standard output cannot be written: {lost.strerror}")
            self.code = BROKEN if self.code == BROKEN else RUNTIME


class _Guard:
    """Standard output as a command sees it. A closed one (`>&-`) is one that is lost."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.lost: OSError | None = None

    def write(self, text: str) -> int:
        """Write, or remember why that could not be; returns the length of the text."""
        if self._stream is None:
            self.lost = OSError(errno.EBADF, os.strerror(errno.EBADF))
        if self.lost is None:
            try:
                self._stream.write(text)
            except OSError as error:
                self.lost = error
        return len(text)

    def flush(self) -> None:
        """Flush, or remember why that could not be."""
        if self.lost is None and self._stream is not None:
            try:
                self._stream.flush()
            except OSError as error:
                self.lost = error

    def discard_the_rest(self) -> None:
        """Nothing may try again to write what was buffered, when the process ends."""
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())

    def isatty(self) -> bool:
        """Whether a person reads along."""
        return self._stream is not None and bool(self._stream.isatty())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def printable(text: str) -> str:
    """A stranger's text on one line, without what would drive the terminal."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " for char in text)


def lines_only(text: str) -> str:
    """Text without what would drive the terminal; its lines stay lines."""
    return "\n".join(map(printable, text.replace("\t", "    ").split("\n")))


def complain(text: str) -> None:
    """A line on standard error, if that can still be written; nothing in it drives the terminal."""
    try:
        sys.stderr.write(lines_only(text) + "\n")
        sys.stderr.flush()
    except AttributeError:
        return  # there is none
    except OSError:
        # what is buffered would be tried again at the very end, and end the process with 120
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
