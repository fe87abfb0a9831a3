"""The texts of a call that rails look at, in order, and the call with them replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from roadworthy.domain import Call


def input_texts(call: Call) -> list[str]:
    """Every text that a caller sent: variables of a managed call, message parts of another."""
    if call.managed:
        return [value for value in call.variables.values() if isinstance(value, str)]
    return [part for message in call.messages for part in _message_texts(message)]


def input_text(call: Call) -> str:
    """All of it as one text, one part a line."""
    return "\n".join(input_texts(call))


def with_texts(call: Call, texts: Sequence[str]) -> Call:
    """The call with its texts replaced, in the order of `input_texts`."""
    left = iter(texts)
    if call.managed:
        variables = {
            name: next(left) if isinstance(value, str) else value
            for name, value in call.variables.items()
        }
        return structs.replace(call, variables=variables)
    messages = tuple(_with_message_texts(message, left) for message in call.messages)
    return structs.replace(call, messages=messages)


def _message_texts(message: dict[str, Any]) -> list[str]:
    content = message.get("content")
    if isinstance(content, str):
        return [content]
    if isinstance(content, list):
        return [part["text"] for part in content if _is_text(part)]
    return []


def _with_message_texts(message: dict[str, Any], left: Any) -> dict[str, Any]:
    content = message.get("content")
    if isinstance(content, str):
        return {**message, "content": next(left)}
    if isinstance(content, list):
        parts = [{**part, "text": next(left)} if _is_text(part) else part for part in content]
        return {**message, "content": parts}
    return message


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)
