"""What may stand in an entry: plain JSON, no floats, integers that all can hold.

Its one form is RFC 8785 (JCS); `tests/properties` holds it against the `rfc8785` package.
Nothing is mended here: what does not fit is refused with its path.
"""

from __future__ import annotations

from typing import Any

import msgspec

from roadworthy.domain import EvidenceError, canonical_of_plain

SAFE_INTEGER = 2**53 - 1
"""The largest integer that a reader with IEEE 754 doubles holds exactly (RFC 8785, 3.2.2.3)."""

_decoder = msgspec.json.Decoder(dict[str, Any])


def encode_payload(payload: dict[str, Any]) -> bytes:
    """Canonical JSON of a payload. Raises EvidenceError naming the path of what does not fit."""
    if type(payload) is not dict:
        raise EvidenceError("a payload is a JSON object", fix="pass a dict")
    _check_object(payload, "payload")
    try:
        return canonical_of_plain(payload)
    except UnicodeEncodeError:
        raise EvidenceError("payload holds text that is not valid Unicode") from None


def decode_payload(data: bytes | str) -> dict[str, Any]:
    """Read a stored payload back. Raises EvidenceError when it is not a JSON object."""
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError as error:
        raise EvidenceError(f"a stored payload cannot be read: {error}") from None


def _check_object(value: dict[str, Any], path: str) -> None:
    for key, item in value.items():
        if type(key) is not str:
            raise EvidenceError(f"{path}: key {key!r} is not a text", fix="use texts as keys")
        kind = type(item)
        if kind is not str and item is not None and kind is not bool:
            _check(item, path, key)


def _check(item: Any, path: str, key: str | int) -> None:
    kind = type(item)
    if kind is int:
        if not -SAFE_INTEGER <= item <= SAFE_INTEGER:
            raise EvidenceError(
                f"{path}.{key} is beyond 2^53 - 1, which not every reader can hold",
                fix="write it as a string",
            )
    elif kind is dict:
        _check_object(item, f"{path}.{key}")
    elif kind is list or kind is tuple:
        for number, inner in enumerate(item):
            _check(inner, f"{path}.{key}", number)
    elif kind is float:
        raise EvidenceError(
            f"{path}.{key} is a float; evidence holds no floats",
            fix="write it as a decimal string (roadworthy.domain.plain does)",
        )
    elif kind is not str and item is not None and kind is not bool:
        raise EvidenceError(
            f"{path}.{key} is a {kind.__name__}, not plain JSON",
            fix="convert it first (roadworthy.domain.plain does)",
        )
