"""A conversation as a release takes it that owns the prompt: what is asked now, what went before.

Enters: a caller's messages and the charter's `history`. Leaves: the text that fills the prompt,
the earlier turns that are sent along, and the tool calls and results of the turn at hand. What
never happens here: a role in which only the release speaks (system, developer), words that a
caller puts into the model's mouth after the last question, or a turn cut in the middle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from roadworthy.domain import History

from .texts import message_text, message_texts

BYTES_A_TOKEN = 4
"""What `history.max_tokens` counts with: which tokens a model reads is the model's own affair, and
the same messages must be cut at the same place whoever answers."""

_KEYS = ("role", "content", "tool_calls", "tool_call_id")
"""All others of a message are dropped: no rail looks at them."""

_ROLES = ("user", "assistant", "tool")


class Conversation(Struct, frozen=True, kw_only=True):
    """A conversation at the user's last words."""

    text: str
    """What the user said last; empty where no user spoke."""
    earlier: tuple[dict[str, Any], ...] = ()
    """Turns before it, whole ones, the newest that the charter keeps."""
    steps: tuple[dict[str, Any], ...] = ()
    """Tool calls since, and what the tools said."""


def conversation(messages: Sequence[Mapping[str, Any]], history: History) -> Conversation:
    """Divide the messages at the last one of the user. A turn begins with words of the user."""
    said = [
        {key: message[key] for key in _KEYS if message.get(key) is not None}
        for message in messages
        if message.get("role") in _ROLES
    ]
    at = next((n for n in reversed(range(len(said))) if said[n]["role"] == "user"), None)
    if at is None:
        return Conversation(text="")
    steps = [each for each in said[at + 1 :] if each["role"] == "tool" or each.get("tool_calls")]
    return Conversation(
        text=message_text(said[at]), earlier=_kept(said[:at], history), steps=tuple(steps)
    )


def _kept(said: Sequence[dict[str, Any]], history: History) -> tuple[dict[str, Any], ...]:
    """The newest turns, as many as the charter keeps and as fit into its tokens."""
    left = history.max_tokens * BYTES_A_TOKEN
    end = len(said)
    begin = end
    for _ in range(history.turns):
        start = next((n for n in reversed(range(end)) if said[n]["role"] == "user"), None)
        if start is None:
            break
        left -= sum(len(text.encode()) for each in said[start:end] for text in message_texts(each))
        if left < 0:
            break
        begin = end = start
    return tuple(said[begin:])
