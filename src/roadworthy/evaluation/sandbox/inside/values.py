"""Plain values between two processes that do not trust each other: JSON, nothing that runs.

Enters and leaves: None, booleans, numbers, texts, bytes, lists, tuples, sets, dicts, ranges and
what is made of them. Anything else travels as a number under which its own process keeps it. What
never happens here: unpickling, or a value that decides by itself what it equals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Keep = Callable[[Any], list[Any]]
"""Keeps something that is not plain and says what stands for it: `["object", 3]`."""

Find = Callable[[str, int], Any]
"""What stands for it here."""

Wire = Any
"""None, a boolean, a text, or a list that begins with its kind."""


def pack(value: Any, keep: Keep) -> Wire:
    """The value as JSON can carry it."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return ["int", hex(value)]
    if isinstance(value, float):
        return ["float", float.hex(value)]
    if isinstance(value, complex):
        return ["complex", float.hex(value.real), float.hex(value.imag)]
    if isinstance(value, bytes | bytearray):
        return [type(value).__name__, bytes(value).hex()]
    if type(value) is range:
        return ["range", *(hex(part) for part in (value.start, value.stop, value.step))]
    if isinstance(value, dict):
        return ["dict", *([pack(key, keep), pack(item, keep)] for key, item in value.items())]
    for kind in (list, tuple, set, frozenset):
        if isinstance(value, kind):
            return [kind.__name__, *(pack(item, keep) for item in value)]
    return keep(value)


_MADE: dict[str, Callable[..., Any]] = {
    "int": lambda text: int(text, 16),
    "float": float.fromhex,
    "complex": lambda real, imag: complex(float.fromhex(real), float.fromhex(imag)),
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "range": lambda *parts: range(*(int(part, 16) for part in parts)),
}
_GATHERED: dict[str, Callable[..., Any]] = {
    "list": list, "tuple": tuple, "set": set, "frozenset": frozenset,
}  # fmt: skip


def unpack(wire: Wire, find: Find) -> Any:
    """The value. Raises ValueError, TypeError or KeyError on what `pack` never writes."""
    if wire is None or isinstance(wire, bool | str):
        return wire
    if not isinstance(wire, list) or not wire:
        raise ValueError("this is no packed value")
    kind, *rest = wire
    if kind in _MADE:
        return _MADE[kind](*rest)
    if kind in _GATHERED:
        return _GATHERED[kind](unpack(item, find) for item in rest)
    if kind == "dict":
        return {unpack(key, find): unpack(item, find) for key, item in rest}
    (number,) = rest
    return find(kind, int(number))


def take_over(mine: Any, now: Any) -> None:
    """Make a list, dict, set or bytearray hold what its twin in the other process holds now."""
    if type(mine) is not type(now):
        return
    if isinstance(mine, list | bytearray):
        if isinstance(mine, list) and len(mine) == len(now):
            for at, item in enumerate(now):
                if _changes(mine[at], item):
                    take_over(mine[at], item)
                else:
                    mine[at] = item
        else:
            mine[:] = now
    elif isinstance(mine, dict | set):
        mine.clear()
        mine.update(now)


def _changes(mine: Any, now: Any) -> bool:
    """Whether it is a container that can be changed in place, and stays of its kind."""
    return type(mine) is type(now) and isinstance(mine, list | dict | set | bytearray)
