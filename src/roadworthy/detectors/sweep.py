"""Many detectors, one pass: which shapes of which detector occur in a text at all.

Enters: a text. Leaves: for each detector the shapes worth a hunt, mostly none, and whether the
text may look like another one. Never happens here: a finding; and never silence for a text that
could not be looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

from .normalise import ODD_BEFORE_NUL
from .shape import ShapeDetector, Sieve, Wait, wait_for, waits_for


class Sweep:
    """Compiled once for the detectors of one side of a line."""

    def __init__(self, detectors: Sequence[ShapeDetector]) -> None:
        self._owners: list[tuple[int, int]] = []
        self.folds = any(detector.normaliser is not None for detector in detectors)
        """Whether some detector also looks at the folded text."""
        self.hunts = any(not shape.sweepable for one in detectors for shape in one.shapes)
        """Whether some shape is worth a hunt in every text, since no sweep can look for it."""
        patterns: list[str | None] = []
        for order, detector in enumerate(detectors):
            for index, shape in enumerate(detector.shapes):
                self._owners.append((order, index))
                pattern = f"(?i:{shape.pattern})" if detector.ignore_case else shape.pattern
                patterns.append(pattern if shape.sweepable else None)
        self._odd = len(patterns)
        if patterns and self.folds:
            patterns.append(ODD_BEFORE_NUL)
        self._sieve = Sieve(patterns, ignore_case=False) if patterns else None

    def look(self, text: str) -> tuple[dict[int, list[int]], bool]:
        """Detector (by its order) -> shapes that may occur; whether the text may fold to another.

        The second is false for most texts, and then the one pass was all. Raises DetectorError.
        """
        if self._sieve is None:
            return {}, False
        found: dict[int, list[int]] = {}
        odd = False
        for at in self._sieve.hits(text.encode("utf-8", "replace")):
            if at == self._odd:
                odd = True
                continue
            order, index = self._owners[at]
            found.setdefault(order, []).append(index)
        return found, odd


def waits_of(detectors: Sequence[ShapeDetector]) -> list[Wait]:
    """What `decided` must wait for, for all shapes of some detectors."""
    return waits_for(wait_for(shape) for detector in detectors for shape in detector.shapes)
