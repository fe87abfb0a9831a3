"""Columns that indicators read together: by these a file's rows are counted when it is written.

Enters: what each indicator looks at. Leaves: families of columns, each of what no other holds.
Never here: a facet; how many of them a family carries is told by the rows.
"""

from __future__ import annotations

from functools import cache

from roadworthy.domain import INDICATORS
from roadworthy.monitoring import LOOKS_AT, RANKED_BY, VALUES_OF
from roadworthy.table import ALONE, FIRST_LOOK, LEARNED, bin_of, counted_by

_ALWAYS = (ALONE, "stage", "release")
"""Which rows are asked is said by these."""


@cache
def families_of_indicators() -> tuple[tuple[str, ...], ...]:
    """The columns of each. One in which labels count says also of which rows any is known."""
    looked_at = {name: frozenset(columns) for name, columns in LOOKS_AT.items()}
    widest = {
        columns
        for columns in looked_at.values()
        if not any(columns < other for other in looked_at.values())
    }
    found = []
    for columns in sorted(widest, key=sorted):
        within = [name for name, own in looked_at.items() if own <= columns]
        late = any("label" in INDICATORS[name].needs for name in within)
        more = (LEARNED,) if late else ()
        found.append(tuple(dict.fromkeys((*sorted(columns), *_ALWAYS, *more))))
    for column in VALUES_OF.values():
        found.append(tuple(dict.fromkeys((*RANKED_BY, *_ALWAYS, bin_of(column, FIRST_LOOK)))))
    return tuple(found)


@cache
def counted_by_indicators() -> str:
    """Digest of what this version counts rows by; see `counted_by`."""
    return counted_by(families_of_indicators())
