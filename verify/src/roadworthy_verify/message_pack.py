"""MessagePack from a stranger: one value for each name, bounded, and never a traceback.

In: bytes. Out: plain values. Never: a name that stands twice, a length that is believed before the
bytes are there, extension types, anything after the value.

Source: https://github.com/msgpack/msgpack/blob/master/spec.md
"""

from __future__ import annotations

import struct
from typing import Any

_MOST_DEEP = 64
_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_LENGTHS = {
    0xC4: ("bytes", 1), 0xC5: ("bytes", 2), 0xC6: ("bytes", 4),
    0xD9: ("text", 1), 0xDA: ("text", 2), 0xDB: ("text", 4),
    0xDC: ("list", 2), 0xDD: ("list", 4), 0xDE: ("map", 2), 0xDF: ("map", 4),
}  # fmt: skip
_FIXED = ((0x80, 0x90, "map"), (0x90, 0xA0, "list"), (0xA0, 0xC0, "text"))
_CONSTANTS = {0xC0: None, 0xC2: False, 0xC3: True}


class PackError(ValueError):
    """This is not MessagePack, or not one value that means one thing."""


def unpack(data: bytes) -> Any:
    """The value. Raises PackError."""
    reader = _Reader(data)
    value = reader.value(0)
    if reader.at != len(data):
        raise PackError(f"{len(data) - reader.at} bytes follow it")
    return value


class _Reader:
    """How far the bytes are read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def _take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self._data):
            raise PackError("it ends too early")
        taken = self._data[self.at : end]
        self.at = end
        return taken

    def value(self, depth: int) -> Any:
        """The next value."""
        if depth > _MOST_DEEP:
            raise PackError("it is nested too deeply")
        first = self._take(1)[0]
        if first < 0x80 or first >= 0xE0:
            return first if first < 0x80 else first - 0x100
        if first in _CONSTANTS:
            return _CONSTANTS[first]
        if first in _NUMBERS:
            form = _NUMBERS[first]
            return struct.unpack(form, self._take(struct.calcsize(form)))[0]
        kind, length = self._length(first)
        if kind == "map":
            return self._map(length, depth)
        if kind == "list":
            return [self.value(depth + 1) for _ in range(length)]
        taken = self._take(length)
        if kind == "bytes":
            return taken
        try:
            return taken.decode("utf-8")
        except UnicodeDecodeError:
            raise PackError("a text in it is not UTF-8") from None

    def _length(self, first: int) -> tuple[str, int]:
        for low, high, kind in _FIXED:
            if low <= first < high:
                return kind, first - low
        if first not in _LENGTHS:
            raise PackError(f"no value begins with {first:#04x}")
        kind, width = _LENGTHS[first]
        return kind, int.from_bytes(self._take(width), "big")

    def _map(self, length: int, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for _ in range(length):
            name = self.value(depth + 1)
            if not isinstance(name, str):
                raise PackError("a name in it is no text")
            if name in found:
                raise PackError(f"{name[:40]!r} stands in it twice")
            found[name] = self.value(depth + 1)
        return found
