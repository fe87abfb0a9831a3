"""A growing text seen several times: as it is, and as it looks (folded).

Enters: pieces. Leaves: tails that scans can read. Never happens here: a folded view for text that
folds to itself; as long as nothing differs there is one view only.
"""

from __future__ import annotations

from roadworthy.detectors import KEPT_BLANKS, FoldedView, Normaliser, settled


class TextViews:
    """The undecided tail of a growing text. All offsets are of the whole text of their view."""

    def __init__(self, normaliser: Normaliser | None) -> None:
        self._normaliser = normaliser
        self.raw = ""
        self.origin = 0
        self.settled = 0
        """Raw offset up to which no later character can change how the text looks."""
        self.folded: list[FoldedView] = []
        """Empty as long as the text looks as it is. Each began as a copy of the first."""
        self._before = ""
        """The last characters that are settled, as long as the text looks as it is."""

    def copy(self) -> TextViews:
        """The same views, to be advanced on their own."""
        twin = TextViews(self._normaliser)
        twin.raw, twin.origin, twin.settled = self.raw, self.origin, self.settled
        twin.folded = [view.copy() for view in self.folded] if self.folded else []
        twin._before = self._before
        return twin

    @property
    def end(self) -> int:
        """How long the text is so far."""
        return self.origin + len(self.raw)

    def append(self, piece: str, *, final: bool) -> None:
        """Let the text grow; `final` settles all of it."""
        self.raw += piece
        fresh_from = self.settled - self.origin
        until = len(self.raw) if final else settled(self.raw, fresh_from)
        fresh = self.raw[fresh_from:until]
        self.settled = self.origin + until
        if self._normaliser is None or not fresh:
            return
        if not self.folded:
            if self._normaliser.is_plain(fresh, self._before):
                self._before = (self._before + fresh)[-KEPT_BLANKS:]
                return
            as_it_is = FoldedView.same(self.raw[:fresh_from], self.origin, self._before)
            self.folded.append(as_it_is)
        self._normaliser.grow(self.folded, fresh, self.origin + fresh_from)

    def settled_raw(self) -> str:
        """The raw tail that a scan may look at."""
        return self.raw[: self.settled - self.origin]

    def between(self, start: int, end: int) -> str:
        """Raw text from one offset to another."""
        return self.raw[start - self.origin : end - self.origin]

    def raw_offset(self, view: FoldedView, at: int) -> int:
        """Where a position of a folded view stands in the raw text."""
        at -= view.origin
        return view.starts[at] if at < len(view.starts) else self.settled

    def trim(self, keep: int) -> None:
        """Forget the raw text before an offset."""
        cut = min(keep, self.settled) - self.origin
        if cut > 0:
            self.raw = self.raw[cut:]
            self.origin += cut
