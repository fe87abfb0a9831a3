"""Landlock: which files a process may still open, for good.

Enters: folders to read and one folder to write. Leaves: a ruleset in force; every other file is
closed to reading, writing, listing, making and removing, to root as well. What it does not cover:
whether a path exists and its size (`stat`). Source: landlock(7), `linux/landlock.h`.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable

_CREATE, _ADD, _RESTRICT = 444, 445, 446
_BENEATH = 1
_ASK_VERSION = 1

_EXECUTE, _WRITE, _READ, _LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_FOLDER, _REMOVE_FILE, _MAKE_FOLDER, _MAKE_FILE = 1 << 4, 1 << 5, 1 << 7, 1 << 8
_TRUNCATE = 1 << 14
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""Version -> how many rights it knows; from version 5 on there are 16."""

_LOOK = _READ | _LIST
_USE = _LOOK | _WRITE | _REMOVE_FOLDER | _REMOVE_FILE | _MAKE_FOLDER | _MAKE_FILE | _TRUNCATE
_OF_FILES = _EXECUTE | _WRITE | _READ | _TRUNCATE


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def close_files(read: Iterable[str], write: Iterable[str]) -> None:
    """Close every file but those. Raises OSError where the kernel has no Landlock."""
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, 0, _ASK_VERSION)
    if version < 1:
        raise OSError(ctypes.get_errno() or errno.ENOSYS, "this kernel has no Landlock")
    handled = (1 << _RIGHTS.get(version, 16)) - 1
    attributes = ctypes.c_uint64(handled)
    rules = _checked(libc.syscall(_CREATE, ctypes.byref(attributes), 8, 0))
    for paths, rights in ((read, _LOOK), (write, _USE)):
        for path in paths:
            _open_up(libc, rules, path, rights & handled)
    _checked(libc.syscall(_RESTRICT, rules, 0))
    os.close(rules)


def _open_up(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    """Allow what lies beneath a path; one that is not there needs no rule."""
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        allowed = rights if os.path.isdir(path) else rights & _OF_FILES  # noqa: PTH112
        rule = _Beneath(allowed, place)
        _checked(libc.syscall(_ADD, rules, _BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(place)


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"Landlock: {os.strerror(code)}")
    return result
