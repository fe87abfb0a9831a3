"""Capitals where none belong, or none where they do."""

from __future__ import annotations

from ..draw import Draw
from ..variant import Seed, Variant


def _alternating(text: str) -> str:
    """Every other letter a capital, counted over letters only."""
    written, upper = [], False
    for letter in text:
        if letter.isalpha():
            written.append(letter.upper() if upper else letter.lower())
            upper = not upper
        else:
            written.append(letter)
    return "".join(written)


def _title(text: str) -> str:
    """The first letter of every word a capital."""
    return "".join(
        letter.upper() if letter.isalpha() and not before.isalpha() else letter
        for before, letter in zip(" " + text, text, strict=False)
    )


_MODES = {"upper": str.upper, "lower": str.lower, "alternating": _alternating, "title": _title}


def make(seed: Seed, draw: Draw) -> Variant | str:
    """The text in another casing; modes are used in turn, those that change nothing passed over."""
    modes = seed.options["modes"]
    for step in range(len(modes)):
        mode = modes[(seed.turn + step) % len(modes)]
        text = _MODES[mode](seed.text)
        if text != seed.text:
            return Variant(text=text, detail=mode)
    return "a script without capitals"
