"""Words of a text, cut without a regular expression: output is untrusted, however long."""

from __future__ import annotations

import string
from itertools import groupby

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_ARTICLES = frozenset({"a", "an", "the"})


def words(text: str) -> list[str]:
    """Runs of letters and digits of any script, small."""
    runs = groupby(text.lower(), key=str.isalnum)
    return ["".join(run) for is_word, run in runs if is_word]


def squad_words(text: str) -> list[str]:
    """The words that SQuAD's evaluation compares: small, without punctuation and articles.

    Source: the official script, https://rajpurkar.github.io/SQuAD-explorer.
    """
    bare = text.lower().translate(_NO_PUNCTUATION)
    runs = ("".join(run) for _, run in groupby(bare, key=_in_word))
    return "".join(" " if run in _ARTICLES else run for run in runs).split()


def _in_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def spoken(text: str, *, ignore_case: bool, ignore_punctuation: bool) -> str:
    """The text as error rates compare it."""
    shaped = text.lower() if ignore_case else text
    if ignore_punctuation:
        shaped = "".join(each for each in shaped if each.isalnum() or each.isspace())
    return " ".join(shaped.split())
