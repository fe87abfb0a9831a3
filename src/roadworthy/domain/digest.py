"""Content addresses. One canonical form for everything that is hashed or signed.

Canonical JSON is RFC 8785 (JCS) for the values we allow: strings, integers, booleans, null,
arrays, objects, with keys of any script. Floats do not occur (two writers can print one float
two ways): `plain` turns them into decimal strings first.
Keys are sorted by UTF-16 code units (RFC 8785, 3.2.3). That is the order of the code points, which
is msgspec's, unless a key holds a character beyond the basic plane (property-tested against the
`rfc8785` package).
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

_sorted = msgspec.json.Encoder(order="sorted")
_as_given = msgspec.json.Encoder()

SHA256_PREFIX = "sha256:"


def sha256(data: bytes) -> str:
    """Digest of bytes as `sha256:<64 hex digits>`."""
    return SHA256_PREFIX + hashlib.sha256(data).hexdigest()


def decimal(value: float) -> str:
    """The shortest decimal string that reads back as the same float (`0.1` -> `"0.1"`).

    Raises ValueError on NaN and infinities: absence is None plus a reason, never NaN.
    """
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError("a number in evidence must be finite")
    return repr(float(value))


def plain(value: Any) -> Any:
    """A msgspec value as plain JSON types, floats as decimal strings.

    Raises ValueError on NaN and infinities.
    """
    return _without_floats(msgspec.to_builtins(value, str_keys=True))


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        return decimal(value)
    if isinstance(value, dict):
        return {
            key: item if type(item) is str else _without_floats(item) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_without_floats(item) for item in value]
    return value


def canonical(value: Any) -> bytes:
    """Canonical JSON bytes (RFC 8785) of a value, floats as decimal strings.

    Raises ValueError on NaN, infinities and text that is no Unicode (half a surrogate pair).
    """
    return canonical_of_plain(plain(value))


def canonical_of_plain(value: Any) -> bytes:
    """The same of a value that is plain JSON already and holds no float."""
    data = _sorted.encode(value)
    if data.isascii() or _within_basic_plane(value):
        return data
    return _as_given.encode(_ordered(value))


def _within_basic_plane(value: Any) -> bool:
    """Whether no key holds a character beyond U+FFFF: then one order is the other."""
    if isinstance(value, dict):
        return all(
            (key.isascii() or max(key) <= "\uffff") and _within_basic_plane(item)
            for key, item in value.items()
        )
    if isinstance(value, list | tuple):
        return all(map(_within_basic_plane, value))
    return True


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return {key: _ordered(value[key]) for key in keys}
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    return value


def digest_of(value: Any) -> str:
    """Digest of a value's canonical JSON."""
    return sha256(canonical(value))
