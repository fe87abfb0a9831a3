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

from collections.abc import Callable, Sequence
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

    @property
    def reach(self) -> int:
        """Characters from a match's start on which it can depend."""
        return (self.extent.longest or 0) + self.right


class ScanState(Struct):
    """How far a growing text is decided. Offsets are of the whole text."""

    limit: int = 0
    """Every finding that starts before it has been given."""
    resume: dict[int, int] = {}
    """Shape -> where to go on, when that is beyond `limit`."""

    def copy(self) -> ScanState:
        """The same state, to be advanced on its own."""
        return ScanState(limit=self.limit, resume=dict(self.resume))


class Sieve:
    """Which of many patterns occur in a text, in one pass; says so when it could not look."""

    def __init__(self, patterns: Sequence[str], *, ignore_case: bool) -> None:
        options = re2_options(ignore_case=ignore_case, memory_bytes=_SET_MEMORY_BYTES)
        self._set: Any = re2.Set.SearchSet(options)
        for pattern in patterns:
            self._set.Add(pattern)
        self._mark = len(patterns)
        self._set.Add(r"\x00\z")
        self._set.Compile()

    def hits(self, data: bytes) -> list[int]:
        """Indices of the patterns that occur, in order. Raises DetectorError."""
        found: list[int] | None = self._set.Match(data + _END_MARK)
        if not found or self._mark not in found:
            raise DetectorError("the pattern set ran out of memory", fix="use fewer patterns")
        if len(found) == 1:
            return []
        return sorted(index for index in found if index != self._mark)


class ShapeDetector:
    """Finds shapes, in the text as it is and as it looks (see normalise)."""

    def __init__(
        self,
        name: str,
        shapes: Sequence[Shape],
        *,
        ignore_case: bool = False,
        normaliser: Normaliser | None = None,
        precheck: Callable[[bytes], bool] | None = None,
    ) -> None:
        self.name = name
        self.shapes = tuple(shapes)
        self.normaliser = normaliser
        self._precheck = precheck
        self._sieve = Sieve([shape.pattern for shape in shapes], ignore_case=ignore_case)
        options = re2_options(ignore_case=ignore_case)
        self._regexes: list[Any] = [re2.compile(shape.pattern, options) for shape in shapes]
        self._anchored = any(shape.extent.anchored for shape in shapes)
        bounded = [shape for shape in shapes if not shape.extent.whole]
        self.needs: Needs = "whole"
        if len(bounded) == len(shapes):
            self.needs = max((shape.reach for shape in shapes), default=1)
        self.left = max((shape.left for shape in shapes), default=1)
        self._waits = _waits(bounded)

    @property
    def waits_for_blank(self) -> bool:
        """Whether a blank decides what stands before it, so that mostly one word is held back."""
        return all(blanks == 0 for blanks, _, _ in self._waits)

    def detect(self, text: str, context: TextContext) -> Sequence[Finding]:
        """All findings, ordered by start; offsets are of `text`."""
        found = self.scan(text, 0, ScanState(), final=True)
        if self.normaliser is None or self.normaliser.is_plain(text):
            return found
        folded, starts, ends = self.normaliser.fold(text)
        seen = self.scan(folded, 0, ScanState(), final=True)
        return merged(found, (in_original(finding, starts, ends, 0) for finding in seen))

    def scan(self, text: str, origin: int, state: ScanState, *, final: bool) -> list[Finding]:
        """Findings that became certain, and `state` moved on.

        `text` is the tail of a growing text from offset `origin` on; it reaches back at least
        `left` characters before `state.limit`. Only with `final` has the text ended.
        """
        data = text.encode("utf-8", "replace")
        found: list[Finding] = []
        if self._precheck is None or self._precheck(data):
            hits = self._hits(data)
            for index in hits:
                self._hunt(index, text, data, origin, state, final, found)
            if len(hits) > 1:
                found.sort(key=lambda finding: (finding.start, finding.end))
        limit = origin + len(text) if final else self._limit(text, origin)
        if limit > state.limit:
            state.limit = limit
            if state.resume:
                state.resume = {k: at for k, at in state.resume.items() if at > limit}
        return found

    def _hits(self, data: bytes) -> Sequence[int]:
        if self._anchored:  # the end mark would move `$`
            return range(len(self.shapes))
        return self._sieve.hits(data)

    def _limit(self, text: str, origin: int) -> int:
        """The first start that later text may still decide."""
        limit = len(text)
        for blanks, reach, right in self._waits:
            limit = min(limit, _decided(text, blanks, reach, right))
        return origin + max(0, limit)

    def _hunt(
        self,
        index: int,
        text: str,
        data: bytes,
        origin: int,
        state: ScanState,
        final: bool,
        found: list[Finding],
    ) -> None:
        """Add the certain findings of one shape to `found` and remember where to go on."""
        shape = self.shapes[index]
        search = self._regexes[index].search
        ruler = _Ruler(text, data)
        limit = len(text)
        if not final:
            limit = _decided(text, shape.extent.blanks or 0, shape.reach, shape.right)
        at = max(state.limit, state.resume.get(index, 0)) - origin
        while at <= len(text):
            match = search(data, ruler.byte(at))
            if match is None:
                break
            start = ruler.settle(match.start())
            if start >= limit and not final:
                break
            finding = self._finding(shape, text, match, ruler, origin)
            if finding is not None:
                found.append(finding)
            at = start + 1
            if finding is not None:
                at = max(at, finding.end - origin)
            state.resume[index] = origin + at

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


def in_original(finding: Finding, starts: Sequence[int], ends: Sequence[int], at: int) -> Finding:
    """A finding in folded text (whose first character has offset `at`), in original offsets."""
    return Finding(
        kind=finding.kind,
        start=starts[finding.start - at],
        end=ends[finding.end - 1 - at],
        score=finding.score,
    )


def merged(found: Sequence[Finding], seen: Any) -> list[Finding]:
    """Findings of both views, each once, ordered by start."""
    known = {(finding.kind, finding.start, finding.end) for finding in found}
    fresh = [f for f in seen if (f.kind, f.start, f.end) not in known]
    return sorted([*found, *fresh], key=lambda finding: (finding.start, finding.end, finding.kind))


def _waits(shapes: Sequence[Shape]) -> list[tuple[int, int, int]]:
    """(blanks, reach, right) of the shapes, one row per number of blanks."""
    rows: dict[int, tuple[int, int]] = {}
    for shape in shapes:
        blanks = shape.extent.blanks or 0
        reach, right = rows.get(blanks, (0, 0))
        rows[blanks] = (max(reach, shape.reach), max(right, shape.right))
    return [(blanks, reach, right) for blanks, (reach, right) in sorted(rows.items())]


def _decided(text: str, blanks: int, reach: int, right: int) -> int:
    """Up to where starts are decided in a text that may go on.

    Either because `reach` characters are known from there on, or because more blanks follow than
    a match may contain, so that it must have ended before the last of them.
    """
    size = len(text)
    far = max(0, size - reach)
    at = size - right + 1
    for _ in range(blanks + 1):
        at = max(text.rfind(" ", far, at), text.rfind("\n", far, at)) if at > far else -1
        if at < 0:
            return far
    return at + 1
