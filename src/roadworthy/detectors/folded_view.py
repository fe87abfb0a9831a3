"""A text as it looks, and where each character of it stands in the text as it is.

Enters: folded pieces, in order. Leaves: their places in the original. Never happens here: folding
(see normalise).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from roadworthy.domain import Finding

Manner = Literal["seen", "parted", "joined", "spelled", "apart"]
"""How to take what not everybody sees.

`seen`: as most readers do; characters of no width are nothing, fillers are blanks. `parted`: what
has no width parts words, as a blank does. `joined`: fillers are nothing. `spelled`: characters
that nobody sees, and that stand for letters, are those letters; `apart`: and words of their own.
"""


class FoldedView(Struct):
    """One view of a text; it may grow at its end and be forgotten at its beginning."""

    manner: Manner
    text: str = ""
    origin: int = 0
    """Offset of the first character, in the view."""
    starts: list[int] = []
    ends: list[int] = []
    """Offsets in the original, per character."""
    before: str = ""
    """What the next piece must know of those before it (see `Normaliser.grow`)."""

    @classmethod
    def same(cls, text: str, origin: int, before: str) -> FoldedView:
        """The view of a text that looks as it is; `origin` is its offset, here and there."""
        starts = list(range(origin, origin + len(text)))
        ends = list(range(origin + 1, origin + 1 + len(text)))
        return cls("seen", text, origin, starts, ends, before)

    def copy(self, manner: Manner | None = None) -> FoldedView:
        """The same so far, to grow on its own, in the same manner if no other is given."""
        starts, ends = self.starts.copy(), self.ends.copy()
        return FoldedView(manner or self.manner, self.text, self.origin, starts, ends, self.before)

    def in_original(self, found: Sequence[Finding]) -> list[Finding]:
        """Findings in this view, in offsets of the original."""
        return [
            Finding(
                kind=one.kind,
                start=self.starts[one.start - self.origin],
                end=self.ends[one.end - 1 - self.origin],
                score=one.score,
            )
            for one in found
        ]

    def trim(self, keep: int) -> None:
        """Forget what lies before an offset of this view."""
        cut = keep - self.origin
        if cut > 0:
            self.text = self.text[cut:]
            self.origin += cut
            del self.starts[:cut]
            del self.ends[:cut]
