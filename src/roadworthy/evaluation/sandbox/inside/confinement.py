"""Confines this process for good, then tries to break out, and only then says that it is confined.

Enters: limits and the folder that stays writable. Leaves: nothing, or OSError with the reason.
What holds afterwards, for root too: no network, no other program or process, no signal to anybody
else, no file but Python's own (to read) and one folder; bounded processor time, memory, file size
and open files; no capability; death with the parent. What does not: a fault of the kernel itself,
`stat` (whether a path exists, and its size), what processes learn from each other's use of the
machine.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import socket
import sys
import sysconfig
from collections.abc import Callable
from typing import Any

from .call_filter import forbid_calls
from .file_rules import close_files

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38
_SIGKILL = 9
_CAPABILITY_VERSION = 0x20080522

_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
_DATA = ("/usr/share/zoneinfo", "/etc/localtime", "/dev/urandom", "/dev/zero")


def confine(limits: dict[str, int], folder: str, parent: int) -> None:
    """Confine this process. Raises OSError when any part of it cannot be had."""
    libc = ctypes.CDLL(None, use_errno=True)
    _ask(libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0))
    if os.getppid() != parent:
        raise OSError(errno.ESRCH, "the parent is gone")
    _ask(libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))
    _ask(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    close_files(_readable(), ("/dev/null", folder))
    _limit(limits)
    _drop_capabilities(libc)
    forbid_calls(platform.machine(), os.getpid())
    _try_to_break_out()


def _readable() -> set[str]:
    """Python's library and what it loads; the side packages are not on the path."""
    own = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib")}
    own.add(f"{sys.base_prefix}/lib")
    return own | {*_LIBRARIES, *_DATA}


def _limit(limits: dict[str, int]) -> None:
    for name, value in limits.items():
        which = getattr(resource, f"RLIMIT_{name}")
        hard = resource.getrlimit(which)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (bound, bound))


def _drop_capabilities(libc: ctypes.CDLL) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    none = (ctypes.c_uint32 * 6)()
    _ask(libc.capset(header, none))


def _ask(result: int) -> None:
    if result:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _try_to_break_out() -> None:
    """Raise OSError when something that must not work works."""
    _must_fail("the network is open", lambda: socket.socket().close())
    _must_fail("folders can be listed", os.listdir, "/")
    _must_fail("files can be read", os.open, "/proc/self/status", os.O_RDONLY)
    _must_fail("files can be made", os.open, "/tmp/.roadworthy", os.O_CREAT | os.O_WRONLY)  # noqa: S108
    _must_fail("others can be signalled", os.kill, os.getppid(), 0)
    try:
        child = os.fork()
    except OSError:
        return
    if not child:
        os._exit(0)
    raise OSError(errno.EPERM, "processes can be started")


def _must_fail(otherwise: str, attempt: Callable[..., Any], *arguments: Any) -> None:
    try:
        attempt(*arguments)
    except OSError:
        return
    raise OSError(errno.EPERM, otherwise)
