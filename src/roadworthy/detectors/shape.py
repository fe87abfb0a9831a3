"""Things that have a shape: what all pattern-like detectors (patterns, deny, pii, secrets) share.

Enters: a text, whole or growing. Leaves: findings in it, leftmost first, not overlapping per
shape. Never happens here: a backtracking regular expression on patterns from files (RE2 only,
linear time), and never a finding that later text could take back.

How a growing text is scanned. A match that starts at `s` depends on nothing beyond
`s + longest + right` characters, so with `b` characters known every start before
`b - longest - right` is decided. A shape that may contain `k` blanks is decided earlier: no match
that starts before the last `k + 1` blanks reaches beyond the last of them. Only the undecided
tail plus its left context is looked at again, so the work is linear in the text and the result
is the same however the text was cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import re2
from msgspec import Struct

from roadworthy.domain import DetectorError, Finding, Needs, TextContext

from .extent import Extent
from .normalise import Normaliser

Accept = Callable[[str, str, str], tuple[float, int]]
"""(match, text before, text after) -> score in [0, 1], and how many characters of the match count.

A score of 0 refuses the match; the search then goes on one character later.
"""

REFUSED = (0.0, 0)

_SET_MEMORY_BYTES = 256 << 20
"""The default of 8 MiB makes a set of 300 patterns nine times slower."""

_END_MARK = b"\x00"
"""Ends every text that the sieve sees. The sieve looks for it too: when it does not come back,
RE2 ran out of memory and said "nothing found" without having looked."""


class Shape(Struct, frozen=True, kw_only=True):
    """One kind of thing that is looked for."""

    kind: str
    pattern: str
    extent: Extent
    accept: Accept | None = None
    """Decides a match by more than its shape (checksum, entropy, context words)."""
    group: int = 0
    """Which group of the pattern is the finding."""
    left: int = 1
    """Characters before the match that `accept` may see."""
    right: int = 1
    """Characters after the match on which it depends; 1 for word boundaries."""
    again: bool = True
    """After a refused match: go on one character later (else after the match)."""

    @property
    def sweepable(self) -> bool:
        """Whether a sieve can look for it together with others.

        The end mark would move `$`, and an open quotation would swallow what comes behind it.
        """
        return not self.extent.anchored and "\\Q" not in self.pattern

    @property
    def reach(self) -> int:
        """Characters from a match's start on which it can depend."""
        return (self.extent.longest or 0) + self.right


class Place(Struct):
    """Where a hunt stands in a growing text. Offsets are of the whole text."""

    origin: int = 0
    """Of the first character of the tail."""
    start: int = 0
    """Every finding that starts before it has been given."""
    decided: int = 0
    """No later text changes what starts before it, as far as is known beside `decided`."""
    resume: dict[int, int] = {}
    """Shape -> where to go on, when that is beyond `start`."""
    final: bool = False
    """Whether the text has ended."""


Wait = tuple[int, int, int]
"""Most blanks in a match, characters from its start on which it depends, those after its end."""

NO_HELP = 1_000_000
"""So many blanks that they are not counted: `reach` comes first."""

_SHORTEST_WORD = 3
"""With fewer characters than this per blank, counting blanks is not worth the time."""


class Sieve:
    """Which of many patterns occur in a text, in one pass; says so when it could not look."""

    def __init__(self, patterns: Sequence[str | None], *, ignore_case: bool) -> None:
        """None stands for a pattern that cannot be looked for this way and always may occur."""
        options = re2_options(ignore_case=ignore_case, memory_bytes=_SET_MEMORY_BYTES)
        self._set: Any = re2.Set.SearchSet(options)
        self._always = [at for at, pattern in enumerate(patterns) if pattern is None]
        self._index: list[int] = []
        for at, pattern in enumerate(patterns):
            if pattern is not None:
                self._set.Add(pattern)
                self._index.append(at)
        self._mark = len(self._index)
        self._set.Add(r"\x00\z")
        self._set.Compile()

    def hits(self, data: bytes) -> list[int]:
        """Indices of the patterns that may occur, in order. Raises DetectorError."""
        found: list[int] | None = self._set.Match(data + _END_MARK)
        if not found or self._mark not in found:
            raise DetectorError("the pattern set ran out of memory", fix="use fewer patterns")
        if len(found) == 1:
            return self._always
        hits = [self._index[at] for at in found if at != self._mark]
        return sorted(hits + self._always)


