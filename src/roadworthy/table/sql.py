"""How a column of the table is asked for: names that are quoted, columns that are worked out.

Enters: names of columns. Leaves: SQL, all of it made here. Never here: a caller's word outside
quotes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from roadworthy.domain import Instant, parse_instant

from .cube import STEPS

_BIN = "bin "

LEVEL_OF = (
    "CASE WHEN confidence IS NULL THEN NULL WHEN confidence < 0 THEN -2 WHEN confidence = 0"
    " THEN -1 WHEN confidence < 1 THEN CAST(floor(confidence * 10) AS INTEGER)"
    " WHEN confidence = 1 THEN 10 ELSE 11 END"
)

_WITHIN = "CASE WHEN confidence BETWEEN 0 AND 1 THEN"
STEPS_OF = tuple(
    f"{_WITHIN} CAST({what} * {STEPS} AS BIGINT) END"
    for what in ("confidence", "confidence * confidence")
)
"""The confidence of a row and its square, as whole numbers of `STEPS`."""

Only = tuple[str, Sequence[int]]
"""A column, and the values that it must have one of."""


def quoted(name: str) -> str:
    """A name, as a query has it."""
    return '"' + name.replace('"', '""') + '"'


def instants_reached(column: str, bands: Sequence[Instant]) -> str:
    """How many of the instants a column has reached; -1 where it has no value."""
    reached = [f"CAST({column} >= TIMESTAMPTZ '{_iso(at)}' AS INTEGER)" for at in bands]
    return f"CASE WHEN {column} IS NULL THEN -1 ELSE {' + '.join(reached) or '0'} END"


def bin_of(column: str, bits: int) -> str:
    """The column of the bins of another: whole parts of its square root, 2 to the `bits` of one."""
    return f"{_BIN}{bits} {column}"


def bin_parts(name: str) -> tuple[str, int] | None:
    """The column whose bins a column holds, and their bits; None where it holds none."""
    if not name.startswith(_BIN):
        return None
    bits, _, column = name.removeprefix(_BIN).partition(" ")
    return column, int(bits)


def binned(column: str, bits: int) -> str:
    """The bin of a value; -1 of one that has none."""
    of = quoted(column)
    root = f"CAST(floor(sqrt({of}) * {1 << bits}) AS BIGINT)"
    return f"CASE WHEN {of} >= 0 THEN {root} WHEN {of} < 0 THEN -1 END"


def coarser(name: str, bits: int) -> str:
    """The bin that a finer one lies within, `bits` less fine."""
    of = quoted(name)
    return f"CASE WHEN {of} >= 0 THEN {of} >> {bits} ELSE {of} END" if bits else of


def around(only: Only) -> str:
    """What holds of all values in some bins, and can be asked without making a bin of each."""
    parts = bin_parts(only[0])
    if parts is None or not only[1] or min(only[1]) < 0:
        return "true"
    column, bits = parts
    low, high = (min(only[1]) / 2**bits) ** 2, ((max(only[1]) + 1) / 2**bits) ** 2
    return f"{quoted(column)} BETWEEN {low * (1 - 1e-9)!r} AND {high * (1 + 1e-9)!r}"


def _iso(at: Instant) -> str:
    return parse_instant(at).astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
