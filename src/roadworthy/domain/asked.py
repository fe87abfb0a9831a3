"""How something was asked, in the form in which a case holds it."""

from __future__ import annotations

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