class ShapeDetector:
    """Finds shapes, in the text as it is and as it looks (see normalise)."""

    def __init__(
        self,
        name: str,
        shapes: Sequence[Shape],
        *,
        ignore_case: bool = False,
        normaliser: Normaliser | None = None,
    ) -> None:
        self.name = name
        self.shapes = tuple(shapes)
        self.ignore_case = ignore_case
        self.normaliser = normaliser
        self.left = max((shape.left for shape in shapes), default=1)
        self.needs: Needs = "whole"
        if all(shape.sweepable and not shape.extent.whole for shape in shapes):
            self.needs = max((shape.reach for shape in shapes), default=1)
        self._sieve: Sieve | None = None
        self._regexes: list[Any] = [None] * len(shapes)

    def detect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """All findings, ordered by start; offsets are of `text`."""
        found = self.hunt(self._candidates(text), text)
        for view in self.normaliser.views(text) if self.normaliser is not None else ():
            seen = self.hunt(self._candidates(view.text), view.text)
            found = merged(found, view.in_original(seen))
        return found

    def hunt(
        self, candidates: Iterable[int], text: str, place: Place | None = None
    ) -> list[Finding]:
        """Findings of some shapes (indices), ordered by start.

        Without a `place` the text is whole. With one it is the tail of a growing text, and only
        what later text cannot take back is found; the place's `resume` moves on.
        """
        data = text.encode("utf-8", "replace")
        found: list[Finding] = []
        for index in candidates:
            self._hunt(index, text, data, place or Place(final=True), found)
        found.sort(key=lambda finding: (finding.start, finding.end))
        return found

    def everything(self) -> range:
        """The indices of all shapes."""
        return range(len(self.shapes))

    def _candidates(self, text: str) -> Sequence[int]:
        if self._sieve is None:
            self._sieve = Sieve(
                [shape.pattern if shape.sweepable else None for shape in self.shapes],
                ignore_case=self.ignore_case,
            )
        return self._sieve.hits(text.encode("utf-8", "replace"))

    def _regex(self, index: int) -> Any:
        """Compiled when first needed: a long deny list is mostly never hit."""
        regex = self._regexes[index]
        if regex is None:
            options = re2_options(ignore_case=self.ignore_case)
            regex = self._regexes[index] = re2.compile(self.shapes[index].pattern, options)
        return regex

    def _hunt(self, index: int, text: str, data: bytes, place: Place, found: list[Finding]) -> None:
        """Add the certain findings of one shape to `found` and remember where to go on."""
        shape = self.shapes[index]
        search = self._regex(index).search
        ruler = _Ruler(text, data)
        limit = len(text) + 1
        if not place.final:
            limit = max(place.decided - place.origin, decided(text, [wait_for(shape)]))
        at = max(place.start, place.resume.get(index, 0)) - place.origin
        while at < len(text):
            match = search(data, ruler.byte(at))
            if match is None:
                break
            start = ruler.settle(match.start())
            if start >= limit:
                break
            finding = self._finding(shape, text, match, ruler, place.origin)
            at = start + 1
            if finding is not None:
                found.append(finding)
                at = max(at, finding.end - place.origin)
            elif not shape.again:
                at = max(at, ruler.char(match.end()))
            place.resume[index] = place.origin + at

    def _finding(
        self, shape: Shape, text: str, match: Any, ruler: _Ruler, origin: int
    ) -> Finding | None:
        start, stop = (ruler.char(at) for at in match.span(shape.group))
        score = 1.0
        if start >= stop:
            return None
        if shape.accept is not None:
            before = text[max(0, start - shape.left) : start]
            score, used = shape.accept(text[start:stop], before, text[stop : stop + shape.right])
            if score <= 0.0:
                return None
            stop = start + used
        return Finding(kind=shape.kind, start=origin + start, end=origin + stop, score=score)


