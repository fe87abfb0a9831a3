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


def new_id() -> str:
    """A UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then 74 random bits."""
    random = int.from_bytes(os.urandom(10), "big")
    value = (time.time_ns() // 1_000_000) << 80
    value |= 0x7 << 76 | ((random >> 62) & 0xFFF) << 64 | 0x2 << 62 | random & ((1 << 62) - 1)
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
