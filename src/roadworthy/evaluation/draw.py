"""Seeded draws that are the same on every machine and in every version of Python.

Enters: a key of texts and numbers. Leaves: an endless row of numbers that BLAKE2b makes of the
key and a counter. Never here: `hash()`, the order of a set, the clock, the `random` module
(whose methods may draw differently in another version).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_WORDS = 8
"""Numbers of 64 bits in one digest."""


class Draw:
    """A row of draws. The same key gives the same row."""

    def __init__(self, *key: str | int) -> None:
        """Keys are told apart by the length and kind of each part, so no two run together."""
        parts = "".join(f"{type(part).__name__[0]}{len(str(part))}:{part}" for part in key)
        self._key = blake2b(parts.encode("utf-8", "surrogatepass"), digest_size=32).digest()
        self._count = 0
        self._left: list[int] = []

    def _next(self) -> int:
        if not self._left:
            block = blake2b(self._count.to_bytes(8, "big"), key=self._key).digest()
            self._count += 1
            self._left = [int.from_bytes(block[i * 8 : i * 8 + 8], "big") for i in range(_WORDS)]
            self._left.reverse()
        return self._left.pop()

    def below(self, n: int) -> int:
        """A whole number from 0 to `n` - 1 (uneven by less than n / 2**64)."""
        if n < 1:
            raise ValueError(f"nothing can be drawn below {n}")
        return (self._next() * n) >> 64

    def chance(self, share: float) -> bool:
        """True in about `share` of the draws."""
        return self._next() < int(share * (1 << 53)) << 11

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """At most `count` different positions of the items, in the order drawn."""
        pool = list(items)
        taken = min(count, len(pool))
        for at in range(taken):
            other = at + self.below(len(pool) - at)
            pool[at], pool[other] = pool[other], pool[at]
        return pool[:taken]
