"""What this machine's kernel has to confine foreign code with: asked of it, not of the sandbox.

A sandbox that is broken on a kernel that has everything must fail its tests, never skip them.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from pathlib import Path

import pytest

_LANDLOCK_CREATE_RULESET, _ASK_VERSION = 444, 1


def _lacks() -> str:
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"):
        return f"foreign code is confined on Linux, x86_64 and aarch64; this is {sys.platform}"
    if ctypes.CDLL(None).syscall(_LANDLOCK_CREATE_RULESET, None, 0, _ASK_VERSION) < 1:
        return "this kernel has no Landlock (5.13 or newer has, unless it is switched off)"
    if "Seccomp:" not in Path("/proc/self/status").read_text():
        return "this kernel has no seccomp"
    return ""


LACKS = _lacks()
"""What is missing; empty where nothing is."""


def skip_unless_confined() -> None:
    """Skip where the kernel cannot confine: nothing would be run."""
    if LACKS:
        pytest.skip(LACKS)
