"""A load that goes on: does memory grow, is anything lost.

Enters: readings of each process's memory. Leaves: how fast it grows, with bounds. What never
happens here: a growth within what the readings scatter taken for one, or no bounds taken for none.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from roadworthy.statistics import slope_interval

WARM_SHARE = 0.2
"""Of the time at the beginning: caches fill, and nobody calls that growth."""
ALLOWED = 0.01
"""Of its size in an hour a process may grow, surely more is growth."""
_HOUR_S = 3600.0


class Growth(Struct, frozen=True, kw_only=True):
    """How the memory of one process went."""

    process: str
    n: int
    """Readings after the warm-up."""
    first_mb: float
    last_mb: float
    mb_per_hour: float | None = None
    low: float | None = None
    high: float | None = None
    """Of `mb_per_hour`, at 95 %."""
    reason: str = ""

    @property
    def grows(self) -> bool:
        """Whether it surely grows by more than is allowed."""
        return self.low is not None and self.low > ALLOWED * self.first_mb


def growth(process: str, instants: Sequence[float], megabytes: Sequence[float]) -> Growth:
    """The growth of one process; `instants` in seconds."""
    begin = int(len(instants) * WARM_SHARE)
    times, values = list(instants[begin:]), list(megabytes[begin:])
    if not values:
        return Growth(process=process, n=0, first_mb=0.0, last_mb=0.0, reason="never read")
    known = Growth(process=process, n=len(values), first_mb=values[0], last_mb=values[-1])
    try:
        found = slope_interval([at / _HOUR_S for at in times], values)
    except ValueError as error:
        return Growth(
            process=process, n=known.n, first_mb=known.first_mb, last_mb=known.last_mb,
            reason=str(error),
        )  # fmt: skip
    return Growth(
        process=process,
        n=known.n,
        first_mb=known.first_mb,
        last_mb=known.last_mb,
        mb_per_hour=found.value,
        low=found.low,
        high=found.high,
    )
