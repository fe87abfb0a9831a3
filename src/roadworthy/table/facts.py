"""What is known of a file of the table without reading it: its times, and columns of one value.

Enters: the rows that were written into it. Leaves: facts. With them a question reads fewer columns:
of a file that lies in a window as a whole nobody asks each row when it was. Never here: a guess;
what is not known of a file is read from it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field

from roadworthy.domain import Instant, format_instant

from .columns import ALONE, FACET, FLAGS, JSON, LEARNED_AT, SHIFT_FLAGS, SHIFT_TEXTS, TEXTS
from .files import arrow

_MOST_STAGES = 8


class Facts(Struct, frozen=True, kw_only=True):
    """Of the rows of one file."""

    first: Instant
    last: Instant
    learned_first: Instant = ""
    """When something was learned of one of them first; empty where nothing was."""
    learned_last: Instant = ""
    stages: tuple[str, ...] = ()
    one: dict[str, str | bool | None] = field(default_factory=dict)
    """Column -> its value, where all rows have the same."""
    same: tuple[str, ...] = ()
    """Columns whose facet of that name says the same in every row, as `facets.tenant` may."""

    def band(self, bands: Sequence[Instant]) -> int | None:
        """How many of the instants each row has reached; None where rows differ."""
        low, high = bisect_right(bands, self.first), bisect_right(bands, self.last)
        return low if low == high else None

    def learned_band(self, bands: Sequence[Instant]) -> int | None:
        """The same of when something was learned of them, of those of which something was."""
        if not self.learned_last:
            return -1
        low = bisect_right(bands, self.learned_first)
        return low if low == bisect_right(bands, self.learned_last) else None


def facts_of(table: Any) -> Facts | None:
    """The facts of an Arrow table of rows; None of an empty one."""
    if not table.num_rows:
        return None
    arrow()
    import pyarrow.compute as compute

    def ends(name: str) -> tuple[Instant, Instant]:
        found = compute.min_max(table[name])
        low, high = found["min"].as_py(), found["max"].as_py()
        return (format_instant(low), format_instant(high)) if low is not None else ("", "")

    first, last = ends("time")
    learned_first, learned_last = ends(LEARNED_AT)
    one: dict[str, str | bool | None] = {}
    for name in _narrow(table.column_names):
        values = compute.unique(table[name])
        if len(values) == 1:
            one[name] = values[0].as_py()
    stages = compute.unique(table["stage"]).to_pylist()
    return Facts(
        first=first,
        last=last,
        learned_first=learned_first,
        learned_last=learned_last,
        stages=tuple(sorted(stages)) if len(stages) <= _MOST_STAGES else (),
        one=one,
        same=tuple(name for name in TEXTS if _is_facet_too(table, name)),
    )


def _is_facet_too(table: Any, name: str) -> bool:
    own = f"{FACET}{name}"
    return own in table.column_names and bool(table[own].equals(table[name]))


def _narrow(names: Sequence[str]) -> list[str]:
    known = {*TEXTS, *FLAGS, *JSON, *SHIFT_TEXTS, *SHIFT_FLAGS, ALONE, "expect_action"} - {"id"}
    return [name for name in names if name in known or name.startswith(FACET)]
