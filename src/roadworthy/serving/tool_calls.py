"""The tool calls of a reply, put together from an upstream's deltas.

Enters: raw deltas, whatever an upstream wrote into them. Leaves: calls in the order of their
index. What never happens here: a call dropped because it is odd; arguments that are no JSON object
are kept as the text that they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import TokenLogprob

from .escapes import unescaped

_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
"""What ids of tool calls look like; all others are words."""


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
    if not deltas:
        return ()
    found: dict[int, dict[str, str]] = {}
    for delta in deltas:
        for number, part in enumerate(_parts(delta)):
            function = part.get("function")
            function = function if isinstance(function, dict) else {}
            index = part.get("index")
            place = index if isinstance(index, int) else number
            call = found.setdefault(place, {"id": "", "name": "", "arguments": ""})
            call["id"] = call["id"] or str(part.get("id") or "")
            call["name"] += str(function.get("name") or "")
            call["arguments"] += _text(function.get("arguments"))
    ordered = [found[place] for place in sorted(found)]
    return tuple(
        ToolCall(
            id=call["id"] or f"call_{number}",
            name=call["name"],
            text=call["arguments"],
            arguments=_read(call["arguments"]),
        )
        for number, call in enumerate(ordered)
    )


def delta_text(deltas: Sequence[dict[str, Any]]) -> str:
    r"""What tool calls say: names, arguments, and what the escapes in the arguments spell.

    An escape (`\u0062`, `\n`) hides in the written arguments what the caller will read.
    """
    said: list[str] = []
    for call in tool_calls(deltas):
        said.append(call.name + call.text)
        said += unescaped(call.text)
    return "\n".join(part for part in said if part)


def call_texts(calls: Sequence[ToolCall]) -> list[str]:
    """The arguments of calls as written, and what the escapes in them spell."""
    return [text for call in calls for text in (call.text, *unescaped(call.text)) if text]


def checked_calls(
    deltas: Sequence[dict[str, Any]], passes: Callable[[str], bool]
) -> list[dict[str, Any]]:
    """One delta with exactly the calls that rails looked at, put together; [] without calls.

    An id that does not pass gives way to `call_N`: it only ties an answer to its call.
    """
    calls = []
    for number, call in enumerate(tool_calls(deltas)):
        named = call.as_message()
        sound = _ID.fullmatch(call.id) is not None and passes(call.id)
        calls.append({"index": number, **named, "id": call.id if sound else f"call_{number}"})
    return [{"tool_calls": calls}] if calls else []


def beside_text(tokens: Sequence[TokenLogprob]) -> str:
    """What tokens spell, and what their alternatives spell, rank by rank, one a line."""
    lines = ["".join(token.token for token in tokens)]
    ranked = [list(token.top) for token in tokens]
    for rank in range(max((len(ways) for ways in ranked), default=0)):
        lines.append("".join(ways[rank] for ways in ranked if rank < len(ways)))
    return "\n".join(lines)


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
