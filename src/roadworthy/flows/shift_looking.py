"""An exchange beside its release's reference: in an evaluation at once, live after it left.

Enters: an observation and its texts. Leaves: how it stands to the reference, no words of it. What
never happens here: an exchange of a release with a reference passed over; what could not be looked
at says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from roadworthy.detectors import ood
from roadworthy.domain import (
    AddressState,
    DetectorError,
    Finding,
    Observation,
    Reference,
    ReleaseContent,
    RoadworthyError,
    Shift,
    TextContext,
    UsageError,
)
from roadworthy.release import reference_digest, reference_of

from .after_looking import Noticed

INSTALL = "pip install 'roadworthy[embeddings]'"

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


class ReferenceInspector:
    """The Inspector port over a reference: an input that is flagged is a finding, whole."""

    def __init__(self, detector: ood.Detector, kind: str) -> None:
        self._detector = detector
        self._kind = kind

    async def inspect(self, text: str, context: TextContext) -> list[Finding]:
        """One finding over the whole text where it is out of scope. A tenth of a millisecond."""
        if not self._detector.look(text).flagged:
            return []
        return [Finding(kind=self._kind, start=0, end=len(text))]

    def states(self) -> tuple[AddressState, ...]:
        """Nothing: it is in this process."""
        return ()

    async def aclose(self) -> None:
        """Nothing to release."""


def reference_inspector(content: ReleaseContent, kind: str) -> ReferenceInspector:
    """What a rail `ood` looks by. Raises UsageError without a reference, and as `shift_looker`."""
    reference = reference_of(content)
    if reference is None:
        raise UsageError(
            "a rail holds inputs against the candidate's reference, and it names none",
            fix="fit one with `roadworthy ood fit`, and name it under `ood` in the candidate",
        )
    return ReferenceInspector(detector_of(reference), kind)


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


def detector_of(reference: Reference) -> ood.Detector:
    """The reference's detector, with the table of meanings that it was fitted with. Raises so."""
    require_numpy()
    return ood.Detector(reference, meanings() if "meant" in reference.detector else None)


def meanings() -> ood.VectorOf:
    """The table of meanings of words. Raises UsageError where its package is missing."""
    from roadworthy.providers import word_vectors

    return word_vectors()


def require_numpy() -> None:
    """Raises UsageError where numpy is missing."""
    from importlib.util import find_spec

    if find_spec("numpy") is None:
        raise UsageError("holding inputs against a reference needs numpy", fix=INSTALL)
