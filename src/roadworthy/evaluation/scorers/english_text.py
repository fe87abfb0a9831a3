"""What IFEval's instructions on language and words look at: language, sentences, capital words.

Enters: an answer. Leaves: a code, a count. The language is told by langdetect (Apache-2.0, as the
paper uses it, its draw fixed), sentences are divided by nupunkt (MIT; Punkt, which the paper uses
with another trained model, so abbreviations may divide otherwise): the extra `ifeval`. What never
happens here: a guess where a library is missing.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.util import find_spec
from typing import Any

from roadworthy.domain import DetectorError

INSTALL = "pip install 'roadworthy[ifeval]'"


def installed(library: str) -> bool:
    """Whether it could be imported."""
    return find_spec(library) is not None


def language_of(text: str) -> str:
    """ISO 639-1 (Chinese with its script: zh-cn, zh-tw); empty where no language shows."""
    detect, nothing_seen = _langdetect()
    try:
        return str(detect(text))
    except nothing_seen:
        return ""


def sentence_count(text: str) -> int:
    """How many sentences an English text has."""
    return len(_splitter()(text))


@lru_cache(maxsize=1)
def _langdetect() -> tuple[Any, Any]:
    try:
        import langdetect
    except ImportError:
        raise _missing("langdetect") from None
    langdetect.DetectorFactory.seed = 0
    return langdetect.detect, langdetect.LangDetectException


@lru_cache(maxsize=1)
def _splitter() -> Any:
    try:
        import nupunkt
    except ImportError:
        raise _missing("nupunkt") from None
    return nupunkt.sent_tokenize


def _missing(library: str) -> DetectorError:
    return DetectorError(f"`{library}` is not installed: {INSTALL}")


_APART = re.compile(
    r"\.{3}|--|''|[;@#$%&?!()\[\]{}<>\"“”«»„\u2018`]|[:,](?![0-9])|'(?=\s|$)|(?<![^\s])'"
)
_ENDINGS = ("'S", "'M", "'D", "'LL", "'RE", "'VE", "N'T")
_TWO = frozenset(("CANNOT", "GIMME", "GONNA", "GOTTA", "LEMME", "WANNA"))


def capital_words(text: str) -> int:
    """How many words are in capitals, as the Penn Treebank divides them: DON'T is DO and N'T."""
    return sum(map(_capitals, _APART.sub(" ", text).split()))


def _capitals(word: str) -> int:
    bare = word.rstrip(".")
    for ending in _ENDINGS:
        if bare.endswith((ending, ending.lower())) and len(bare) > len(ending):
            parts = bare[: -len(ending)], bare[-len(ending) :]
            return sum(part.isupper() for part in parts)
    return 2 if bare in _TWO else int(word.isupper())
