"""Content as JSON that every machine writes alike, and back again without loss.

In: domain values. Out: plain JSON in which a number with a fraction is `{"$decimal": "0.5"}`.
Never: a float (two writers may print one differently), and never a bare string in its place,
because an option `0.5` and an option `"0.5"` are two things.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from roadworthy.domain import UsageError, decimal, sha256
from roadworthy_verify.covered import encoded

_OWN_KEY = re.compile(r"\$+(?:decimal|file)")
"""Keys that we write; a user's own key of that form gets one more `$`."""


def freeze(value: Any) -> Any:
    """A domain value as plain JSON without floats.

    Raises UsageError on NaN, infinities and half characters: what cannot be written down cannot
    be pinned.
    """
    try:
        return _frozen(msgspec.to_builtins(value, str_keys=True))
    except ValueError as error:
        raise UsageError(str(error), fix="write finite numbers and whole characters") from error


def thaw(value: Any) -> Any:
    """Plain JSON with its floats again; reads what `freeze` wrote.

    Raises ValueError on a number that `freeze` would have written in another way.
    """
    if isinstance(value, dict):
        if value.keys() == {"$decimal"}:
            return _number(value["$decimal"])
        return {_unescaped(key): thaw(item) for key, item in value.items()}
    if isinstance(value, list):
        return [thaw(item) for item in value]
    return value


def blob(value: Any) -> bytes:
    """The bytes of a value in a bundle."""
    return encoded(freeze(value))


def frozen_digest(value: Any) -> str:
    """Digest of those bytes."""
    return sha256(blob(value))


def _number(text: Any) -> float:
    if not isinstance(text, str) or decimal(float(text)) != text:
        raise ValueError(f"{text!r} is not the one way to write that number")
    return float(text)


def _frozen(value: Any) -> Any:
    if isinstance(value, float):
        return {"$decimal": decimal(value)}
    if isinstance(value, dict):
        return {_escaped(key): _frozen(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_frozen(item) for item in value]
    if isinstance(value, str):
        value.encode()  # half a surrogate pair has no bytes: refuse it here, by name
    return value


def _escaped(key: str) -> str:
    return "$" + key if _OWN_KEY.fullmatch(key) else key


def _unescaped(key: str) -> str:
    return key[1:] if key.startswith("$$") and _OWN_KEY.fullmatch(key) else key
