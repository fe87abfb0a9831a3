"""What a case asks, whatever it is called: two cases with the same question are copies."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any

import msgspec

from .case import Case
from .look_alikes import looks_like

_encode = msgspec.json.Encoder(order="sorted").encode
_UNSEEN = bytes((*range(33), 127))
"""Of ASCII: blanks and what has no sign at all."""


class _Seen(dict[int, str | None]):
    """Table for `str.translate` that fills itself: None for what a reader does not see."""

    def __missing__(self, point: int) -> str | None:
        seen = None if _ignorable(point) else chr(point)
        self[point] = seen
        return seen


def _ignorable(point: int) -> bool:
    """Blanks, what shows as one, controls, formats (zero-width), joiner, fillers, selectors."""
    looks = looks_like(point)
    return looks is None or looks.isspace()


_SEEN = _Seen()


def question_of(case: Case) -> str | bytes:
    """Equal for two cases that ask the model the same words, however they are typed.

    Blanks, upper case, compatibility forms (NFKC) and characters that nobody sees (zero-width,
    controls, selectors) make no other question.

    A text, the variable `input` alone and a single message of a user with that text are one form
    of the same. Facets, tags, `context` and what is expected are no part of it: no model is told of
    them. They change what rails and scorers make of an answer, never the luck that it came with.
    """
    asked = _plainest(case.input)
    if isinstance(asked, str) and not case.turns:
        return _squashed(asked)
    said = [_without_expectation(turn) for turn in case.turns]
    return _encode((_squeezed(asked), _squeezed(said)))


def question_digest(case: Case) -> str:
    """What a case asks, as a digest: 128 bits of its SHA-256, in hex."""
    asked = question_of(case)
    return hashlib.sha256(asked.encode() if isinstance(asked, str) else asked).hexdigest()[:32]


def exchange_digest(asked: Any, answer: str) -> str:
    """What a judge is asked about, as a digest: the same for copies of a question and its answer.

    Blanks, upper case and what nobody sees make no other one.
    """
    said = _encode((_squeezed(_plainest(asked)), _squashed(answer)))
    return hashlib.sha256(said).hexdigest()[:32]


def _without_expectation(turn: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in turn.items() if key != "expect"}


def _plainest(given: Any) -> Any:
    if isinstance(given, dict) and given.keys() == {"input"}:
        return given["input"]
    if isinstance(given, list) and len(given) == 1 and given[0].get("role") == "user":
        content = given[0].get("content")
        return content if isinstance(content, str) else given
    return given


def _squashed(text: str) -> str:
    """The text as a reader would know it again; of ASCII, as most are, at the speed of C."""
    if text.isascii():
        return text.lower().encode().translate(None, _UNSEEN).decode()
    folded = unicodedata.normalize("NFKC", text.translate(_SEEN)).casefold()
    return unicodedata.normalize("NFKC", folded).translate(_SEEN)


def _squeezed(value: Any) -> Any:
    if isinstance(value, str):
        return _squashed(value)
    if isinstance(value, dict):
        return {key: _squeezed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_squeezed(item) for item in value]
    return value
