"""JSON from a stranger: one value for each name, bounded, and never a traceback.

In: bytes. Out: plain values. Never: a name that stands twice (two readers could take two values),
NaN or Infinity, a document so deep or a number so long that reading it fails in some other way.
"""

from __future__ import annotations

import json
from typing import Any


class JsonError(ValueError):
    """This is not JSON, or not JSON that means one thing."""


class TwiceError(JsonError):
    """It is JSON, but a name stands twice in one object."""


def read_json(data: bytes | str) -> Any:
    """The value. Raises JsonError."""
    if not isinstance(data, str | bytes):
        raise JsonError("it is no text")
    try:
        text = data if isinstance(data, str) else data.decode("utf-8")
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except JsonError:
        raise
    except RecursionError:
        raise JsonError("it is nested too deeply") from None
    except ValueError as error:  # bad UTF-8, bad syntax, a number of thousands of digits
        raise JsonError(str(error)) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise TwiceError(f"{name[:40]!r} stands in it twice")
        found[name] = value
    return found


def _no_constant(name: str) -> Any:
    raise JsonError(f"{name} is no number")
