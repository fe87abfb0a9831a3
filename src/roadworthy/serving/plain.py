"""An answer that nobody reads before it is whole: one look, and nothing held back.

Enters: pieces. Leaves: one outcome, the same that the held-back stream gives for the same text
(`tests/properties/test_plain_answers.py`). Nearly every answer is clean, and one look at the whole
says so for half the price; whatever is not goes through the stream's own way.
"""

from __future__ import annotations

import msgspec

from roadworthy.domain import TextContext

from .collected import ended, judge
from .hold_back import HeldBackAnswer, Watching
from .outcome import RailOutcome
from .panel import Panel


class PlainAnswer:
    """Window rails on an answer that is not streamed."""

    def __init__(self, panel: Panel, watching: Watching, context: TextContext) -> None:
        self.stopped = False
        self._panel = panel
        self._watching = watching
        self._context = context
        self._pieces: list[str] = []

    def feed(self, piece: str) -> str:
        """Keep the piece; nobody waits for it."""
        if not self.stopped:
            self._pieces.append(piece)
        return ""

    def finish(self, decision: str = "", confidence: float | None = None) -> RailOutcome:
        """Look at the whole answer."""
        self.stopped = True
        text = "".join(self._pieces)
        seen = judge(self._panel, text, ended(self._context, decision, confidence))
        if seen.clean:
            return seen
        stream = HeldBackAnswer(self._watching, self._context)
        left = stream.feed(text)
        outcome = stream.finish(decision, confidence)
        return msgspec.structs.replace(outcome, text=left + outcome.text)
