"""The output rails on a growing answer: what may leave now, what must wait, when to stop.

Enters: pieces of an answer as the model gives them. Leaves: what may leave now; at the end one
outcome. Never happens here: a character of a blocked match that left, half a redacted span, or a
result that depends on how the answer was cut into pieces. A plain answer is a collected stream.

Two ways. `CollectedAnswer` lets nothing leave before the end. `HeldBackAnswer` follows the text
with scans and holds back as far as an undecided match may reach. When a piece brings a block,
the piece is gone through again to find the very character that made it certain, so that what
left before it is the same for every cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from roadworthy.detectors import Normaliser, ScanState, ShapeDetector, in_original, merged
from roadworthy.domain import Finding, TextContext

from .guard import Guard, Look, Timer, attempt, look
from .outcome import RailOutcome, action_of, conclude
from .redaction import Span, cluster, insert, redacted, spans_of
from .text_views import TextViews


class OutputRails(Protocol):
    """The output rails of one answer."""

    stopped: bool
    """Whether nothing more will leave; the model may be stopped."""

    def feed(self, piece: str) -> str:
        """Take the next piece of the answer; give what may leave now."""
        ...

    def finish(self, decision: str = "", confidence: float | None = None) -> RailOutcome:
        """The answer is complete. The outcome's text is the rest that may leave.

        When the action is not `answered`, nothing more may leave, and what left before is a
        harmless beginning that a plain answer must drop.
        """
        ...


def ended(context: TextContext, decision: str, confidence: float | None) -> TextContext:
    """What detectors may know once the answer is complete."""
    if not decision and confidence is None:
        return context
    return msgspec.structs.replace(context, decision=decision, confidence=confidence)


class CollectedAnswer:
    """Nothing leaves before the end, since some rail must see the whole."""

    def __init__(self, guards: Sequence[Guard], context: TextContext, timer: Timer) -> None:
        self.stopped = False
        self._guards = guards
        self._context = context
        self._timer = timer
        self._pieces: list[str] = []

    def feed(self, piece: str) -> str:
        """Keep the piece; nothing may leave yet."""
        self._pieces.append(piece)
        return ""

    def finish(self, decision: str = "", confidence: float | None = None) -> RailOutcome:
        """Look at the whole answer."""
        self.stopped = True
        text = "".join(self._pieces)
        context = ended(self._context, decision, confidence)
        return judge(self._guards, text, context, self._timer)


def judge(guards: Sequence[Guard], text: str, context: TextContext, timer: Timer) -> RailOutcome:
    """All guards on a whole text: block and hold win over replacing, replacing over redaction."""
    seen = [(guard, look(guard, text, context, timer)) for guard in guards]
    spans: list[Span] = []
    released = text
    for order, (guard, one) in enumerate(seen):
        if one.findings and guard.action == "redact":
            insert(spans, spans_of(guard, order, one))
    if spans:
        released = redacted(text, spans)
    for guard, one in seen:
        if one.findings and guard.action == "replace":
            released = guard.label(one.findings[0].kind)
            break
    return conclude(seen, released)


class _Watch(msgspec.Struct):
    """One guard following the text."""

    guard: Guard
    detector: ShapeDetector
    raw: ScanState
    folded: ScanState | None
    seen: Look

    def copy(self) -> _Watch:
        return _Watch(
            guard=self.guard,
            detector=self.detector,
            raw=self.raw.copy(),
            folded=self.folded.copy() if self.folded is not None else None,
            seen=Look(findings=list(self.seen.findings), failure=self.seen.failure),
        )


class _Moment(msgspec.Struct):
    """All that changes while an answer grows; copied to go back."""

    views: TextViews
    watches: list[_Watch]
    spans: list[Span]
    released: int

    def copy(self) -> _Moment:
        return _Moment(
            views=self.views.copy(),
            watches=[watch.copy() for watch in self.watches],
            spans=list(self.spans),
            released=self.released,
        )


class _Scan:
    """One look of one watch at both views; run again at will: it moves no state but its own."""

    def __init__(self, watch: _Watch, views: TextViews, text: str, final: bool) -> None:
        self._watch = watch
        self._views = views
        self._text = text
        self._final = final
        self.raw = watch.raw
        self.folded = watch.folded

    def __call__(self) -> Sequence[Finding]:
        """Findings of both views, in raw offsets."""
        watch, views, final = self._watch, self._views, self._final
        self.raw = watch.raw.copy()
        found: Sequence[Finding] = watch.detector.scan(
            self._text, views.origin, self.raw, final=final
        )
        if views.folded is None or watch.detector.normaliser is None:
            return found
        # Up to here both views were one, so the folded scan goes on where the raw one stood.
        self.folded = (watch.folded or watch.raw).copy()
        at = views.folded_origin
        hits = watch.detector.scan(views.folded, at, self.folded, final=final)
        if not hits:
            return found
        return merged(found, [in_original(hit, views.starts, views.ends, at) for hit in hits])


class HeldBackAnswer:
    """Follows the answer and lets leave what no rail can object to any more."""

    def __init__(
        self,
        guards: Sequence[Guard],
        context: TextContext,
        timer: Timer,
        normaliser: Normaliser | None = None,
    ) -> None:
        self.stopped = False
        self._guards = guards
        self._context = context
        self._timer = timer
        self._blocks = any(guard.action == "block" for guard in guards)
        self._late = [guard for guard in guards if guard.window is None]
        self._pieces: list[str] = []
        watches = [
            _Watch(guard=guard, detector=window, raw=ScanState(), folded=None, seen=Look())
            for guard in guards
            if (window := guard.window) is not None
        ]
        folds = any(watch.detector.normaliser is not None for watch in watches)
        views = TextViews((normaliser or Normaliser()) if folds else None)
        self._now = _Moment(views=views, watches=watches, spans=[], released=0)

    def feed(self, piece: str) -> str:
        """Take the next piece; give what may leave now."""
        if self.stopped or not piece:
            return ""
        if self._late:
            self._pieces.append(piece)
        if not self._now.watches:
            return piece
        before = self._now.copy() if self._blocks and len(piece) > 1 else None
        self._advance(piece, self._timer)
        if not self._closed():
            return self._release()
        self.stopped = True
        failed = any(watch.seen.failure for watch in self._now.watches)
        return "" if before is None or failed else self._up_to_the_block(before, piece)

    def finish(self, decision: str = "", confidence: float | None = None) -> RailOutcome:
        """Decide what was still open; look at the whole with the rails that only flag."""
        rest = ""
        if not self.stopped:
            self._advance("", self._timer, final=True)
            if not self._closed():
                rest = self._release(final=True)
        stopped_by = self._stopper() if self.stopped else ""
        text = "".join(self._pieces)
        context = ended(self._context, decision, confidence)
        watches = iter(self._now.watches)
        seen: list[tuple[Guard, Look]] = []
        for guard in self._guards:
            if guard.window is not None:
                seen.append((guard, next(watches).seen))
            elif stopped_by:
                seen.append((guard, Look()))
            else:
                seen.append((guard, look(guard, text, context, self._timer)))
        self.stopped = True
        return conclude(seen, rest, stopped_by=stopped_by)

    def _closed(self) -> bool:
        return any(action_of(w.guard, w.seen) != "answered" for w in self._now.watches)

    def _stopper(self) -> str:
        for watch in self._now.watches:
            if action_of(watch.guard, watch.seen) != "answered":
                return watch.guard.rail
        return ""

    def _up_to_the_block(self, before: _Moment, piece: str) -> str:
        """Go back and find the character that made the block certain; give what left before."""
        harmless, fatal = 0, len(piece)
        while fatal - harmless > 1:
            middle = (harmless + fatal) // 2
            self._now = before.copy()
            self._advance(piece[:middle], _standing_still)
            if self._closed():
                fatal = middle
            else:
                harmless = middle
        self._now = before
        left = ""
        if harmless:
            self._advance(piece[:harmless], _standing_still)
            left = self._release()
        self._advance(piece[harmless:fatal], _standing_still)
        return left

    def _advance(self, piece: str, timer: Timer, *, final: bool = False) -> None:
        now = self._now
        now.views.append(piece, final=final)
        text = now.views.settled_raw()
        for order, watch in enumerate(now.watches):
            if watch.seen.failure:
                continue
            known = len(watch.seen.findings)
            scan = _Scan(watch, now.views, text, final)
            one = attempt(watch.guard, scan, timer)
            if one.failure:
                watch.seen.failure = one.failure
                continue
            watch.raw, watch.folded = scan.raw, scan.folded
            if one.findings:
                watch.seen.findings += one.findings
                insert(now.spans, spans_of(watch.guard, order, watch.seen, known))

    def _release(self, *, final: bool = False) -> str:
        """What may leave: all before the first undecided start, spans replaced."""
        now = self._now
        views = now.views
        limit = views.end if final else self._limit()
        out: list[str] = []
        while now.spans and now.spans[0][0] < limit:
            start, end, count = now.spans[0][0], *cluster(now.spans)
            if end > limit:
                limit = start
                break
            out += [self._raw(now.released, start), now.spans[0][3]]
            now.released = end
            del now.spans[:count]
        if limit > now.released:
            out.append(self._raw(now.released, limit))
            now.released = limit
        self._trim()
        return "".join(out)

    def _raw(self, start: int, end: int) -> str:
        origin = self._now.views.origin
        return self._now.views.raw[start - origin : end - origin]

    def _limit(self) -> int:
        views = self._now.views
        limit = views.settled
        for watch in self._now.watches:
            if watch.guard.action == "flag" or watch.seen.failure:
                continue
            limit = min(limit, watch.raw.limit)
            if watch.folded is not None:
                limit = min(limit, views.raw_offset(watch.folded.limit))
        return limit

    def _trim(self) -> None:
        """Forget what is decided and left, now and then (each time would copy the tail)."""
        now = self._now
        looking = [watch for watch in now.watches if not watch.seen.failure]
        reach = max((watch.detector.left for watch in looking), default=0)
        raw = min([now.released, *(watch.raw.limit - reach for watch in looking)])
        if raw - now.views.origin < _SPARE_CHARACTERS:
            return
        folded = min(
            (watch.folded.limit - reach for watch in looking if watch.folded is not None),
            default=0,
        )
        now.views.trim(raw, folded)


_SPARE_CHARACTERS = 256
"""Decided text that may pile up before the tail is cut."""


def _standing_still() -> float:
    return 0.0
