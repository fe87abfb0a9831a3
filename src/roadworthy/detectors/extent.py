"""How much text one match of an RE2 pattern can span, read from the pattern's syntax.

Enters: a pattern that RE2 has already accepted. Leaves: its extent. Never happens here: matching;
and never a guess: what its reader does not know counts as unbounded, so that a rail built on it
sees the whole text.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from .syntax import Assertion, Choice, Flags, Group, Node, One, Repeated, UnknownSyntaxError, parsed


class Extent(Struct, frozen=True, kw_only=True):
    """Bounds of what a pattern can match, in characters."""

    shortest: int
    longest: int | None
    """None: not bounded, or the pattern uses syntax that its reader does not know."""
    blanks: int | None = None
    """How many white-space characters a match may contain at most; None: not bounded."""
    anchored: bool = False
    """Whether it looks at the start or end of the text or of a line."""

    @property
    def whole(self) -> bool:
        """Whether a match can only be decided on the whole text."""
        return self.longest is None or self.anchored


UNKNOWN = Extent(shortest=0, longest=None, blanks=None, anchored=True)
_EMPTY = Extent(shortest=0, longest=0, blanks=0)
_ANCHOR = Extent(shortest=0, longest=0, blanks=0, anchored=True)
_DARK = Extent(shortest=1, longest=1, blanks=0)
_SPACED = Extent(shortest=1, longest=1, blanks=1)


@lru_cache(maxsize=1024)
def extent_of(pattern: str) -> Extent:
    """The extent of a pattern that RE2 has accepted; UNKNOWN when in doubt.

    Kept, since a detector that several rails use is built for each of them.
    """
    try:
        return _extent(parsed(pattern))
    except (UnknownSyntaxError, RecursionError):
        return UNKNOWN


def _extent(node: Node) -> Extent:
    if isinstance(node, One):
        return _SPACED if node.spaced else _DARK
    if isinstance(node, Assertion):
        return _ANCHOR if node.anchored else _EMPTY
    if isinstance(node, Flags):
        return _EMPTY
    if isinstance(node, Group):
        return _extent(node.inside)
    if isinstance(node, Repeated):
        part = _extent(node.part)
        return Extent(
            shortest=part.shortest * node.low,
            longest=_times(part.longest, node.high),
            blanks=_times(part.blanks, node.high),
            anchored=part.anchored,
        )
    if isinstance(node, Choice):
        branches = [_extent(branch) for branch in node.branches]
        return Extent(
            shortest=min(branch.shortest for branch in branches),
            longest=_most([branch.longest for branch in branches]),
            blanks=_most([branch.blanks for branch in branches]),
            anchored=any(branch.anchored for branch in branches),
        )
    parts = [_extent(part) for part in node.parts]
    return Extent(
        shortest=sum(part.shortest for part in parts),
        longest=_sum([part.longest for part in parts]),
        blanks=_sum([part.blanks for part in parts]),
        anchored=any(part.anchored for part in parts),
    )


def _most(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return max(known) if len(known) == len(values) else None


def _times(value: int | None, count: int | None) -> int | None:
    if value == 0:
        return 0
    return None if value is None or count is None else value * count


def _sum(values: Sequence[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None
