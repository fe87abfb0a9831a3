"""An exchange beside its release's reference: in an evaluation at once, live after it left.

Enters: an observation and its texts. Leaves: how it stands to the reference, no words of it. What
never happens here: an exchange of a release with a reference passed over; what could not be looked
at says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from roadworthy.detectors import ood
from roadworthy.domain import (
    DetectorError,
    Observation,
    ReleaseContent,
    RoadworthyError,
    Shift,
)
from roadworthy.release import reference_digest, reference_of

from .after_looking import Noticed
from .reference_detector import detector_of

OUT_OF_SCOPE = "ood"
"""The tag of a case that the system is not for."""


class ShiftLooker:
    """Holds exchanges against one reference. One thread's."""

    name = "shift"

    def __init__(
        self, detector: ood.Detector, digest: str, facets: Mapping[str, Sequence[str]]
    ) -> None:
        """`facets`: the values that the reference has; none at all where it knows no facets."""
        self._detector = detector
        self._digest = digest
        self._facets = {name: frozenset(values) for name, values in facets.items()}

    def look(self, seen: Observation, asked: str, left: str | None) -> Noticed:
        """How it stands, as something that is noticed."""
        return Noticed(shift=self.shift(seen.facets, asked, left))

    def missed(self, why: str) -> Noticed:
        """That nobody could look."""
        return Noticed(shift=Shift(reference=self._digest, unseen=why))

    def shift(self, facets: Mapping[str, str], asked: str, left: str | None) -> Shift:
        """How an input, its facets and what left of its answer stand to the reference."""
        found = self._detector.look(asked)
        return Shift(
            reference=self._digest,
            score=round(found.score, 6),
            flagged=found.flagged,
            topic=found.topic,
            output_topic=self._detector.output_topic(left) if left else "",
            new_words=None if found.new_words is None else round(found.new_words, 6),
            new_facets=self.new_facets(facets),
            sketch=found.sketch,
        )

    def new_facets(self, facets: Mapping[str, str]) -> tuple[str, ...] | None:
        """Facets with a value that the reference does not have; None where it knows no facets."""
        if not self._facets:
            return None
        known = self._facets
        return tuple(
            name for name, value in sorted(facets.items()) if value not in known.get(name, ())
        )


def shift_looker(content: ReleaseContent) -> ShiftLooker | None:
    """None where the candidate names no reference.

    Raises ManifestError where it is broken, UsageError where what it needs is not installed.
    """
    reference = reference_of(content)
    if reference is None:
        return None
    return ShiftLooker(detector_of(reference), reference_digest(content), reference.facets)


class Unable:
    """In the place of who cannot be made: says of every answer why nobody looked."""

    name = ShiftLooker.name

    def __init__(self, digest: str, why: str) -> None:
        self._digest = digest
        self._why = why

    def look(self, seen: Observation, asked: str, left: str | None) -> Noticed:
        """Raises DetectorError."""
        raise DetectorError(self._why)

    def missed(self, why: str) -> Noticed:
        """That nobody could look."""
        return Noticed(shift=Shift(reference=self._digest, unseen=why))


def after_answers(content: ReleaseContent) -> ShiftLooker | Unable | None:
    """The same for live answers: what cannot be made is said of each of them."""
    try:
        return shift_looker(content)
    except RoadworthyError as error:
        return Unable(reference_digest(content), error.message)