class _Ruler:
    """Character offsets and byte offsets of one text, cheap when asked left to right."""

    def __init__(self, text: str, data: bytes) -> None:
        self._text = text
        self._data = data
        self._same = len(text) == len(data)
        self._char = 0
        self._byte = 0

    def byte(self, at: int) -> int:
        """Byte offset of a character offset."""
        if self._same:
            return at
        if at < self._char:
            self._char = self._byte = 0
        return self._byte + len(self._text[self._char : at].encode("utf-8", "replace"))

    def char(self, at: int) -> int:
        """Character offset of a byte offset."""
        if self._same:
            return at
        if at < self._byte:
            self._char = self._byte = 0
        return self._char + len(self._data[self._byte : at].decode("utf-8"))

    def settle(self, at: int) -> int:
        """As `char`, and later questions are measured from here."""
        if not self._same:
            self._char, self._byte = self.char(at), at
        return self._char if not self._same else at


def re2_options(*, ignore_case: bool, memory_bytes: int = 32 << 20) -> Any:
    """RE2's options as the house sets them: nothing printed, memory bounded."""
    options = re2.Options()
    options.case_sensitive = not ignore_case
    options.max_mem = memory_bytes
    options.log_errors = False
    return options


def merged(found: Sequence[Finding], seen: Sequence[Finding]) -> list[Finding]:
    """Findings of two views, each once, ordered by start."""
    known = {(finding.kind, finding.start, finding.end) for finding in found}
    fresh = [f for f in seen if (f.kind, f.start, f.end) not in known]
    return sorted([*found, *fresh], key=lambda finding: (finding.start, finding.end, finding.kind))


def decided(text: str, waits: Sequence[Wait]) -> int:
    """Up to where starts are decided for all of some shapes, in a text that may go on.

    Either because `reach` characters are known from there on, or because more blanks follow than
    a match may contain, so that it must have ended before the last of them. `waits` go by number
    of blanks, fewest first.
    """
    size = len(text)
    limit = size
    passed = 0
    at = newline = size + 1  # a line's end is rarer than a space: it is looked for when passed
    for blanks, reach, right in waits:
        far = size - reach + 1 if size >= reach else 0
        if far >= limit:
            continue
        if blanks == NO_HELP:
            limit = far
            continue
        if at > size - right + 1:
            at = size - right + 1
        while passed <= blanks and at > 0:
            space = text.rfind(" ", 0, at)
            if newline >= at:
                newline = text.rfind("\n", 0, at)
            at = space if space > newline else newline
            passed += 1
        if passed > blanks and far <= at:  # so many stand there, the first of the text counted
            far = at + 1
        if far < limit:
            limit = far
    return limit


def wait_for(shape: Shape) -> Wait:
    """What must be known before a start of this shape is decided."""
    blanks = shape.extent.blanks
    if blanks is None or blanks * _SHORTEST_WORD >= shape.reach:
        blanks = NO_HELP
    return blanks, shape.reach, shape.right


def waits_for(waits: Iterable[Wait]) -> list[Wait]:
    """What `decided` must wait for, fewest blanks first; covered rows are left out.

    All rows take the largest `right`, which makes them comparable and costs a character or two.
    """
    rows = set(waits)
    right = max((row[2] for row in rows), default=1)
    longest: dict[int, int] = {}
    for blanks, reach, _ in rows:
        longest[blanks] = max(reach, longest.get(blanks, 0))
    kept: list[Wait] = []
    for blanks in sorted(longest, reverse=True):
        reach = longest[blanks]
        if all(reach > other for _, other, _ in kept):
            kept.append((blanks, reach, right))
    return kept[::-1]
