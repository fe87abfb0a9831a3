"""What a case asks, whatever it is called: two cases with the same question are copies."""

from __future__ import annotations

from typing import Any

import msgspec

from .case import Case

_encode = msgspec.json.Encoder(order="sorted").encode
_BLANKS = b" \t\n\r\v\f\x1c\x1d\x1e\x1f"
"""All that `str.split` takes for a blank in ASCII."""


def question_of(case: Case) -> str | bytes:
    """Equal for two cases that ask the same words, apart from blanks and upper case.

    A text, the variable `input` alone and a single message of a user with that text are one form
    of the same. Facets, tags and what is expected are no part of it: they change what is made of
    the answer, never the luck that it came with.
    """
    asked = _plainest(case.input)
    if isinstance(asked, str) and not case.turns and not case.context:
        return _squashed(asked)
    return _encode((_squeezed(asked), _squeezed(case.turns), _squeezed(case.context)))


def _plainest(given: Any) -> Any:
    if isinstance(given, dict) and given.keys() == {"input"}:
        return given["input"]
    if isinstance(given, list) and len(given) == 1 and given[0].get("role") == "user":
        content = given[0].get("content")
        return content if isinstance(content, str) else given
    return given


def _squashed(text: str) -> str:
    """The text without blanks, in lower case; of ASCII, as most are, at the speed of C."""
    if text.isascii():
        return text.lower().encode().translate(None, _BLANKS).decode()
    return "".join(text.split()).casefold()


def _squeezed(value: Any) -> Any:
    if isinstance(value, str):
        return _squashed(value)
    if isinstance(value, dict):
        return {key: _squeezed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_squeezed(item) for item in value]
    return value
