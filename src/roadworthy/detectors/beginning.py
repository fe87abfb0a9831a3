"""Where in a growing text a match may have begun that is not over yet.

Enters: shapes; then texts that may go on. Leaves: up to where each text is decided: no match that
starts before there can still come, grow or fall away. Never happens here: a place too late; what
cannot be told is left to how far a match may reach at most (see `decided`).

A pattern is turned into one of all its matches' beginnings: `ab?c` into `a(?:b|b?c)`, so to say.
What is looked for at the end of the text is such a beginning, or a match that ended so late that
what follows may yet refuse it. RE2 walks back from the end only as far as anything is alive, so
it costs the same however long the text is; and a beginning of a beginning is one too, so what is
decided stays decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import re2

from .shape import Shape, Wait, decided, re2_options, wait_for, waits_for
from .syntax import (
    Assertion,
    Choice,
    Flags,
    Group,
    Node,
    One,
    Repeated,
    Row,
    UnknownSyntaxError,
    parsed,
)

_MEMORY_BYTES = 16 << 20
_END_MARK = b"\x00"
"""Is looked for too, once: RE2 says "nothing found" where it had no room to look."""

_COUNTED = 4
"""Repetitions that are counted. More are any number: a beginning too many holds back, no more."""

_MOST_SOURCE = 30_000
"""Characters of pattern: twice what personal data and secrets take. Compiling takes the square."""


class Undecided:
    """What may still come of some shapes, in texts that grow. Compiled once, safe to share."""

    def __init__(self, shapes: Iterable[tuple[Shape, bool]]) -> None:
        """Each shape with whether it is looked for in letters of either case."""
        sources: dict[str, None] = {}
        waits: list[Wait] = []
        opaque: list[Wait] = []
        size = reach = 0
        # Where there is no room for all, those who wait as before should be those who wait least.
        for shape, ignore_case in sorted(shapes, key=lambda one: -one[0].reach):
            waits.append(wait_for(shape))
            source = _alive(shape, ignore_case=ignore_case)
            if source is not None and source not in sources:
                size += len(source)
            if source is None or size > _MOST_SOURCE:
                opaque.append(waits[-1])
            else:
                sources[source] = None
                reach = max(reach, shape.reach)
        self._reach = reach
        self._regex = _compiled(list(sources))
        self._opaque = waits_for(waits if self._regex is None else opaque)
        self.knows_all = not self._opaque
        """Whether nothing waits for more than what a match may begin with."""

    def before(self, text: str, start: int = 0) -> int:
        """Up to where `text` is decided, in characters; at least `start`, where it is already.

        It depends on nothing but the text, and grows as the text does.
        """
        limit = decided(text, self._opaque)
        if self._regex is not None and limit > start:
            far = len(text) - self._reach + 1
            limit = min(limit, max(self._first_alive(text, start), far))
        return max(limit, start)

    def _first_alive(self, text: str, start: int) -> int:
        """Where the first match begins that may not be over; the text's end when there is none."""
        begin = max(0, start - 1)  # what stands before says where a word begins
        tail = text[begin:]
        data = tail.encode("utf-8", "replace")
        plain = len(data) == len(tail)
        at = start - begin if plain else len(tail[: start - begin].encode("utf-8", "replace"))
        match = self._regex.search(data, at)
        if match is None:
            return len(text)
        found: int = match.start()
        return begin + (found if plain else len(data[:found].decode("utf-8")))


def _compiled(sources: Sequence[str]) -> Any:
    """All of them at a text's end; None when there are none, or RE2 has no room for them."""
    options = re2_options(ignore_case=False, memory_bytes=_MEMORY_BYTES)
    options.never_capture = True
    try:
        regex = re2.compile(rf"(?:{'|'.join(sources)}|\x00)\z", options) if sources else None
    except re2.error:
        return None
    return regex if regex is not None and regex.search(_END_MARK) is not None else None


@lru_cache(maxsize=1024)
def _alive(shape: Shape, *, ignore_case: bool) -> str | None:
    """A pattern of what may be at the end of a text while a match is not over yet.

    None when the shape's pattern has something in it that nothing is known of.
    """
    try:
        begun = _begun(_flags_outside(parsed(shape.pattern)))
    except (UnknownSyntaxError, RecursionError):
        return None
    if begun is None:
        return None
    # A match that ended by then, and is refused or not by what comes after it (`Shape.right`).
    late = f"|(?:{shape.pattern})(?s:.){{1,{shape.right - 1}}}" if shape.right > 1 else ""
    source = f"{begun}{late}"
    return f"(?i:{source})" if ignore_case else f"(?:{source})"


def _begun(node: Node) -> str | None:
    """A pattern of all beginnings of a node's matches, the whole among them and nothing not.

    None: there are none, since its matches are empty. An assertion at the end of a beginning is
    left out: what it is about may not be known yet.
    """
    if isinstance(node, One):
        return node.source
    if isinstance(node, Assertion):
        return None
    if isinstance(node, Flags):
        raise UnknownSyntaxError(node.source)
    if isinstance(node, Group):
        inside = _begun(node.inside)
        return None if inside is None else f"(?{node.flags}:{inside})"
    if isinstance(node, Choice):
        branches = [one for branch in node.branches if (one := _begun(branch)) is not None]
        return "|".join(branches) if branches else None
    if isinstance(node, Repeated):
        return _begun_again(node)
    return _begun_row(node)


def _begun_again(node: Repeated) -> str | None:
    """Some times the whole, and then a beginning."""
    begun = _begun(node.part)
    if begun is None or node.high == 0:
        return None
    before = _counted(0, None if node.high is None else node.high - 1)
    return f"(?:{_whole(node.part)}){before}(?:{begun})"


def _counted(low: int, high: int | None) -> str:
    """So many times, or roughly: high counts make a large program and say little of an end."""
    least = min(low, _COUNTED)
    if high is None or high > _COUNTED:
        return f"{{{least},}}"
    return f"{{{least},{high}}}"


def _begun_row(node: Row) -> str | None:
    """A beginning of the first, or all of the first and then a beginning of the others."""
    rest: str | None = None
    for part in reversed(node.parts):
        begun = _begun(part)
        whole = _whole(part)
        if rest is None:
            rest = None if begun is None else f"(?:{begun})"
        elif isinstance(part, One):
            rest = f"{part.source}(?:{rest})?"
        elif begun is None:
            rest = f"{whole}{rest}"
        else:
            rest = f"(?:{begun}|{whole}{rest})"
    return rest


def _whole(node: Node) -> str:
    """A pattern of all of a node's matches, and of some that have more in a row."""
    if isinstance(node, One | Assertion):
        return node.source
    if isinstance(node, Flags):
        raise UnknownSyntaxError(node.source)
    if isinstance(node, Group):
        return f"(?{node.flags}:{_whole(node.inside)})"
    if isinstance(node, Choice):
        return f"(?:{'|'.join(_whole(branch) for branch in node.branches)})"
    if isinstance(node, Repeated):
        return f"(?:{_whole(node.part)}){_counted(node.low, node.high)}"
    return "".join(_whole(part) for part in node.parts)


def _flags_outside(node: Node) -> Node:
    """`(?i)` before all the rest becomes a group around it."""
    if isinstance(node, Row) and node.parts and isinstance(node.parts[0], Flags):
        return Group(node.parts[0].source, _flags_outside(Row(node.parts[1:])))
    return node
