"""How the repeats of a case become the case's own value: the name, never the arithmetic."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

ReducerKind = Literal["mean", "max", "min", "majority", "pass_at", "pass_hat"]

EVERY_REPEAT = frozenset({"action", "absent", "detector"})
"""Scorers of what must not happen: a suite's reducer leaves them alone, and no reducer that one
good repeat satisfies may be set on them."""

FORGIVING: frozenset[ReducerKind] = frozenset({"max", "majority", "pass_at"})
"""Reducers that some good repeats satisfy."""

_FORM = re.compile(r"(mean|max|min|majority|pass_at|pass_hat)(?:\(([1-9][0-9]{0,4})\))?")
COUNTING: frozenset[ReducerKind] = frozenset({"majority", "pass_at", "pass_hat"})
"""Reducers that ask which repeats passed: of a score that is a matter of degree none does."""

_COUNTED = ("pass_at", "pass_hat")


class Reducer(Struct, frozen=True):
    """`mean`, `max`, `min`, `majority`, `pass_at(k)` or `pass_hat(k)`."""

    kind: ReducerKind
    k: int = 1
    """How many repeats `pass_at` and `pass_hat` speak of."""

    def __str__(self) -> str:
        """As a suite writes it."""
        return f"{self.kind}({self.k})" if self.kind in _COUNTED else self.kind


def parse_reducer(text: str) -> Reducer:
    """A reducer as written. Raises ValueError saying what would be right."""
    match = _FORM.fullmatch(text.replace(" ", ""))
    kind = match[1] if match else ""
    if match is None or (kind in _COUNTED) != (match[2] is not None):
        raise ValueError(
            f"`{text}` is no reducer: write mean, max, min, majority, pass_at(k) or pass_hat(k)"
        )
    return Reducer(kind, int(match[2] or 1))  # type: ignore[arg-type]
