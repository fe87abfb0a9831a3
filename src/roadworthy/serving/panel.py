"""All guards of one side, looking together.

Enters: a whole text. Leaves: what each guard saw. Never happens here: a guard that is skipped; the
sweep only spares a guard the second look at shapes that do not occur.
"""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.detectors import (
    Normaliser,
    ShapeDetector,
    Sweep,
    in_original,
    merged,
)
from roadworthy.domain import DetectorError, Finding, TextContext

from .guard import Guard, Look, Timer, attempt, look

Folded = tuple[str, list[int], list[int]]


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
        return swept is not None and not swept[0] and swept[1] is None

    def look(self, text: str, context: TextContext) -> list[tuple[Guard, Look]] | None:
        """Every guard with what it saw, in order; None when all looked and found nothing.

        Never raises.
        """
        swept = self._sweep_text(text)
        if swept is None:  # each guard by itself, within its own budget
            return [(guard, look(guard, text, context, self.timer)) for guard in self.guards]
        raw, folded, seen_folded = swept
        if self._only_swept and not raw and not seen_folded:
            return None
        seen: list[tuple[Guard, Look]] = []
        order = -1
        for guard in self.guards:
            shapes = guard.shapes
            if shapes is None:
                seen.append((guard, look(guard, text, context, self.timer)))
                continue
            order += 1
            here = raw.get(order, [])
            there = seen_folded.get(order, []) if shapes.normaliser else []
            if not here and not there:
                seen.append((guard, Look()))
                continue
            hunt = _Hunt(shapes, text, here, folded, there)
            seen.append((guard, attempt(guard, hunt, self.timer)))
        return seen

    def _sweep_text(
        self, text: str
    ) -> tuple[dict[int, list[int]], Folded | None, dict[int, list[int]]] | None:
        """Hits in both views; None when the sweep failed or took longer than a guard may."""
        if not self._swept:
            return {}, None, {}
        begin = self.timer()
        folded: Folded | None = None
        try:
            raw, odd = self._sweep.look(text)
            there: dict[int, list[int]] = {}
            if odd and not self.normaliser.is_plain(text):
                folded = self.normaliser.fold(text)
                there, _ = self._sweep.look(folded[0])
        except DetectorError:
            return None
        return None if self.timer() - begin > self._patience_s else (raw, folded, there)


class _Hunt:
    """One guard's look at the shapes that occur, in both views."""

    def __init__(
        self,
        shapes: ShapeDetector,
        text: str,
        here: Sequence[int],
        folded: Folded | None,
        there: Sequence[int],
    ) -> None:
        self._shapes = shapes
        self._text = text
        self._here = here
        self._folded = folded
        self._there = there

    def __call__(self) -> Sequence[Finding]:
        """The findings, in offsets of the text as it is."""
        found = self._shapes.hunt(self._here, self._text)
        if self._folded is None or not self._there:
            return found
        folded, starts, ends = self._folded
        seen = self._shapes.hunt(self._there, folded)
        return merged(found, [in_original(finding, starts, ends, 0) for finding in seen])
