"""A second view of a text in which look-alikes look alike.

Enters: text. Leaves: the same text with zero-width and control characters dropped, of three and
more blanks in a row only two, compatibility forms unfolded (NFKC), stray accents removed and
letters that look Latin made Latin, and for every character of it where it stands in the original.
Never happens here: a change of the original; findings always point at the text as it was.

The folding is local: it goes cluster by cluster (a character with the marks that ride on it), so
that a stream folds to the same text however it is cut. Sources: Unicode Standard Annex 15 (NFKC),
Unicode Technical Standard 39 (confusables), of which `domain.look_alikes` holds the Latin ones.
"""

from __future__ import annotations

import re
import unicodedata

from roadworthy.domain import looks_like

_REMEMBERED = 65_536
"""Code points kept in the table: more than any text uses, and a bound on its memory."""

_CLUSTER = 65
"""Most characters of a cluster; a longer run of marks is several, so that no text can make a
stream look back without end."""

_ASCII_RUN = re.compile(r"[\t\n\f\r\x20-\x7e]+")
"""Folds to itself but for blanks, and for its last character, on which a mark may ride."""

_ODD = re.compile(r"[^\t\n\f\r\x20-\x7e]|[\t\n\f\r ]{3}")
"""What of ASCII does not fold to itself."""

ODD_BEFORE_NUL = r"[^\x00\t\n\f\r\x20-\x7e]|\x00(?s:.)|[\t\n\f\r ]{3}"
"""The same in RE2, for a text that one NUL ends: where it does not occur, the text is plain."""

_BLANKS = re.compile(r"[\t\n\f\r ]{3,}")
KEPT_BLANKS = 2
"""So many blanks in a row stay: paragraphs fold to themselves, and patterns know of two."""


class _Table(dict[int, str | None]):
    """`str.translate` table that fills itself."""

    def __missing__(self, point: int) -> str | None:
        folded = looks_like(point)
        if len(self) < _REMEMBERED:
            self[point] = folded
        return folded


def rides(sign: str) -> bool:
    """Whether a character belongs to the one before it (marks, zero-width signs)."""
    if sign < "\u0300":
        return sign == "\u00ad"
    return unicodedata.combining(sign) != 0 or looks_like(ord(sign)) is None


class Normaliser:
    """Folds text. Reusable; its table only remembers what code points become."""

    def __init__(self) -> None:
        self._table = _Table()

    def is_plain(self, text: str, before: str = "") -> bool:
        """Whether the folded text is the text itself; `before` as in `fold`."""
        if text.isascii():
            return _ODD.search(before + text) is None
        if _BLANKS.search(before + text):
            return False
        return unicodedata.is_normalized("NFKC", text) and text.translate(self._table) == text

    def fold(
        self, text: str, origin: int = 0, before: str = ""
    ) -> tuple[str, list[int], list[int]]:
        """The folded text and, per character of it, start and end in the original.

        `origin` is the offset of `text[0]`; `before` are the last folded characters before it,
        KEPT_BLANKS of them, by which a run of blanks is known that began there. A character that
        unfolds into several gives each of them its own place; the signs that ride on a character
        belong to it.
        """
        folded: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0
        while at < len(text):
            run = _ASCII_RUN.match(text, at)
            if run is not None and run.end() - 1 > at:
                end = run.end() - 1
                folded.append(text[at:end])
                starts.extend(range(origin + at, origin + end))
                ends.extend(range(origin + at + 1, origin + end + 1))
                at = end
            end = at + 1
            while end < len(text) and end - at < _CLUSTER and rides(text[end]):
                end += 1
            piece = unicodedata.normalize("NFKC", text[at:end]).translate(self._table)
            folded.append(piece)
            starts.extend([origin + at] * len(piece))
            ends.extend([origin + end] * len(piece))
            at = end
        return _few_blanks(before, "".join(folded), starts, ends)


def _few_blanks(
    before: str, folded: str, starts: list[int], ends: list[int]
) -> tuple[str, list[int], list[int]]:
    """Only the first KEPT_BLANKS of each run of blanks, which may have begun in `before`."""
    skip = len(before)
    runs = list(_BLANKS.finditer(before + folded))
    for run in reversed(runs):
        keep, end = max(0, run.start() + KEPT_BLANKS - skip), run.end() - skip
        folded = folded[:keep] + folded[end:]
        del starts[keep:end]
        del ends[keep:end]
    return folded, starts, ends


def settled(text: str, start: int = 0) -> int:
    """Up to where a growing text can no longer gain a mark: the start of its last cluster.

    `start` is where a cluster begins; nothing before it is looked at.
    """
    at = len(text) - 1
    while at > start and rides(text[at]):
        at -= 1
    if at < start:
        return start
    riders = len(text) - 1 - at
    return at + riders // _CLUSTER * _CLUSTER
