"""How something was asked, in the form in which a case holds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from .exchange import Call


class Asked(Struct, frozen=True, kw_only=True):
    """`input` and `turns` of a case that asks the same."""

    input: str | list[dict[str, Any]] | dict[str, Any]
    """A text, chat messages, or prompt variables."""
    turns: list[dict[str, Any]] = field(default_factory=list)
    """Messages that went before."""


def asked_in(call: Call) -> Asked:
    """What a call asks; of one whose prompt is the release's, what fills that prompt."""
    if call.prompt is not None:
        return Asked(input=call.prompt)
    if not call.managed:
        messages = list(call.messages)
        only = messages[0] if len(messages) == 1 else {}
        text = only.get("content") if only.keys() == {"role", "content"} else None
        plain = isinstance(text, str) and only["role"] == "user"
        return Asked(input=text if plain and isinstance(text, str) else messages)
    variables, before = call.variables, list(call.messages)
    text = variables.get("input")
    alone = variables.keys() == {"input"} and isinstance(text, str)
    if call.steps:
        said = {"role": "user", "content": text if isinstance(text, str) else ""}
        return Asked(input=[said, *call.steps], turns=before)
    return Asked(input=text if alone and isinstance(text, str) else dict(variables), turns=before)


def last_words(asked: Asked) -> str:
    """What the user said last: of messages the last of role `user`, of variables `input`.

    Variables without an `input` are their texts, one a line; empty where no user spoke.
    """
    given = asked.input
    if isinstance(given, str):
        return given
    if isinstance(given, dict):
        text = given.get("input")
        texts = [each for each in given.values() if isinstance(each, str)]
        return text if isinstance(text, str) and text else "\n".join(texts)
    messages = [*asked.turns, *given]
    said = [message for message in messages if message.get("role") == "user"]
    return _content(said[-1]) if said else ""


def _content(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))
