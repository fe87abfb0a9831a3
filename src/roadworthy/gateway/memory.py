"""How a process asks the C library for memory, and how often it looks for garbage.

The GNU C library gives each thread a heap of its own and gives pages back from the end of a heap
only. Whoever takes turns among threads with blocks of a megabyte, as all who follow the journal do,
then holds the largest that each thread ever needed at once, with gaps: several times what is used.
Other C libraries are left as they are.
"""

from __future__ import annotations

import ctypes
import gc

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""mallopt(3)."""

LARGE_BYTES = 128 * 1024
"""From here on a block is a mapping of its own, which goes back to the system with its last use.
Unset, that threshold rises to the largest block that was let go."""


COLLECTIONS = (20_000, 20, 50)
"""`gc.set_threshold`. Requests and records under way are many young objects that all die by
reference count; at the default of 700 they are looked at again and again for nothing: a seventh of
what the control process took for a record."""


def settle() -> None:
    """Once all is loaded: look for garbage in it now, and not again as long as the process lives.

    What was only needed to get started goes back to the system.
    """
    gc.collect()
    give_back()
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)


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
