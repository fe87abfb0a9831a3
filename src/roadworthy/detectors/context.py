"""Words that say what a number is.

Enters: the text before a number. Leaves: whether it names the number. Never happens here: a
guess from the number itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import re2

from .shape import re2_options

REACH = 48
"""How many characters before a number may hold the word: about eight words."""


def near(words: Iterable[str]) -> Callable[[str], bool]:
    """Whether one of the words stands in the text before a number.

    A word that ends in `*` is the beginning of one (`telef*`); the others stand as they are, an
    English plural allowed.
    """
    options = re2_options(ignore_case=True)
    found = re2.Set.SearchSet(options)
    found.Add(rf"(?:^|[^\pL])(?:{'|'.join(_word(word) for word in words)})")
    found.Compile()
    match = found.Match
    return lambda before: bool(match(before.encode("utf-8", "replace")))


def _word(word: str) -> str:
    if word.endswith("*"):
        return str(re2.escape(word[:-1]))
    return str(re2.escape(word)) + r"s?(?:[^\pL]|$)"


def inside_number(before: str) -> bool:
    """Whether a match begins in the middle of something longer, such as after `12.` or `&#`."""
    if before[-1:] in ("#", "&", "="):
        return True
    return len(before) > 1 and before[-1] in ".,-/_" and before[-2].isdigit()
