"""All guards of one side, looking together.

Enters: a whole text. Leaves: what each guard saw. Never happens here: a guard that is skipped; the
sweep only spares a guard the second look at shapes that do not occur.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from roadworthy.detectors import FoldedView, Normaliser, ShapeDetector, Sweep, merged
from roadworthy.domain import DetectorError, Finding, TextContext

from .guard import Guard, Look, Timer, attempt, look, over_budget

Hits = dict[int, list[int]]
"""Guard (by its order) -> shapes that may occur."""


class _Swept(Struct):
    """What one pass over each view of a text brought."""

    raw: Hits
    folded: Sequence[tuple[FoldedView, Hits]] = ()


class Panel:
    """Compiled once for one side of a line; safe to share."""

    def __init__(self, guards: Sequence[Guard], timer: Timer) -> None:
        self.guards = tuple(guards)
        self.timer = timer
        self.normaliser = Normaliser()
        self._swept = [g for g in self.guards if g.shapes is not None]
        self._sweep = Sweep([g.shapes for g in self._swept if g.shapes is not None])
        self._only_swept = len(self._swept) == len(self.guards)
        self.passed = tuple(one for g in self.guards if (one := g.passed) is not None)
        """The verdicts of a text in which no guard found anything."""
        self._patience_s = min((guard.budget_s for guard in self._swept), default=0.0)

    def clear(self, text: str) -> bool:
        """Whether one pass says that no guard finds anything, in the text or in any line of it.

        To a shape that a sweep can look for, a line's end is what a text's end is; and the lines
        of a text that folds to itself fold to themselves (Unicode Standard Annex 15, section 9).
        """
        if not self._only_swept or self._sweep.hunts:
            return False
        swept = self._sweep_text(text)
        return swept is not None and not swept.raw and not swept.folded

    def look(self, text: str, context: TextContext) -> list[tuple[Guard, Look]] | None:
        """Every guard with what it saw, in order; None when all looked and found nothing.

        Never raises.
        """
        begin = self.timer()
        swept = self._sweep_text(text)
        if swept is None:
            hopeless = self.timer() - begin > _HOPELESS * self._patience_s or self._too_long(text)
            return [(guard, self._alone(guard, text, context, hopeless)) for guard in self.guards]
        if self._only_swept and not swept.raw and not any(hits for _, hits in swept.folded):
            return None
        seen: list[tuple[Guard, Look]] = []
        order = -1
        for guard in self.guards:
            shapes = guard.shapes
            if shapes is None:
                seen.append((guard, look(guard, text, context, self.timer)))
                continue
            order += 1
            here = swept.raw.get(order, [])
            views = swept.folded if shapes.normaliser is not None else ()
            there = [(view, hits[order]) for view, hits in views if order in hits]
            if not here and not there:
                seen.append((guard, Look()))
                continue
            hunt = _Hunt(shapes, text, here, there)
            seen.append((guard, attempt(guard, hunt, self.timer)))
        return seen

    def _alone(self, guard: Guard, text: str, context: TextContext, hopeless: bool) -> Look:
        """One guard by itself, within its own budget; unless the text was too much for all."""
        if hopeless and guard.shapes is not None:
            return over_budget(guard)
        return look(guard, text, context, self.timer)

    def _too_long(self, text: str) -> bool:
        """Whether folding the text would take beyond all patience."""
        return len(text) * _FOLD_S > _HOPELESS * self._patience_s

    def _sweep_text(self, text: str) -> _Swept | None:
        """Hits in every view; None when the sweep failed or took longer than a guard may."""
        if not self._swept:
            return _NOTHING
        begin = self.timer()
        try:
            raw, odd = self._sweep.look(text)
            if odd and self._too_long(text) and not self.normaliser.is_plain(text):
                return None
            views = self.normaliser.views(text) if odd else ()
            swept = _Swept(raw, [(view, self._sweep.look(view.text)[0]) for view in views])
        except DetectorError:
            return None
        return None if self.timer() - begin > self._patience_s else swept


_NOTHING = _Swept({})

_FOLD_S = 1e-6
"""What folding a character takes: 0.2 microseconds mostly, up to 5 where a text was made for it."""

_HOPELESS = 20
"""So many times its budget over, a look did not merely wait for the processor, and another one by
each guard would keep the worker from everybody else."""


class _Hunt:
    """One guard's look at the shapes that occur, in every view."""

    def __init__(
        self,
        shapes: ShapeDetector,
        text: str,
        here: Sequence[int],
        there: Sequence[tuple[FoldedView, Sequence[int]]],
    ) -> None:
        self._shapes = shapes
        self._text = text
        self._here = here
        self._there = there

    def __call__(self) -> Sequence[Finding]:
        """The findings, in offsets of the text as it is."""
        found = self._shapes.hunt(self._here, self._text)
        for view, candidates in self._there:
            seen = self._shapes.hunt(candidates, view.text)
            found = merged(found, view.in_original(seen))
        return found
