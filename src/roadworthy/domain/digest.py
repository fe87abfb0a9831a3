"""Content addresses. One canonical form for everything that is hashed or signed.

Canonical JSON is RFC 8785 (JCS) for the values we allow: ASCII keys, strings, integers,
booleans, null, arrays, objects. Floats are refused by `canonical` (two writers can print one
float two ways); `plain` turns them into decimal strings first where a user's file holds them.
Under that restriction msgspec's sorted output *is* RFC 8785 (property-tested against the
`rfc8785` package).
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="sorted")

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

    Raises ValueError on NaN, infinities and non-ASCII keys.
    """
    return _without_floats(msgspec.to_builtins(value, str_keys=True))


def _without_floats(value: Any) -> Any:
    if isinstance(value, float):
        return decimal(value)
    if isinstance(value, dict):
        for key in value:
            if not key.isascii():
                raise ValueError(f"key {key!r} is not ASCII")
        return {key: _without_floats(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_floats(item) for item in value]
    return value


def canonical(value: Any) -> bytes:
    """Canonical JSON bytes (RFC 8785) of a value, floats as decimal strings."""
    return _encoder.encode(plain(value))


def digest_of(value: Any) -> str:
    """Digest of a value's canonical JSON."""
    return sha256(canonical(value))
