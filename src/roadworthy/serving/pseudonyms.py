"""Placeholders for personal data, of one request: put in its place, and taken out of the answer.

Enters: kinds and values; later an answer's pieces. Leaves: names such as `<EMAIL_1>`, the same for
the same value; the answer with the values where their names stood. Never happens here: a value kept
beyond its request, a name that a text of the request holds already, half a name that left.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import msgspec
from msgspec import structs

from roadworthy.domain import Chunk

from .tool_calls import tool_calls

_LONGEST = 128
"""Characters of a name at most: a kind has 64."""


class Pseudonyms:
    """Names of the values of one request."""

    def __init__(self, texts: Sequence[str], *, escape: bool = False) -> None:
        """`texts`: all of the request, so that no name is one that it says by itself.

        `escape`: the answer is read by a program as JSON, so values go into it as JSON writes them.
        """
        self._said = "\n".join(texts)
        self._escape = escape
        self._names: dict[str, str] = {}
        self._values: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._held = ""

    def __len__(self) -> int:
        return len(self._names)

    def name(self, kind: str, value: str) -> str:
        """The value's name."""
        known = self._names.get(value)
        if known is not None:
            return known
        while True:
            count = self._counts[kind] = self._counts.get(kind, 0) + 1
            made = f"<{kind}_{count}>"
            if made not in self._said:
                break
        self._names[value] = made
        self._values[made] = value
        return made

    def feed(self, piece: str) -> str:
        """The next piece of the answer, names replaced; what may become one is held back."""
        if not self._held and "<" not in piece:
            return piece
        text, self._held = self._held + piece, ""
        out: list[str] = []
        at = 0
        while (begin := text.find("<", at)) >= 0:
            out.append(text[at:begin])
            seen = text[begin : begin + _LONGEST]
            end = seen.find(">") + 1
            value = self._values.get(seen[:end]) if end else None
            if value is not None:
                out.append(_in_json(value) if self._escape else value)
                at = begin + end
            elif not end and self._may_become_a_name(seen):
                self._held = seen
                at = len(text)
                break
            else:
                out.append("<")
                at = begin + 1
        out.append(text[at:])
        return "".join(out)

    def rest(self) -> str:
        """What was held back; the answer has ended."""
        held, self._held = self._held, ""
        return held

    def in_calls(self, deltas: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Tool calls put together, with the values where their names stood."""
        if not self._values or not deltas:
            return deltas
        calls = []
        for number, call in enumerate(tool_calls(deltas)):
            arguments = call.text
            for name, value in self._values.items():
                for written in (name, name.replace("<", "\\u003c").replace(">", "\\u003e")):
                    arguments = arguments.replace(written, _in_json(value))
            function = {"name": call.name, "arguments": arguments}
            calls.append({"index": number, "id": call.id, "type": "function", "function": function})
        return [{"tool_calls": calls}] if calls else deltas

    def _may_become_a_name(self, tail: str) -> bool:
        return any(name.startswith(tail) for name in self._values)


async def put_back(
    chunks: AsyncGenerator[Chunk, None], names: Pseudonyms
) -> AsyncGenerator[Chunk, None]:
    """The reply with the values where their names stood.

    Tokens' probabilities are of the names, so they are left out.
    """
    names.rest()  # of a reply that was given up
    try:
        async for chunk in chunks:
            text = names.feed(chunk.text)
            if chunk.finish_reason:
                text += names.rest()
            yield structs.replace(chunk, text=text, logprobs=())
        if left := names.rest():
            yield Chunk(text=left)
    finally:
        await chunks.aclose()


def _in_json(value: str) -> str:
    """The value as it stands within a JSON text."""
    return msgspec.json.encode(value).decode()[1:-1]
