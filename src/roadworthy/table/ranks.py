"""Values of a rank out of millions: counted in bins first, and only the bins that matter are read.

Enters: a column, what parts its rows are in, which ranks are asked for. Leaves: for each part its
sorted values, of which those ranks are known. Exact: the bins of a value keep its order (a square
root and a product with a power of two are correctly rounded), and finer ones lie within coarser.
Never here: a value between two values, a part that was sampled.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

from roadworthy.domain import Instant

from .asking import Table
from .selection import Selection
from .sql import bin_of

MOST_VALUES = 100_000
"""Rows in bins that matter; of more the bins are made finer."""

FIRST_LOOK = 2
"""Bits of its bins: they are a quarter of the square root."""

_FINER, _FINEST = 12, 40

Part = Callable[[Mapping[str, Any]], tuple[str, bool] | None]
"""A kind of row -> the part that it is in, and whether it has a rank; None: it is in none."""
Asks = Callable[[Sequence[float]], object]
"""What is to be read off the sorted values of a part."""


class Sorted(Sequence[float]):
    """Sorted values of which some are known by their place."""

    def __init__(self, n: int, known: Mapping[int, float]) -> None:
        self._n, self._known = n, known

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, place: int) -> float: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[float]: ...
    def __getitem__(self, place: int | slice) -> float | Sequence[float]:
        assert isinstance(place, int), "single places are asked for"
        return self._known[place]


class _Asked(Sorted):
    """Notes which places are asked for."""

    def __init__(self, n: int) -> None:
        super().__init__(n, {})
        self.places: set[int] = set()

    def __getitem__(self, place: Any) -> Any:
        self.places.add(place)
        return 0.0


def ranked_values(
    table: Table,
    column: str,
    columns: Sequence[str],
    selection: Selection,
    *,
    part: Part,
    asks: Asks,
    bands: Sequence[Instant] = (),
) -> dict[str, tuple[int, Sequence[float]]]:
    """Of each part how many rows it has, and its sorted values: the places that `asks` reads."""
    look = _Look(table, column, tuple(columns), selection, part, tuple(bands))
    bits = FIRST_LOOK
    bins = look.bins(bits)
    rows = dict(look.rows)
    sizes = {name: sum(counts.values()) for name, counts in bins.items()}
    sought: dict[str, dict[int, tuple[int, int]]] = {}
    for name, n in sizes.items():
        asked = _Asked(n)
        asks(asked)
        sought[name] = {place: _found(bins[name], place) for place in asked.places}
    while bits < _FINEST and sought and _rows_in(bins, sought) > MOST_VALUES:
        within, bits = _bins_of(sought), bits + _FINER
        bins = look.bins(bits, (bits - _FINER, within))
        sought = {
            name: {place: _finer(bins[name], *at) for place, at in places.items()}
            for name, places in sought.items()
        }
    values = look.values(bits, _bins_of(sought)) if sought else {}
    known = {
        name: {place: _nth(values[name][at], nth) for place, (at, nth) in places.items()}
        for name, places in sought.items()
    }
    return {name: (n, Sorted(sizes.get(name, 0), known.get(name, {}))) for name, n in rows.items()}


class _Look:
    """One column of a table, part by part."""

    def __init__(
        self,
        table: Table,
        column: str,
        columns: tuple[str, ...],
        selection: Selection,
        part: Part,
        bands: tuple[Instant, ...],
    ) -> None:
        self._table, self._column, self._columns = table, column, columns
        self._selection, self._part, self._bands = selection, part, bands
        self.rows: Counter[str] = Counter()
        """Rows of each part, ranked or not, as the first look saw them."""

    def bins(
        self, bits: int, within: tuple[int, Sequence[int]] | None = None
    ) -> dict[str, Counter[int]]:
        """How many values of each part lie in each bin."""
        found: dict[str, Counter[int]] = {}
        for (name, has_rank), (at, *_), n in self._kinds((bin_of(self._column, bits),), within):
            if within is None:
                self.rows[name] += n
            if has_rank and at is not None:
                found.setdefault(name, Counter())[at] += n
        return found

    def values(self, bits: int, within: Sequence[int]) -> dict[str, dict[int, list[Any]]]:
        """Part -> bin -> each value in it, the least first, with how many there are."""
        found: dict[str, dict[int, Counter[float]]] = {}
        asked = (bin_of(self._column, bits), self._column)
        for (name, has_rank), (at, value), n in self._kinds(asked, (bits, within)):
            if not has_rank:
                continue
            found.setdefault(name, {}).setdefault(at, Counter())[value] += n
        return {
            name: {at: sorted(counts.items()) for at, counts in each.items()}
            for name, each in found.items()
        }

    def _kinds(self, more: tuple[str, ...], within: tuple[int, Sequence[int]] | None) -> Any:
        only = None if within is None else (bin_of(self._column, within[0]), within[1])
        cube = self._table.cube(
            (*self._columns, *more), self._selection, bands=self._bands, only=only
        )
        known: dict[tuple[Any, ...], tuple[str, bool] | None] = {}
        width = len(self._columns)
        for key, (n, *_) in cube.counts.items():
            kind = key[:width]
            if kind not in known:
                known[kind] = self._part(dict(zip(self._columns, kind, strict=True)))
            part = known[kind]
            if part is not None:
                yield part, key[width:], n


def _found(bins: Counter[int], place: int) -> tuple[int, int]:
    """The bin that holds the value of a place, and its place in it."""
    return _among(sorted(bins), bins, place)


def _finer(bins: Counter[int], at: int, place: int) -> tuple[int, int]:
    return _among(sorted(each for each in bins if each >> _FINER == at), bins, place)


def _among(ordered: Sequence[int], bins: Counter[int], place: int) -> tuple[int, int]:
    for at in ordered:
        if place < bins[at]:
            return at, place
        place -= bins[at]
    raise IndexError(place)


def _nth(values: Sequence[tuple[float, int]], place: int) -> float:
    for value, n in values:
        if place < n:
            return value
        place -= n
    raise IndexError(place)


def _bins_of(sought: Mapping[str, Mapping[int, tuple[int, int]]]) -> list[int]:
    return sorted({at for places in sought.values() for at, _ in places.values()})


def _rows_in(
    bins: Mapping[str, Counter[int]], sought: Mapping[str, Mapping[int, tuple[int, int]]]
) -> int:
    wanted = _bins_of(sought)
    return sum(counts[at] for counts in bins.values() for at in wanted)
