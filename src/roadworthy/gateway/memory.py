"""How a process asks the C library for memory.

The GNU C library gives each thread a heap of its own and gives pages back from the end of a heap
only. Whoever takes turns among threads with blocks of a megabyte, as all who follow the journal do,
then holds the largest that each thread ever needed at once, with gaps: several times what is used.
Other C libraries are left as they are.
"""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""mallopt(3)."""

LARGE_BYTES = 128 * 1024
"""From here on a block is a mapping of its own, which goes back to the system with its last use.
Unset, that threshold rises to the largest block that was let go."""


def share_one_heap() -> bool:
    """Let all threads of this process share one heap; before they are started. Whether it did."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # another C library, or none to be had
        return False
    told = ((_M_ARENA_MAX, 1), (_M_MMAP_THRESHOLD, LARGE_BYTES), (_M_TRIM_THRESHOLD, LARGE_BYTES))
    return all(mallopt(option, value) for option, value in told)


def give_back() -> bool:
    """Let the system have what was only needed to get started (`malloc_trim(3)`). Whether any."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return False
    return bool(trim(0))
