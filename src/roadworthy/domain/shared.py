"""Equal values held once: of a million cases or rows most parts are the same few.

Enters: a value that nobody changes. Leaves: the value, or one seen before that is written down the
same. What never happens here: two values taken for one that JSON tells apart (1, 1.0 and true are
equal in Python), or a table that grows with the number of values.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

MOST = 10_000
"""Different values of one type that are remembered: more of them are not the same few."""

LONGEST = 1_000
"""Bytes of a value: longer ones are hardly seen twice."""

Value = TypeVar("Value")
_encode = msgspec.json.Encoder().encode


class Shared:
    """The values seen so far."""

    def __init__(self) -> None:
        """None yet."""
        self._known: dict[type, dict[bytes, Any]] = {}

    def one(self, value: Value) -> Value:
        """The value, as it was seen first."""
        key = _encode(value)
        if len(key) > LONGEST:
            return value
        known = self._known.setdefault(type(value), {})
        found: Value | None = known.get(key)
        if found is not None:
            return found
        if len(known) < MOST:
            known[key] = value
        return value
