"""Guards on a whole text: inputs, and answers of which nothing may leave before the end.

Enters: a text. Leaves: one outcome. Never happens here: a text that leaves because a guard was
quicker than another; all of them look, then the worst action wins.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from roadworthy.domain import TextContext

from .guard import Guard, Look
from .outcome import RailOutcome, conclude
from .panel import Panel
from .redaction import Span, insert, redacted, spans_of


class CollectedAnswer:
    """Nothing leaves before the end, since some rail must see the whole."""

    def __init__(self, panel: Panel, context: TextContext) -> None:
        self.stopped = False
        self._panel = panel
        self._context = context
        self._pieces: list[str] = []

    def feed(self, piece: str) -> str:
        """Keep the piece; nothing may leave yet."""
        if not self.stopped:
            self._pieces.append(piece)
        return ""

    def finish(self, decision: str = "", confidence: float | None = None) -> RailOutcome:
        """Look at the whole answer."""
        self.stopped = True
        return judge(self._panel, "".join(self._pieces), ended(self._context, decision, confidence))


def ended(context: TextContext, decision: str, confidence: float | None) -> TextContext:
    """What detectors may know once the answer is complete."""
    if not decision and confidence is None:
        return context
    return msgspec.structs.replace(context, decision=decision, confidence=confidence)


def judge(panel: Panel, text: str, context: TextContext) -> RailOutcome:
    """The outcome of all guards: block and hold win over replacing, replacing over redaction."""
    seen = panel.look(text, context)
    if seen is None:
        return RailOutcome(text=text, verdicts=panel.passed, clean=True)
    return settle(seen, text)


def settle(seen: Sequence[tuple[Guard, Look]], text: str) -> RailOutcome:
    """The outcome of guards that have looked at a whole text."""
    spans: list[Span] = []
    released = text
    for order, (guard, one) in enumerate(seen):
        if one.findings and guard.action == "redact":
            insert(spans, spans_of(guard, order, one.findings))
    if spans:
        released = redacted(text, spans)
    for guard, one in seen:
        if one.findings and guard.action == "replace":
            released = guard.label(one.findings[0].kind)
            break
    return conclude(seen, released)
