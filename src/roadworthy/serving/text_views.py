"""A growing text seen twice: as it is, and as it looks (folded).

Enters: pieces. Leaves: two tails that scans can read. Never happens here: a folded view for text
that folds to itself; as long as nothing differs there is one view only.
"""

from __future__ import annotations

from roadworthy.detectors import KEPT_BLANKS, Normaliser, settled


class TextViews:
    """The undecided tail of a growing text. All offsets are of the whole text of their view."""

    def __init__(self, normaliser: Normaliser | None) -> None:
        self._normaliser = normaliser
        self.raw = ""
        self.origin = 0
        self.settled = 0
        """Raw offset up to which no later character can change how the text looks."""
        self.folded: str | None = None
        """None as long as both views are the same."""
        self.folded_origin = 0
        self.starts: list[int] = []
        self.ends: list[int] = []
        """Raw start and end per character of `folded`."""
        self._before = ""
        """The last characters that are settled, as they look; blanks go on from there."""

    def copy(self) -> TextViews:
        """The same views, to be advanced on their own."""
        twin = TextViews(self._normaliser)
        twin.raw, twin.origin, twin.settled = self.raw, self.origin, self.settled
        twin.folded, twin.folded_origin = self.folded, self.folded_origin
        twin._before = self._before
        if self.folded is not None:
            twin.starts, twin.ends = self.starts.copy(), self.ends.copy()
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
        if self.folded is None:
            if self._normaliser.is_plain(fresh, self._before):
                self._before = (self._before + fresh)[-KEPT_BLANKS:]
                return
            self.folded, self.folded_origin = self.raw[:fresh_from], self.origin
            self.starts = list(range(self.origin, self.origin + fresh_from))
            self.ends = [start + 1 for start in self.starts]
        more, starts, ends = self._normaliser.fold(fresh, self.origin + fresh_from, self._before)
        self._before = (self._before + more)[-KEPT_BLANKS:]
        self.folded += more
        self.starts += starts
        self.ends += ends

    def settled_raw(self) -> str:
        """The raw tail that a scan may look at."""
        return self.raw[: self.settled - self.origin]

    def between(self, start: int, end: int) -> str:
        """Raw text from one offset to another."""
        return self.raw[start - self.origin : end - self.origin]

    def raw_offset(self, folded_offset: int) -> int:
        """Where a position of the folded text stands in the raw text."""
        at = folded_offset - self.folded_origin
        return self.starts[at] if at < len(self.starts) else self.settled

    def trim(self, raw_keep: int, folded_keep: int) -> None:
        """Forget what lies before; each is an offset of its own view."""
        cut = min(raw_keep, self.settled) - self.origin
        if cut > 0:
            self.raw = self.raw[cut:]
            self.origin += cut
        cut = folded_keep - self.folded_origin
        if self.folded is not None and cut > 0:
            self.folded = self.folded[cut:]
            self.folded_origin += cut
            del self.starts[:cut]
            del self.ends[:cut]
