"""The output rails on a growing answer: what may leave now, what must wait, when to stop.

Enters: pieces of an answer as the model gives them. Leaves: what may leave now; at the end one
outcome. Never happens here: a character of a blocked match that left, half a redacted span, or a
result that depends on how the answer was cut into pieces.

What waits is what a match may have begun with (see `Undecided`), mostly a word. Most pieces cost
that look and one sweep over the undecided tail. Only when a shape occurs in it do the guards
hunt; when that brings a block, the piece is gone through again to find the very character that
made it certain, so that what left before it is the same for every cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from roadworthy.detectors import (
    FoldedView,
    Normaliser,
    Place,
    ShapeDetector,
    Sweep,
    Undecided,
    decided,
    waits_of,
)
from roadworthy.domain import DetectorError, Finding, TextContext

from .collected import ended
from .guard import Guard, Look, Timer, attempt, look
from .outcome import RailOutcome, action_of, conclude
from .redaction import Span, cluster, insert, spans_of
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


class Watching:
    """What all answers of one line share: the guards that can follow a growing text."""

    def __init__(self, guards: Sequence[Guard], timer: Timer, normaliser: Normaliser) -> None:
        self.guards = tuple(guards)
        self.timer = timer
        pairs = [(guard, guard.window) for guard in self.guards]
        self.windows = [(guard, window) for guard, window in pairs if window is not None]
        self.whole = any(window is None for _, window in pairs)
        detectors = [window for _, window in self.windows]
        self.sweep = Sweep(detectors)
        self.normaliser = normaliser if any(d.normaliser for d in detectors) else None
        self.blocks = any(guard.action == "block" for guard, _ in self.windows)
        self.patience_s = min((guard.budget_s for guard, _ in self.windows), default=0.0)
        self.left = max((detector.left for detector in detectors), default=0)
        self.waits = waits_of(detectors)
        acting = [detector for guard, detector in self.windows if not guard.only_tells]
        self.acting = Undecided((shape, d.ignore_case) for d in acting for shape in d.shapes)


class _Reading(Struct):
    """How far one view of the text is decided."""

    start: int = 0
    """No finding that starts before it is still to come."""
    free: int = 0
    """The same for the guards that act, beyond which nothing may leave."""
    resume: list[dict[int, int]] = []
    """Per guard: shape -> where to go on. The dicts are replaced, never changed."""

    def copy(self) -> _Reading:
        return _Reading(start=self.start, free=self.free, resume=self.resume.copy())


class _Moment(Struct):
    """All that changes while an answer grows; copied to go back, so kept cheap to copy."""

    views: TextViews
    raw: _Reading
    folded: list[_Reading]
    """One per folded view."""
    findings: list[tuple[Finding, ...]]
    failures: list[str]
    """Both per guard."""
    spans: list[Span]
    released: int

    def copy(self) -> _Moment:
        return _Moment(
            views=self.views.copy(),
            raw=self.raw.copy(),
            folded=[reading.copy() for reading in self.folded] if self.folded else [],
            findings=self.findings.copy(),
            failures=self.failures.copy(),
            spans=self.spans.copy(),
            released=self.released,
        )

    def look(self, order: int) -> Look:
        """What one guard saw so far."""
        return Look(findings=list(self.findings[order]), failure=self.failures[order])


class HeldBackAnswer:
    """Follows the answer and lets leave what no rail can object to any more."""

    def __init__(self, watching: Watching, context: TextContext) -> None:
        self.stopped = False
        self._all = watching
        self._context = context
        self._pieces: list[str] = []
        self._now = _Moment(
            views=TextViews(watching.normaliser),
            raw=_Reading(resume=[{} for _ in watching.windows]),
            folded=[],
            findings=[() for _ in watching.windows],
            failures=["" for _ in watching.windows],
            spans=[],
            released=0,
        )

    def feed(self, piece: str) -> str:
        """Take the next piece; give what may leave now."""
        if self.stopped or not piece:
            return ""
        if self._all.whole:
            self._pieces.append(piece)
        if not self._all.windows:
            return piece
        before = self._now.copy() if self._all.blocks and len(piece) > 1 else None
        if not self._advance(piece, self._all.timer):
            return self._release()
        self.stopped = True
        failed = any(self._now.failures)
        return "" if before is None or failed else self._up_to_the_block(before, piece)

    def finish(self, decision: str = "", confidence: float | None = None) -> RailOutcome:
        """Decide what was still open; look at the whole with the rails that only flag."""
        rest = ""
        if not self.stopped:
            self.stopped = self._advance("", self._all.timer, final=True)
            rest = "" if self.stopped else self._release()
        stopped_by = self._stopped_by() if self.stopped else ""
        text = "".join(self._pieces)
        context = ended(self._context, decision, confidence)
        windows = iter(range(len(self._all.windows)))
        seen: list[tuple[Guard, Look]] = []
        for guard in self._all.guards:
            if guard.window is not None:
                seen.append((guard, self._now.look(next(windows))))
            elif stopped_by:
                seen.append((guard, Look()))
            else:
                seen.append((guard, look(guard, text, context, self._all.timer)))
        self.stopped = True
        return conclude(seen, rest, stopped_by=stopped_by)

    def _stopped_by(self) -> str:
        """The first rail that asks for more than an answer; empty when none does."""
        for order, (guard, _) in enumerate(self._all.windows):
            if action_of(guard, self._now.look(order)) != "answered":
                return guard.rail
        return ""

    def _up_to_the_block(self, before: _Moment, piece: str) -> str:
        """Go back and find the character that made the block certain; give what left before."""
        harmless, fatal = 0, len(piece)
        while fatal - harmless > 1:
            middle = (harmless + fatal) // 2
            self._now = before.copy()
            if self._advance(piece[:middle], _standing_still):
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

    def _advance(self, piece: str, timer: Timer, *, final: bool = False) -> bool:
        """Let the text grow, find what became certain, move on. True when a rail says stop."""
        now = self._now
        views = now.views
        views.append(piece, final=final)
        fresh = len(views.folded) - len(now.folded)
        if fresh:
            # Up to here two views were one, so the reading of one goes on where that of the other
            # is: the first folded view was the raw one, the others were the first.
            before = now.folded[0] if now.folded else now.raw
            now.folded += [before.copy() for _ in range(fresh)]
        news = self._read(None, now.raw, timer, final=final)
        if now.folded:
            for view, reading in zip(views.folded, now.folded, strict=True):
                news |= self._read(view, reading, timer, final=final)
        return news and bool(self._stopped_by())

    def _read(
        self, view: FoldedView | None, reading: _Reading, timer: Timer, *, final: bool
    ) -> bool:
        """Hunt for what occurs in one view, then move its reading on. True when there are news.

        `view`: None for the text as it is.
        """
        now = self._now
        text, origin = now.views.settled_raw(), now.views.origin
        if view is not None:
            text, origin = view.text, view.origin
        news = False
        if not final:
            free = self._all.acting.before(text, max(0, reading.free - origin))
            reading.free = max(reading.free, origin + free)
        hits = self._hits(text[max(0, reading.start - origin - 1) :], timer)
        for order, candidates in hits.items():
            watched = guard, detector = self._all.windows[order]
            if now.failures[order] or (view is not None and detector.normaliser is None):
                continue
            hunt = _Hunt(watched, candidates, text, reading, order, origin, final)
            fresh = attempt(guard, hunt, timer)
            if fresh.failure:
                now.failures[order], news = fresh.failure, True
                continue
            reading.resume[order] = hunt.resume
            if fresh.findings:
                news = True
                found = fresh.findings if view is None else view.in_original(fresh.findings)
                now.findings[order] = (*now.findings[order], *found)
                insert(now.spans, spans_of(guard, order, found))
        begin = reading.start if hits else reading.start + _LOOKED_AT_AGAIN
        self._move_on(reading, text, origin, final=final, begin=begin)
        return news

    def _move_on(
        self, reading: _Reading, text: str, origin: int, *, final: bool, begin: int
    ) -> None:
        """Where to look from is asked once there is much; at the end all is decided."""
        if not final and origin + len(text) < begin:
            return
        if final:
            reading.start = reading.free = origin + len(text)
            return
        start = origin + decided(text, self._all.waits)
        reading.start = max(reading.start, min(start, reading.free))

    def _hits(self, tail: str, timer: Timer) -> dict[int, list[int]]:
        """What occurs in the tail; everything when the sweep cannot say so in time.

        Then every guard hunts by itself, within its own budget, and answers for itself.
        """
        begin = timer()
        try:
            hits, _ = self._all.sweep.look(tail)
        except DetectorError:
            hits = None
        if hits is None or timer() - begin > self._all.patience_s:
            windows = enumerate(self._all.windows)
            return {order: list(detector.everything()) for order, (_, detector) in windows}
        return hits

    def _release(self) -> str:
        """What may leave: all before the first undecided start, spans replaced."""
        now = self._now
        views = now.views
        limit = min(now.raw.free, views.settled)
        for view, reading in zip(views.folded, now.folded, strict=True) if now.folded else ():
            limit = min(limit, views.raw_offset(view, reading.free))
        out: list[str] = []
        while now.spans and now.spans[0][0] < limit:
            start, end, count = now.spans[0][0], *cluster(now.spans)
            if end > limit:
                limit = start
                break
            out += [views.between(now.released, start), now.spans[0][3]]
            now.released = end
            del now.spans[:count]
        if limit > now.released:
            out.append(views.between(now.released, limit))
            now.released = limit
        self._trim()
        return "".join(out)

    def _trim(self) -> None:
        """Forget what is decided and left, now and then (each time would copy the tail)."""
        now = self._now
        keep = min(now.released, now.raw.start - self._all.left)
        if keep - now.views.origin >= _SPARE_CHARACTERS:
            now.views.trim(keep)
            for view, reading in zip(now.views.folded, now.folded, strict=True):
                view.trim(reading.start - self._all.left)


class _Hunt:
    """One guard's look at what occurs in one view; may be run again, it moves nothing."""

    def __init__(
        self,
        watched: tuple[Guard, ShapeDetector],
        candidates: Sequence[int],
        text: str,
        reading: _Reading,
        order: int,
        origin: int,
        final: bool,
    ) -> None:
        guard, self._detector = watched
        self._candidates = candidates
        self._text = text
        self._place = (origin, reading.start, final)
        self._free = 0 if guard.only_tells else reading.free
        self._known = {k: at for k, at in reading.resume[order].items() if at > reading.start}
        self.resume: dict[int, int] = {}

    def __call__(self) -> Sequence[Finding]:
        """Findings that are certain now, in offsets of the view."""
        origin, start, final = self._place
        place = Place(
            origin=origin,
            start=start,
            decided=self._free,
            resume=dict(self._known),
            final=final,
        )
        found = self._detector.hunt(self._candidates, self._text, place)
        self.resume = place.resume
        return found


_SPARE_CHARACTERS = 256
"""Decided text that may pile up before the tail is cut."""


_LOOKED_AT_AGAIN = 192
"""So many characters in which nothing occurs are looked at again rather than to ask which of them
are decided."""


def _standing_still() -> float:
    return 0.0
