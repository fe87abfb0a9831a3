"""Words that say what a number is.

Enters: the text before a number. Leaves: whether it names the number. Never happens here: a
guess from the number itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

REACH = 48
"""How many characters before a number may hold the word: about eight words."""


def near(words: Iterable[str]) -> Callable[[str], bool]:
    """Whether one of the words stands in the text before a number, at the start of a word."""
    joined = "|".join(re.escape(word) for word in words)
    search = re.compile(rf"(?i)(?<!\w)(?:{joined})").search
    return lambda before: search(before) is not None


def inside_number(before: str) -> bool:
    """Whether a match begins in the middle of a longer number, such as after `12.` or `3-`."""
    return len(before) > 1 and before[-1] in ".,-/_" and before[-2].isdigit()
