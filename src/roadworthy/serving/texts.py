"""The texts of a call that rails look at, in order, and the call with them replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from roadworthy.domain import Call


def input_texts(call: Call) -> list[str]:
    """Every text that a caller sent: variables of a managed call, then what messages say."""
    said = (*call.messages, *call.steps)
    texts = [text for message in said for text in message_texts(message)]
    if call.managed:
        return [value for value in call.variables.values() if isinstance(value, str)] + texts
    return texts


def input_text(call: Call) -> str:
    """All of it as one text, one part a line."""
    return "\n".join(input_texts(call))


def with_texts(call: Call, texts: Sequence[str]) -> Call:
    """The call with its texts replaced, in the order of `input_texts`."""
    left = iter(texts)
    variables = call.variables
    if call.managed:
        variables = {
            name: next(left) if isinstance(value, str) else value
            for name, value in call.variables.items()
        }
    messages = tuple(_with_message_texts(message, left) for message in call.messages)
    steps = tuple(_with_message_texts(message, left) for message in call.steps)
    return structs.replace(call, variables=variables, messages=messages, steps=steps)


def message_text(message: dict[str, Any]) -> str:
    """A message's content as one text, parts one a line; empty where there is none."""
    return "\n".join(filter(None, _content_texts(message)))


def message_texts(message: dict[str, Any]) -> list[str]:
    """Every text of a message: its content, then the name and arguments of each tool call."""
    said = _content_texts(message)
    for function in _functions(message):
        said += [function[name] for name in _SAID if isinstance(function.get(name), str)]
    return said


_SAID = ("name", "arguments")


def _content_texts(message: dict[str, Any]) -> list[str]:
    content = message.get("content")
    if isinstance(content, str):
        return [content]
    if isinstance(content, list):
        return [part["text"] for part in content if _is_text(part)]
    return []


def _functions(message: dict[str, Any]) -> list[dict[str, Any]]:
    calls = message.get("tool_calls")
    listed = calls if isinstance(calls, list) else []
    named = [call.get("function") for call in listed if isinstance(call, dict)]
    return [function for function in named if isinstance(function, dict)]


def _with_message_texts(message: dict[str, Any], left: Any) -> dict[str, Any]:
    content = message.get("content")
    said = dict(message)
    if isinstance(content, str):
        said["content"] = next(left)
    elif isinstance(content, list):
        said["content"] = [
            {**part, "text": next(left)} if _is_text(part) else part for part in content
        ]
    if _functions(message):
        said["tool_calls"] = [_with_call_texts(call, left) for call in message["tool_calls"]]
    return said


def _with_call_texts(call: Any, left: Any) -> Any:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict):
        return call
    given = {name: next(left) for name in _SAID if isinstance(function.get(name), str)}
    return {**call, "function": {**function, **given}}


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)
