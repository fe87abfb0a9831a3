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

_REMEMBERED = 50_000
"""Words kept with what they mean: more than a day's traffic uses, and a bound on memory."""

_SHORTEST_STEM = 2

Mark = tuple[int, str]
"""Place of a token, and what it means."""


def tokens_of(text: str) -> list[str]:
    """Lower-case words, each sign of a script without blanks, each punctuation mark."""
    return _TOKEN.findall(text.lower().replace("\u2019", "'"))


class Lexicon:
    """Meanings of words, of words in a row, and of stems (`stem*`: any ending)."""

    def __init__(self, meanings: Mapping[str, Sequence[str]]) -> None:
        self._words: dict[str, list[str]] = {}
        self._stems: dict[str, list[str]] = {}
        self._rows: dict[str, list[tuple[tuple[str, ...], bool, str]]] = {}
        self._known: dict[str, tuple[str, ...]] = {}
        for name, terms in meanings.items():
            for term in terms:
                self._learn(name, term)

    def _learn(self, name: str, term: str) -> None:
        stem = term.endswith("*")
        parts = tuple(tokens_of(term[:-1] if stem else term))
        if not parts:
            return
        if len(parts) > 1:
            self._rows.setdefault(parts[0], []).append((parts[1:], stem, name))
            return
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
        for size in range(len(word), _SHORTEST_STEM - 1, -1):
            for name in self._stems.get(word[:size], ()):
                if name not in names:
                    names.append(name)
        if len(self._known) < _REMEMBERED:
            self._known[word] = tuple(names)
        return tuple(names)

    def _of_rows(self, tokens: Sequence[str], at: int, had: Iterable[str]) -> list[Mark]:
        found: list[Mark] = []
        seen = set(had)
        for rest, stem, name in self._rows[tokens[at]]:
            if name not in seen and _follows(tokens, at + 1, rest, stem):
                seen.add(name)
                found.append((at, name))
        return found


def _follows(tokens: Sequence[str], at: int, rest: tuple[str, ...], stem: bool) -> bool:
    end = at + len(rest)
    if end > len(tokens):
        return False
    if not stem:
        return tuple(tokens[at:end]) == rest
    return tuple(tokens[at : end - 1]) == rest[:-1] and tokens[end - 1].startswith(rest[-1])
