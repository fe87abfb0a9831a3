"""Tables of numbers: packed for a file, and sums over the rows of which a text consists.

Enters: arrays, or base64. Leaves: the other, or sums. Never here: a table that is not as long as it
says. Needs numpy, imported where it is used.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from roadworthy.domain import Packed

_CHUNK = 1 << 16


def pack(table: Any, kind: str) -> Packed:
    """A table as it stands in a file; `kind` as `Packed.type`."""
    import numpy as np

    data = np.ascontiguousarray(table, dtype=f"<{kind}")
    return Packed(
        shape=[int(size) for size in data.shape],
        type=kind,  # type: ignore[arg-type]
        data=base64.b64encode(data.tobytes()).decode(),
    )


def unpack(packed: Packed) -> Any:
    """The table. Raises ValueError where it is none, or holds what is no finite number."""
    import numpy as np

    data = base64.b64decode(packed.data, validate=True)
    table = np.frombuffer(data, dtype=f"<{packed.type}").reshape(packed.shape)
    if packed.type.startswith("f") and not np.isfinite(table).all():
        raise ValueError("a table holds something that is no finite number")
    return table


def pack_rows(name: str, table: Any) -> dict[str, Packed]:
    """A table in a byte a number, with a scale a row."""
    import numpy as np

    scale = np.abs(table).max(axis=1, initial=0.0) / 127.0
    whole = np.rint(table / np.where(scale > 0, scale, 1.0)[:, None])
    return {name: pack(whole, "i1"), f"{name}_scale": pack(scale, "f4")}


def unpack_rows(name: str, packed: Mapping[str, Packed]) -> Any:
    """That table again, as far as a byte says it."""
    table, scale = unpack(packed[name]), unpack(packed[f"{name}_scale"])
    return table.astype("f4") * scale[:, None]


class Sparse(Struct, frozen=True):
    """A table with few numbers a row: which columns, how much of each, where each row begins."""

    columns: Any
    values: Any
    starts: Any

    def times(self, table: Any) -> Any:
        """Each row's weighted sum of rows of `table`."""
        import numpy as np

        rows = len(self.starts) - 1
        out = np.zeros((rows, table.shape[1]), dtype="f4")
        first = 0
        while first < rows:
            limit = self.starts[first] + _CHUNK
            last = max(first + 1, int(np.searchsorted(self.starts, limit, side="right")) - 1)
            begin, end = self.starts[first], self.starts[last]
            if end > begin:
                parts = table[self.columns[begin:end]] * self.values[begin:end, None]
                starts = self.starts[first:last] - begin
                filled = np.flatnonzero(self.starts[first + 1 : last + 1] > self.starts[first:last])
                out[first + filled] = np.add.reduceat(parts, starts[filled], axis=0)
            first = last
        return out

    def turned(self, columns: int) -> Sparse:
        """The table with rows and columns exchanged."""
        import numpy as np

        order = np.argsort(self.columns, kind="stable")
        rows = np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))
        counts = np.bincount(self.columns, minlength=columns)
        starts = np.concatenate([[0], np.cumsum(counts)])
        return Sparse(rows[order], self.values[order], starts)


def sparse(rows: list[dict[int, float]]) -> Sparse:
    """A table of rows of column -> value; columns in rising order."""
    import numpy as np

    columns = [column for row in rows for column in sorted(row)]
    values = [row[column] for row in rows for column in sorted(row)]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype("i8")
    return Sparse(np.array(columns, dtype="i8"), np.array(values, dtype="f4"), starts)
