"""Opens the table: files, each as it was written where it is read, and rows that are in none.

Enters: what is kept, rows beside it. Leaves: a table. Never here: a file that is read before it was
held against its digest, one that is held twice, counts of rows that were written again since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from roadworthy.domain import EvidenceError, Observation
from roadworthy.table import FACET, Counts, Part, Row, Table

from .families import counted_by_indicators
from .store import ANEW, NOT_AS_WRITTEN, Kept, KeptFile, place_of, require_whole


def whole_table(
    folder: Path,
    kept: Kept,
    *,
    fresh: Sequence[Row] = (),
    replaced: Sequence[Observation] = (),
    under: str = "",
) -> Table:
    """The table, of files that are as they were written, and of rows that are in none.

    `replaced`: answers whose rows in files count no more; `under`: of the parts whose names begin
    so. A file is held against its digest before it is read first. Of a part that was counted that
    is mostly its counts alone: that its rows are there, and as long as they were, is looked at all
    the same. Raises EvidenceError naming the file that is not.
    """
    files = {name: each for name, each in kept.files.items() if name.startswith(under)}
    counts = _counts(folder, kept, files)
    stale = {place_of(seen) for seen in replaced}
    parts = [
        Part(
            path=folder / each.path,
            facts=each.facts,
            counts=counts.get(name),
            stale=name in stale,
        )
        for name, each in files.items()
    ]
    for each in files.values():
        _require_there(folder, each)
    digests = {folder / each.path: each.digest for each in files.values()}
    digests |= {folder / each.path: each.digest for each in kept.counts.values()}
    hold = _Holding(folder, digests)
    hold([part.path for part in parts if part.counts is None])
    return Table(
        parts,
        fresh=fresh,
        replaced=[seen.id for seen in replaced],
        columns={tuple(kept.columns[each.columns]) for each in files.values()},
        hold=hold,
    )


class _Holding:
    """Holds each file against its digest, once."""

    def __init__(self, folder: Path, digests: Mapping[Path, str]) -> None:
        self._folder, self._digests = folder, digests
        self._held: set[Path] = set()

    def __call__(self, paths: Sequence[Path]) -> None:
        """Raises EvidenceError as `require_whole`."""
        new = [path for path in paths if path not in self._held]
        require_whole(self._folder, self._digests, new)
        self._held.update(new)


def _counts(folder: Path, kept: Kept, files: dict[str, KeptFile]) -> dict[str, Counts]:
    """Of each part what was counted of its rows as they are, by what this version counts by.

    Nothing where the file is not there: an earlier version removes what it does not know.
    """
    found: dict[str, Counts] = {}
    for day in kept.counts.values():
        path = folder / day.path
        if day.by != counted_by_indicators() or not day.path or not path.exists():
            continue
        for name, part in day.parts.items():
            each = files.get(name)
            if each is None or each.digest != part.digest or not part.families:
                continue
            columns = kept.columns[each.columns]
            found[name] = Counts(
                path=path,
                number=part.number,
                families={family: kept.families[family] for family in part.families},
                facets=[column for column in columns if column.startswith(FACET)],
            )
    return found


def _require_there(folder: Path, each: KeptFile) -> None:
    path = folder / each.path
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise EvidenceError(
            f"{path} is gone: a part of the table", fix=ANEW.format(folder)
        ) from None
    except OSError as error:
        raise EvidenceError(f"{path} cannot be read: {error.strerror}") from error
    if each.size not in (-1, size):
        raise EvidenceError(NOT_AS_WRITTEN.format(path), fix=ANEW.format(folder))
