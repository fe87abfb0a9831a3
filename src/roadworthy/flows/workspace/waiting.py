"""Locks of a workspace, waited for with patience: said while it lasts, and given up in the end.

Enters: a lock's file, how long to wait. Leaves: the lock, held. What never happens here: a command
that hangs without a word because a process that was stopped holds a lock.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from roadworthy.domain import EvidenceError
from roadworthy_verify.plain_file import BusyError, locked

PATIENCE_S = 10.0
"""How long a command waits for another one."""


@contextmanager
def held(path: Path, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold a lock of the workspace. Raises EvidenceError when somebody else does for too long."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(path, patience_s=patience_s, told=lambda: _tell(path)))
        except BusyError:
            raise EvidenceError(
                f"{path} is held by {_holder(path)}; it was waited for {patience_s:g} s",
                fix="end that process, or let it go on if it was stopped; the lock ends with it",
            ) from None
        yield


def _tell(path: Path) -> None:
    """To the log, which for a command is the terminal."""
    import logging  # nobody who gets the lock at once has a use for it

    logging.getLogger("roadworthy").warning("waiting for %s, held by %s", path, _holder(path))


def _holder(path: Path) -> str:
    """Who holds it, as the kernel says (proc(5), /proc/locks)."""
    with suppress(OSError, ValueError, IndexError):
        inode = f":{path.stat().st_ino}"
        for line in Path("/proc/locks").read_text("ascii").splitlines():
            words = line.split()
            if words[1] == "FLOCK" and words[5].endswith(inode) and int(words[4]) != os.getpid():
                return f"process {int(words[4])}"
    return "another process"
