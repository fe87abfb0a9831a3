"""Many detectors, one pass: which shapes of which detector occur in a text at all.

Enters: a text. Leaves: for each detector the shapes worth a hunt; mostly none. Never happens
here: a finding; and never silence for a text that could not be looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

from .shape import ShapeDetector, Sieve, Wait, wait_for


class Sweep:
    """Compiled once for the detectors of one side of a line."""

    def __init__(self, detectors: Sequence[ShapeDetector]) -> None:
        self._owners: list[tuple[int, int]] = []
        patterns: list[str | None] = []
        for order, detector in enumerate(detectors):
            for index, shape in enumerate(detector.shapes):
                self._owners.append((order, index))
                pattern = f"(?i:{shape.pattern})" if detector.ignore_case else shape.pattern
                patterns.append(pattern if shape.sweepable else None)
        self._sieve = Sieve(patterns, ignore_case=False) if patterns else None

    def hits(self, text: str) -> dict[int, list[int]]:
        """Detector (by its order) -> shapes that may occur. Raises DetectorError."""
        if self._sieve is None:
            return {}
        found: dict[int, list[int]] = {}
        for at in self._sieve.hits(text.encode("utf-8", "replace")):
            order, index = self._owners[at]
            found.setdefault(order, []).append(index)
        return found


def waits_of(detectors: Sequence[ShapeDetector]) -> list[Wait]:
    """What `decided` must wait for, fewest blanks first; covered rows are left out.

    All rows take the largest `right`, which makes them comparable and costs a character or two.
    """
    rows = {wait_for(shape) for detector in detectors for shape in detector.shapes}
    right = max((row[2] for row in rows), default=1)
    longest: dict[int, int] = {}
    for blanks, reach, _ in rows:
        longest[blanks] = max(reach, longest.get(blanks, 0))
    kept: list[Wait] = []
    for blanks in sorted(longest, reverse=True):
        reach = longest[blanks]
        if all(reach > other for _, other, _ in kept):
            kept.append((blanks, reach, right))
    return kept[::-1]
