"""Keeps what model code prints off standard output, which belongs to the command's own answer."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

_OUT, _ERR = 1, 2


@contextmanager
def standard_output_aside() -> Iterator[None]:
    """Send all that is written to standard output to standard error while inside.

    Both ways are turned: `sys.stdout` (print) and the file descriptor (C code, child processes).
    It is done once around all threads, so no thread can turn it back under another. Code that
    runs on in a thread of its own afterwards is not held back.
    """
    sys.stdout.flush()
    try:
        kept = os.dup(_OUT)
    except OSError:  # there is no standard output to keep clean
        with redirect_stdout(sys.stderr):
            yield
        return
    try:
        _turn()
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, _OUT)
        os.close(kept)


def _turn() -> None:
    """Point the descriptor at standard error, or at nothing where that is closed."""
    try:
        os.dup2(_ERR, _OUT)
    except OSError:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, _OUT)
        os.close(nothing)
