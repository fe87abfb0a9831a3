"""The machine's clock and identities: the one place that asks the operating system for either."""

from __future__ import annotations

import datetime as dt
import os
import time


class SystemClock:
    """The Clock port on the operating system's clocks."""

    def now(self) -> dt.datetime:
        """The present instant, UTC."""
        return dt.datetime.now(dt.UTC)  # noqa: TID251 - this is the port's implementation

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""
        return time.perf_counter()


_drawn: list[bytes] = []
"""Random bytes for the next ids: the system is asked once for many."""
_AN_ID, _AT_ONCE = 10, 64

os.register_at_fork(after_in_child=_drawn.clear)


def new_id() -> str:
    """A UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then 74 random bits."""
    at = f"{time.time_ns() // 1_000_000:012x}"
    try:
        random = _drawn.pop().hex()
    except IndexError:
        fresh = os.urandom(_AN_ID * _AT_ONCE)
        _drawn.extend(fresh[at : at + _AN_ID] for at in range(0, len(fresh), _AN_ID))
        random = os.urandom(_AN_ID).hex()
    variant = "89ab"[int(random[3], 16) & 0x3]
    return f"{at[:8]}-{at[8:]}-7{random[:3]}-{variant}{random[4:7]}-{random[7:19]}"
