"""Other views of a text, in which look-alikes look alike.

Enters: text. Leaves: the same text with all that shows as a blank a blank, of three and more
blanks in a row only two, compatibility forms unfolded (NFKC), stray accents removed and letters
that look Latin made Latin, and for every character of it where it stands in the original.
Characters that nobody sees may break a word or part two, so a text that has some gets two views:
without them, and with a blank where they stand between two words. Fillers, which show as a blank
or not at all, get a view of their own without them, and tags one in which they are the letters that
they stand for: a model reads those.
Never happens here: a change of the original; findings always point at the text as it was.

The folding is local: it goes cluster by cluster (a character with the marks that ride on it), so
that a stream folds to the same text however it is cut. Sources: Unicode Standard Annex 15 (NFKC),
Unicode Technical Standard 39 (confusables), Unicode Standard 5.21 (ignorable code points);
`domain.look_alikes` holds what we need of the tables.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from operator import itemgetter
from typing import get_args

from roadworthy.domain import looks_like

from .folded_view import FoldedView, Manner

_REMEMBERED = 65_536
"""Code points kept in a table: more than any text uses, and a bound on its memory."""

_CLUSTER = 65
"""Most characters of a cluster; a longer run of marks is several, so that no text can make a
stream look back without end."""

_ODD = re.compile(r"[^\t\n\f\r\x20-\x7e]|[\t\n\f\r ]{3}")
"""What of ASCII does not fold to itself."""

ODD_BEFORE_NUL = r"[^\x00\t\n\f\r\x20-\x7e]|\x00(?s:.)|[\t\n\f\r ]{3}"
"""The same in RE2, for a text that one NUL ends: where it does not occur, the text is plain."""

_GAP = "\x00"
"""A character that nobody sees, in the view in which it parts words; no fold of anything else."""

_LETTERS = ((0xE0000, range(0xE0020, 0xE007F)), (0xE00F0, range(0xE0110, 0xE016F)))
"""Code point of NUL, and the printable ASCII from there: tags (Unicode Standard, 23.9), and the
variation selectors from 17 on, with which bytes are written."""

_BLANKS = re.compile(r"[\t\n\f\r ][\t\n\f\r ]{2,}")  # twice as fast as {3,}
_GAPS = re.compile(r"[\t\n\f\r ]+\x00[\t\n\f\r \x00]*|\x00[\t\n\f\r \x00]+|[\t\n\f\r ]{3,}")
"""Runs in which something must go; a gap alone is not one."""
KEPT_BLANKS = 2
"""So many blanks in a row stay: paragraphs fold to themselves, and patterns know of two."""

_DENSE = re.compile(r"[^\t\n\f\r\x20-\x7e]++(?:[\t\n\f\r\x20-\x7e]{1,9}+[^\t\n\f\r\x20-\x7e]++)*+")
"""Where other than plain ASCII is dense."""

_CLUSTERS = re.compile("[.s]?r+|s")
"""In the kinds of a text: all that does not fold character by character, one to one."""


class _Folds(dict[int, str]):
    """`str.translate` table of what a character folds to by itself; fills itself."""

    def __init__(self, manner: Manner) -> None:
        super().__init__()
        self._spells = manner in ("spelled", "apart")
        self._unseen = _GAP if manner == "parted" else ""
        self._filler = "" if manner == "joined" else " "

    def __missing__(self, point: int) -> str:
        signs = (self._spells and _letter(point)) or unicodedata.normalize("NFKC", chr(point))
        looks = [looks_like(ord(sign), self._filler) for sign in signs]
        folded = "".join(self._unseen if look is None else look for look in looks)
        if len(self) < _REMEMBERED:
            self[point] = folded
        return folded


_Tables = dict[Manner, _Folds]


class _Kinds(dict[int, str]):
    """`str.translate` table of how a character folds; fills itself.

    `r`: with the one before it, on which it rides. `.`: by itself, to one character whatever the
    manner. `s`: by itself, to none or several.
    """

    def __init__(self, tables: _Tables) -> None:
        super().__init__()
        self._tables = tables

    def __missing__(self, point: int) -> str:
        one_to_one = all(len(table[point]) == 1 for table in self._tables.values())
        kind = "r" if rides(chr(point)) else "." if one_to_one else "s"
        if len(self) < _REMEMBERED:
            self[point] = kind
        return kind


def rides(sign: str) -> bool:
    """Whether a character belongs to the one before it (marks, zero-width signs)."""
    if sign < "\u0300":
        return sign == "\u00ad"
    return unicodedata.combining(sign) != 0 or not looks_like(ord(sign))


def _letter(point: int) -> str:
    """The letter that a character stands for which nobody sees; nothing for all others."""
    begin = next((begin for begin, block in _LETTERS if point in block), 0)
    return chr(point - begin) if begin else ""


class Normaliser:
    """Folds text. Reusable; its tables only remember what code points become."""

    def __init__(self) -> None:
        self._folds: _Tables = {manner: _Folds(manner) for manner in get_args(Manner)}
        self._kinds = _Kinds(self._folds)

    def is_plain(self, text: str, before: str = "") -> bool:
        """Whether the text looks as it is.

        `before` are the last characters before it, KEPT_BLANKS of them, by which a run of blanks
        is known that began there.
        """
        if text.isascii():
            whole = before + text
            if whole.isprintable():  # of all blanks only the space is: a tenth of the search below
                return "   " not in whole
            return _ODD.search(whole) is None
        if _BLANKS.search(before + text):
            return False
        dense = "".join(_DENSE.findall(text))
        folds = self._folds["seen"]
        return unicodedata.is_normalized("NFKC", text) and dense.translate(folds) == dense

    def views(self, text: str) -> list[FoldedView]:
        """How a whole text looks; nothing where it looks as it is."""
        if self.is_plain(text):
            return []
        views = [FoldedView("seen")]
        self.grow(views, text, 0)
        return views

    def grow(self, views: list[FoldedView], text: str, origin: int) -> None:
        """Let all views of a text grow by what `text` looks like; `origin` is its offset.

        The first is as most readers see it; where the text looks another way too, a view is
        added, which is a copy of the first up to here.
        """
        if not _DENSE.search(text):
            for view in views:
                starts = list(range(origin, origin + len(text)))
                _append(view, text, starts, [start + 1 for start in starts])
            return
        for manner in self._other_manners(text):
            if all(view.manner != manner for view in views):
                views.append(views[0].copy(manner))
        stretches = list(self._stretches(text))
        for view in views:
            self._grow(view, text, origin, stretches)

    def _other_manners(self, text: str) -> list[Manner]:
        """In which manners a text folds to something else than as most readers see it."""
        signs = "".join(set("".join(_DENSE.findall(text))))
        seen = signs.translate(self._folds["seen"])
        return [one for one, folds in self._folds.items() if signs.translate(folds) != seen]

    def _stretches(self, text: str) -> Iterator[tuple[int, int, bool]]:
        """Start and end of stretches that fold one to one (True) and of the clusters between."""
        done = 0
        for dense in _DENSE.finditer(text):
            begin = max(done, dense.start() - 1)  # its first character may ride on the one before
            kinds = text[begin : dense.end()].translate(self._kinds)
            for special in _CLUSTERS.finditer(kinds):
                start, end = begin + special.start(), begin + special.end()
                if start > done:
                    yield done, start, True
                for at in range(start, end, _CLUSTER):
                    yield at, min(at + _CLUSTER, end), False
                done = end
        yield done, len(text), True

    def _grow(
        self, view: FoldedView, text: str, origin: int, stretches: list[tuple[int, int, bool]]
    ) -> None:
        """Let one view grow by stretches of a text.

        A character that unfolds into several gives each of them its own place; the signs that
        ride on a character belong to it, but where they part words.
        """
        folded: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        folds = self._folds[view.manner]
        for start, end, one_to_one in stretches:
            if one_to_one:
                folded.append(_DENSE.sub(lambda m: m[0].translate(folds), text[start:end]))
                starts.extend(range(origin + start, origin + end))
                ends.extend(range(origin + start + 1, origin + end + 1))
                continue
            cluster = text[start:end]
            for part in _parts(cluster, view.manner, folds):
                piece = unicodedata.normalize("NFKC", part).translate(folds)
                if view.manner == "apart" and _letter(ord(part[0])):
                    piece = _GAP + piece + _GAP
                folded.append(piece)
                starts.extend([origin + start] * len(piece))
                start += len(part)
                ends.extend([origin + start] * len(piece))
        _append(view, "".join(folded), starts, ends)


def _parts(cluster: str, manner: Manner, folds: _Folds) -> list[str]:
    """A cluster, parted by what nobody sees where that parts words."""
    if manner == "parted":
        unseen = [folds[ord(sign)] == _GAP for sign in cluster]
    elif manner == "apart":
        unseen = [_letter(ord(sign)) != "" for sign in cluster]
    else:
        return [cluster]
    if not any(unseen):
        return [cluster]
    parts = groupby(zip(unseen, cluster, strict=True), itemgetter(0))
    return ["".join([sign for _, sign in signs]) for _, signs in parts]


def _append(view: FoldedView, folded: str, starts: list[int], ends: list[int]) -> None:
    """Add folded text with its places; of each run of blanks only the first KEPT_BLANKS.

    A run may have begun in what the view had before.
    """
    known = len(view.before)
    whole = view.before + folded
    runs = (_GAPS if _GAP in whole else _BLANKS).finditer(whole)
    first = next(runs, None)
    if first is not None:
        places = ([0] * known + starts, [0] * known + ends)
        whole, kept = _few_blanks(whole, places, chain([first], runs))
        starts, ends = kept[0][known:], kept[1][known:]
    view.text += whole[known:].replace(_GAP, " ")
    view.starts += starts
    view.ends += ends
    view.before = whole[-KEPT_BLANKS:]


_Places = tuple[list[int], list[int]]


def _few_blanks(text: str, places: _Places, runs: Iterable[re.Match[str]]) -> tuple[str, _Places]:
    """Text and places (starts, ends) with the first KEPT_BLANKS of each run.

    In a run that begins with a gap, the gap is the first blank, so that it adds one only where
    there is none beside it.
    """
    signs: list[str] = []
    kept: _Places = ([], [])
    done = 0
    for run in runs:
        begin = run.start()
        blanks = [at for at in range(begin, run.end()) if text[at] != _GAP]
        stay = blanks[:KEPT_BLANKS]
        blank = "".join([text[at] for at in stay])
        if text[begin] == _GAP:
            stay = [begin, *blanks[1:KEPT_BLANKS]]
            blank = " " + blank[1:] if blanks else _GAP
        signs += (text[done:begin], blank)
        for old, new in zip(places, kept, strict=True):
            new += old[done:begin]
            new += [old[at] for at in stay]
        done = run.end()
    for old, new in zip(places, kept, strict=True):
        new += old[done:]
    return "".join([*signs, text[done:]]), kept


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
