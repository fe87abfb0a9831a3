"""The tool calls of a reply, put together from an upstream's deltas.

Enters: raw deltas, whatever an upstream wrote into them. Leaves: calls in the order of their
index. What never happens here: a call dropped because it is odd; arguments that are no JSON object
are kept as the text that they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct


class ToolCall(Struct, frozen=True, kw_only=True):
    """One call."""

    id: str
    name: str
    text: str
    """The arguments as written."""
    arguments: dict[str, Any] | None
    """None: the text is no JSON object."""

    def as_message(self) -> dict[str, Any]:
        """The call in a chat message, in OpenAI's shape."""
        function = {"name": self.name, "arguments": self.text}
        return {"id": self.id, "type": "function", "function": function}


def tool_calls(deltas: Sequence[dict[str, Any]]) -> tuple[ToolCall, ...]:
    """Every call that the deltas spell, fragments joined."""
    found: dict[object, dict[str, str]] = {}
    for delta in deltas:
        for number, part in enumerate(_parts(delta)):
            function = part.get("function")
            function = function if isinstance(function, dict) else {}
            call = found.setdefault(
                part.get("index", number), {"id": "", "name": "", "arguments": ""}
            )
            call["id"] = call["id"] or str(part.get("id") or "")
            call["name"] += str(function.get("name") or "")
            call["arguments"] += _text(function.get("arguments"))
    return tuple(
        ToolCall(
            id=call["id"] or f"call_{number}",
            name=call["name"],
            text=call["arguments"],
            arguments=_read(call["arguments"]),
        )
        for number, call in enumerate(found.values())
    )


def _parts(delta: dict[str, Any]) -> list[dict[str, Any]]:
    listed = delta.get("tool_calls")
    return [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []


def _text(arguments: object) -> str:
    """Some upstreams write the object itself instead of its text."""
    if arguments is None or isinstance(arguments, str):
        return arguments or ""
    return msgspec.json.encode(arguments).decode()


def _read(text: str) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(text or "{}")
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict) else None
