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
    several = list(words)
    compiled: list[Callable[[bytes], object]] = []

    def named(before: str) -> bool:
        if not compiled:  # when first asked: most texts hold no number of most countries
            compiled.append(_search(several))
        return bool(compiled[0](before.encode("utf-8", "replace")))

    return named


_LETTER = r"A-Za-z\x{C0}-\x{24F}\x{370}-\x{52F}"


def _search(words: list[str]) -> Callable[[bytes], object]:
    found = re2.Set.SearchSet(re2_options(ignore_case=True))
    found.Add(rf"(?:^|[^{_LETTER}])(?:{'|'.join(_word(word) for word in words)})")
    found.Compile()
    match: Callable[[bytes], object] = found.Match
    return match


def _word(word: str) -> str:
    if word.endswith("*"):
        return str(re2.escape(word[:-1]))
    return str(re2.escape(word)) + rf"s?(?:[^{_LETTER}]|$)"


def inside_number(before: str) -> bool:
    """Whether a match begins in the middle of something longer, such as after `12.` or `&#`."""
    if before[-1:] in ("#", "&", "="):
        return True
    return len(before) > 1 and before[-1] in ".,-/_" and before[-2].isdigit()
