"""What a model thought before it answered, as its upstream tells it beside the answer.

Enters: raw deltas. Leaves: blocks in Anthropic's shape, and the words in them. What never happens
here: a thought with something taken out, since its signature would no longer fit; a field that
nobody knows; a signature or sealed thought that could be read as words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_OPAQUE = re.compile(r"[A-Za-z0-9+/=_-]{0,1000000}")
_SHAPES = {"thinking": ("thinking", "signature"), "redacted_thinking": ("data",)}
_SEALED = ("signature", "data")
_BESIDE = ("thoughts", "ended")


def thoughts(deltas: Sequence[dict[str, Any]]) -> tuple[dict[str, str], ...]:
    """Every thought in its order; none where one of them is not of a known shape."""
    found = []
    for delta in deltas:
        for block in delta.get("thoughts") or ():
            kind = block.get("type") if isinstance(block, dict) else None
            names = _SHAPES.get(kind) if isinstance(kind, str) else None
            if names is None or not _is_sound(block, names):
                return ()
            found.append({"type": kind, **{name: block[name] for name in names}})
    return tuple(found)


def thought_text(found: Sequence[dict[str, str]]) -> str:
    """The words of thoughts, one a line."""
    return "\n".join(one["thinking"] for one in found if one.get("thinking"))


def without_thoughts(deltas: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What else deltas hold."""
    rest = [{k: v for k, v in delta.items() if k not in _BESIDE} for delta in deltas]
    return [delta for delta in rest if delta]


def _is_sound(block: dict[str, Any], names: tuple[str, ...]) -> bool:
    if not all(isinstance(block.get(name), str) for name in names):
        return False
    return all(_OPAQUE.fullmatch(block[name]) for name in names if name in _SEALED)
