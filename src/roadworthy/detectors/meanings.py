"""What the words of a text mean to somebody who looks for one thing: a lexicon, and its marks.

Enters: a lexicon (meaning -> terms) and a text's tokens. Leaves: where which meaning stands.
Never happens here: a pattern of a user, or a look that takes longer than the text is long.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]"  # scripts without blanks: every sign is a token
    r"|[^\W_\u3040-\u30ff\u3400-\u9fff]+(?:['\u2019][^\W_]+)?"
    r"|[^\w\s]"
)

_TYPESET = str.maketrans("\u2018\u2019\u201c\u201d\u201e\u2010\u2011\u2013\u2014", '\'\'"""----')
"""Quotes and dashes as a typesetter has them."""

_CAPITALS = re.compile(r"[^\W\d_a-z]{3}")
"""Where none of these stands, there is no word in capitals."""

_REMEMBERED = 50_000
"""Words kept with what they mean: more than a day's traffic uses, and a bound on memory."""

_SHORTEST_STEM = 2

_Row = tuple[list[str], bool, str]
"""The tokens after the first two, whether the last is a stem, and the meaning."""

Mark = tuple[int, str]
"""Place of a token, and what it means."""


def tokens_of(text: str) -> list[str]:
    """Lower-case words, each sign of a script without blanks, each punctuation mark."""
    text = text.lower()
    return _TOKEN.findall(text if text.isascii() else text.translate(_TYPESET))


def loud_of(text: str, tokens: Sequence[str]) -> list[int]:
    """Which tokens of a text are words in capitals."""
    if not _CAPITALS.search(text):
        return []
    written = _TOKEN.findall(text if text.isascii() else text.translate(_TYPESET))
    if len(written) != len(tokens):  # a few letters are two when they are small
        return []
    return [
        at for at, word in enumerate(written) if len(word) > 2 and word.isupper() and word.isalpha()
    ]


class Lexicon:
    """Meanings of words, of words in a row, and of stems (`stem*`: any ending)."""

    def __init__(self, meanings: Mapping[str, Sequence[str]]) -> None:
        self._words: dict[str, list[str]] = {}
        self._stems: dict[str, list[str]] = {}
        self._rows: dict[str, dict[str, list[_Row]]] = {}
        self._pairs: dict[str, list[tuple[str, str]]] = {}
        """First token -> (how the second begins, meaning), for rows of two that end in a stem."""
        self._longest = 0
        self._known: dict[str, tuple[str, ...]] = {}
        for name, terms in meanings.items():
            for term in terms:
                self._learn(name, term)

    def _learn(self, name: str, term: str) -> None:
        stem = term.endswith("*")
        parts = tuple(tokens_of(term[:-1] if stem else term))
        if not parts:
            return
        if len(parts) == 2 and stem:
            self._pairs.setdefault(parts[0], []).append((parts[1], name))
            self._rows.setdefault(parts[0], {})
            return
        if len(parts) > 1:
            rows = self._rows.setdefault(parts[0], {}).setdefault(parts[1], [])
            rows.append((list(parts[2:]), stem, name))
            return
        self._longest = max(self._longest, len(parts[0]))
        known = self._stems if stem else self._words
        if name not in known.setdefault(parts[0], []):
            known[parts[0]].append(name)

    def marks(self, tokens: Sequence[str]) -> list[Mark]:
        """Every meaning at its place, in order; a place may have several."""
        found: list[Mark] = []
        rows = self._rows
        for at, token in enumerate(tokens):
            names = self._known.get(token)
            if names is None:
                names = self._of_word(token)
            for name in names:
                found.append((at, name))
            if token in rows:
                found += self._of_rows(tokens, at, names)
        return found

    def _of_word(self, word: str) -> tuple[str, ...]:
        names = list(self._words.get(word, ()))
        for size in range(min(len(word), self._longest), _SHORTEST_STEM - 1, -1):
            for name in self._stems.get(word[:size], ()):
                if name not in names:
                    names.append(name)
        if len(self._known) < _REMEMBERED and len(word) <= self._longest:
            self._known[word] = tuple(names)
        return tuple(names)

    def _of_rows(self, tokens: Sequence[str], at: int, had: Iterable[str]) -> list[Mark]:
        """Meanings of words in a row that begin here, but those that the first word has."""
        if at + 1 == len(tokens):
            return []
        first, second = tokens[at], tokens[at + 1]
        names = [name for begin, name in self._pairs.get(first, ()) if second.startswith(begin)]
        for rest, stem, name in self._rows[first].get(second, ()):
            if _follows(tokens, at + 2, rest, stem):
                names.append(name)
        return [(at, name) for name in dict.fromkeys(names) if name not in had]


def _follows(tokens: Sequence[str], at: int, rest: list[str], stem: bool) -> bool:
    end = at + len(rest)
    there = tokens[at:end]
    if len(there) < len(rest):
        return False
    if not stem:
        return there == rest
    return there[:-1] == rest[:-1] and there[-1].startswith(rest[-1])
