"""A seccomp filter of allowed system calls: what is not listed answers ENOSYS.

Enters: the machine and this process' id. Leaves: a program of classic BPF, put in force for this
process for good. Source: seccomp(2), `linux/seccomp.h`, `linux/filter.h`.
"""

from __future__ import annotations

import ctypes
import errno
import struct

from .syscalls import ALWAYS, ASKED, AUDIT_ARCH

_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_NOT_THERE = 0x00050000 | errno.ENOSYS
_NOT_PERMITTED = 0x00050000 | errno.EPERM

_LOAD, _EQUALS, _HAS, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _ARCH, _FIRST_ARGUMENT = 0, 4, 16

_FCNTL = (0, 1, 2, 3, 4, 1030)
"""F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC. Not F_SETOWN: it sends signals."""
_IOCTL = (0x5401, 0x5421, 0x5450, 0x5451)
"""TCGETS, FIONBIO, FIONCLEX, FIOCLEX: is it a terminal, and a descriptor's own flags."""
_CLONE_THREAD = 0x00010000
_AF_UNIX = 1

_PR_SET_SECCOMP, _MODE_FILTER = 22, 2

Step = tuple[int, int, int, int]
"""code, jump if true, jump if false, constant."""


def forbid_calls(machine: str, pid: int) -> None:
    """Put the filter in force. Raises OSError when the machine is unknown or the kernel refuses."""
    if machine not in ALWAYS:
        raise OSError(errno.ENOSYS, f"no table of system calls for {machine}")
    steps = program(machine, pid)
    filters = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *step) for step in steps))
    libc = ctypes.CDLL(None, use_errno=True)

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filters", ctypes.c_void_p))

    prog = Program(len(steps), ctypes.cast(filters, ctypes.c_void_p))
    if libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(prog), 0, 0):
        code = ctypes.get_errno()
        raise OSError(code, "the kernel takes no seccomp filter")


def program(machine: str, pid: int) -> list[Step]:
    """The steps of the filter."""
    asked = ASKED[machine]
    steps: list[Step] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUALS, 1, 0, AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    for number in ALWAYS[machine].values():
        steps += [(_EQUALS, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    steps += _when(asked["fcntl"], _argument_in(1, _FCNTL))
    steps += _when(asked["ioctl"], _argument_in(1, _IOCTL))
    steps += _when(asked["clone"], [(_LOAD, 0, 0, _place(0)), (_HAS, 0, 1, _CLONE_THREAD), _YES])
    steps += _when(asked["kill"], _argument_in(0, (pid,)))
    steps += _when(asked["tgkill"], _argument_in(0, (pid,)))
    steps += _when(asked["socketpair"], _argument_in(0, (_AF_UNIX,)))
    steps += _when(asked["sendto"], _no_pointer(4))
    steps += _when(asked["recvfrom"], _no_pointer(4))
    steps += _when(asked["prlimit64"], _argument_in(0, (0,)))
    return [*steps, (_RETURN, 0, 0, _NOT_THERE)]


_YES: Step = (_RETURN, 0, 0, _ALLOW)


def _place(argument: int, *, upper: bool = False) -> int:
    """Where an argument lies; both machines are little-endian."""
    return _FIRST_ARGUMENT + 8 * argument + 4 * upper


def _when(number: int, steps: list[Step]) -> list[Step]:
    """The steps for one call; where they do not allow it, it is not permitted."""
    inner = [*steps, (_RETURN, 0, 0, _NOT_PERMITTED)]
    return [(_EQUALS, 0, len(inner), number), *inner]


def _argument_in(argument: int, values: tuple[int, ...]) -> list[Step]:
    steps: list[Step] = [(_LOAD, 0, 0, _place(argument))]
    for value in values:
        steps += [(_EQUALS, 0, 1, value), _YES]
    return steps


def _no_pointer(argument: int) -> list[Step]:
    """The argument is null: a `send` within a pair of sockets, not to an address."""
    return [
        (_LOAD, 0, 0, _place(argument)),
        (_EQUALS, 0, 3, 0),
        (_LOAD, 0, 0, _place(argument, upper=True)),
        (_EQUALS, 0, 1, 0),
        _YES,
    ]
