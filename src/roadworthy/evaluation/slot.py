"""Where the text of a case stands: as the input, as a prompt variable, or as the last user turn."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET, Struct

from roadworthy.domain import Case

Input = str | list[dict[str, Any]] | dict[str, Any]


class Slot(Struct, frozen=True):
    """A text of a case and the way back to it."""

    text: str
    path: tuple[str | int, ...] = ()
    """Empty: the input itself; a variable's name; or a message's number and `content`."""

    def fill(self, given: Input, text: str) -> Input:
        """The input with another text in this place; everything else as it was."""
        if not self.path:
            return text
        if isinstance(given, dict):
            return {**given, str(self.path[0]): text}
        assert isinstance(given, list), "a message's number leads into messages"
        number = self.path[0]
        return [
            {**message, "content": text} if at == number else message
            for at, message in enumerate(given)
        ]


def slot_of(case: Case, *, field: str = "") -> Slot | None:
    """The text of a case that a person wrote; None when there is none to be found.

    Of prompt variables: `field`, else `input`, else the longest text (the first of equals).
    """
    given = case.input
    if isinstance(given, str):
        return Slot(given) if given and field in ("", "input") else None
    if isinstance(given, dict):
        texts = {key: value for key, value in given.items() if isinstance(value, str) and value}
        name = field or ("input" if "input" in texts else "")
        if not name and texts:
            name = max(texts, key=lambda key: len(texts[key]))
        return Slot(texts[name], (name,)) if name in texts else None
    for number in range(len(given) - 1, -1, -1):
        message = given[number]
        content = message.get("content")
        if message.get("role", "user") == "user" and isinstance(content, str) and content:
            return Slot(content, (number, "content"))
    return None


def carrier_field(case: Case) -> str:
    """The prompt variable that most likely holds what others wrote: the longest but `input`."""
    if not isinstance(case.input, dict):
        return ""
    others = {
        key: value
        for key, value in case.input.items()
        if isinstance(value, str) and value and key != "input"
    }
    return max(others, key=lambda key: len(others[key])) if others else ""


def with_text(case: Case, slot: Slot, text: str) -> Case:
    """The case with another text in its slot. Nobody said it in the session that the case is of."""
    return msgspec.structs.replace(case, input=slot.fill(case.input, text), session=UNSET)
