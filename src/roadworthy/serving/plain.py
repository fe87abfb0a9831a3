"""An answer that nobody reads before it is whole: one look, and nothing held back.

Enters: pieces. Leaves: one outcome, the same that the held-back stream gives for the same text
(`tests/properties/test_plain_answers.py`). Nearly every answer is clean, and one look at the whole
says so for half the price; whatever is not goes through the stream's own way.
"""

from __future__ import annotations

import msgspec

from roadworthy.domain import TextContext

from .collected import CollectedAnswer
from .hold_back import HeldBackAnswer, Watching
from .outcome import RailOutcome
from .panel import Panel


class PlainAnswer(CollectedAnswer):
    """Window rails on an answer that is not streamed."""

    def __init__(self, panel: Panel, watching: Watching, context: TextContext) -> None:
        super().__init__(panel, context)
        self._watching = watching

    def finish(self, decision: str = "", confidence: float | None = None) -> RailOutcome:
        """Look at the whole answer."""
        seen = super().finish(decision, confidence)
        if seen.clean:
            return seen
        stream = HeldBackAnswer(self._watching, self._context)
        left = stream.feed("".join(self._pieces))
        outcome = stream.finish(decision, confidence)
        return msgspec.structs.replace(outcome, text=left + outcome.text)
