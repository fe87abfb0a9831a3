"""Counts the rows of parts that were written since, day by day.

    observations/answers/system=desk/hour=2026-11-21-DIGEST.counts.parquet

Enters: what is kept. Leaves: a file of what the rows of a day's parts have alike. It can be
removed: rows are read where nothing was counted, and it is made again. Never here: counts that are
taken for those of rows that were written again since (a part is known by its rows' digest), or
that were counted by what another version counts by.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import structs

from roadworthy.table import Kinds, kinds_of, read_table, write_counts

from .families import counted_by_indicators, families_of_indicators
from .store import (
    ANSWERS,
    CountedPart,
    Kept,
    KeptCounts,
    digest_of_file,
    require_whole,
)

FEWEST_ROWS = 2000
"""Of a smaller part the rows are read as fast as what they have alike."""


def count_days(folder: Path, kept: Kept) -> int:
    """Count what is not counted yet, as an earlier version left it or as it was written since.

    Returns how many parts. Raises EvidenceError, also where a file is not as it was written.
    """
    days: dict[str, list[str]] = {day: [] for day in kept.counts}
    for name, each in kept.files.items():
        if name.startswith(ANSWERS) and each.rows >= FEWEST_ROWS:
            days.setdefault(name.rpartition("T")[0], []).append(name)
    return sum(_count_day(folder, kept, day, names) for day, names in days.items())


def _count_day(folder: Path, kept: Kept, day: str, names: Iterable[str]) -> int:
    before = kept.counts.get(day)
    same = _as_they_were(folder, kept, before)
    new = [name for name in names if name not in same]
    if before is not None and not new and len(same) == len(before.parts):
        return 0
    counted: dict[int, list[Kinds]] = {}
    parts = dict(same)
    for number, name in enumerate(new, _next_number(kept)):
        each = kept.files[name]
        path = folder / each.path
        require_whole(folder, {path: each.digest}, [path])
        kept.files[name] = structs.replace(each, size=path.stat().st_size)
        counted[number] = kinds_of(read_table(path), list(families_of_indicators()))
        families = tuple(kinds.family for kinds in counted[number])
        kept.families |= {kinds.family: list(kinds.columns) for kinds in counted[number]}
        parts[name] = CountedPart(digest=each.digest, number=number, families=families)
    by = counted_by_indicators()
    kept.counts[day] = KeptCounts(path="", digest="", parts=parts, by=by)
    if any(part.families for part in parts.values()):
        old = folder / before.path if before is not None and before.path else None
        keep = [part.number for part in same.values()]
        draft = folder / f"{day}.counts.parquet"
        write_counts(draft, counted, old=old if keep else None, keep=keep)
        digest = digest_of_file(draft)
        path = draft.with_name(
            f"{draft.name.removesuffix('.counts.parquet')}-{digest[:16]}.counts.parquet"
        )
        draft.replace(path)
        kept.counts[day] = KeptCounts(
            path=str(path.relative_to(folder)), digest=digest, parts=parts, by=by
        )
    return len(new)


def _as_they_were(folder: Path, kept: Kept, before: KeptCounts | None) -> dict[str, CountedPart]:
    """Parts whose counts still count; none where their file is not as it was written."""
    if before is None or before.by != counted_by_indicators():
        return {}
    path = folder / before.path
    if before.path and (not path.exists() or digest_of_file(path) != before.digest):
        return {}
    return {
        name: part
        for name, part in before.parts.items()
        if name in kept.files and kept.files[name].digest == part.digest
    }


def _next_number(kept: Kept) -> int:
    """No other part has it, of no other day."""
    days = kept.counts.values()
    return 1 + max((part.number for day in days for part in day.parts.values()), default=0)
