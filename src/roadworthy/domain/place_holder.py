"""Whether a person wrote a text, or left a place holder where one is to be."""

from __future__ import annotations

import re

_MARKS = ("todo", "tbd", "tbc", "fixme", "xxx")
_SAY_NOTHING = frozenset((
    *_MARKS, "wip", "pending", "later", "placeholder", "n", "a", "x", "to", "be", "done", "written",
    "fill", "filled", "in", "out", "me", "this", "here", "write", "text", "lorem", "ipsum", "dolor",
    "sit", "amet", "folgt", "offen", "noch", "platzhalter", "hier", "ausfüllen", "einfügen",
    "schreiben", "zu",
))  # fmt: skip
"""Words that say nothing; a text of nothing else is missing."""

_UNSHOWN = re.compile(r"<!--.*?(?:-->|\Z)|<[^<>]*>|&#?\w+;", re.DOTALL)
"""What whoever writes takes for a note to himself, or for no text at all."""

_UNFINISHED = re.compile(
    rf"\b(?:{'|'.join(_MARKS).upper()})\b|(?mi:^[\W_]*(?:{'|'.join(_MARKS[:4])}|wip)\b)"
)
"""What people leave where they mean to go on: in capitals anywhere, at a line's head always."""


def says_something(text: str) -> bool:
    """Whether a person wrote more than a place holder, or than a comment that nobody would see."""
    words = re.findall(r"\w+", _UNSHOWN.sub(" ", text).casefold())
    return bool(words) and not all(word in _SAY_NOTHING or not word.strip("_") for word in words)


def is_unfinished(text: str) -> bool:
    """Whether a place holder still stands in what is written."""
    return _UNFINISHED.search(_UNSHOWN.sub(" ", text)) is not None
