"""A release's reference, ready: its detector with what says meanings, and the rail that asks it.

Enters: a release's content. Leaves: a detector. What never happens here: a broken reference, or one
whose table or encoder is not installed, taken for none.
"""

from __future__ import annotations

from msgspec import UNSET

from roadworthy.detectors import ood
from roadworthy.domain import (
    AddressState,
    Finding,
    Reference,
    ReleaseContent,
    TextContext,
    UsageError,
)
from roadworthy.release import reference_of

INSTALL = "pip install 'roadworthy[embeddings]'"


class ReferenceInspector:
    """The Inspector port over a reference: an input that is flagged is a finding, whole."""

    def __init__(self, detector: ood.Detector, kind: str) -> None:
        self._detector = detector
        self._kind = kind

    async def inspect(self, text: str, context: TextContext) -> list[Finding]:
        """One finding over the whole text where it is out of scope.

        It takes a tenth of a millisecond, a few where the reference has an encoder.
        """
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


def detector_of(reference: Reference) -> ood.Detector:
    """The reference's detector, with what it was fitted with. Raises so."""
    require_numpy()
    if reference.encoder is not UNSET:
        return ood.Detector(reference, encoder=encoder())
    return ood.Detector(reference, meanings() if "meant" in reference.detector else None)


def meanings() -> ood.VectorOf:
    """The table of meanings of words. Raises UsageError where its package is missing."""
    from roadworthy.providers import word_vectors

    return word_vectors()


def encoder() -> ood.Encoder:
    """The sentence encoder. Raises UsageError where what it needs is missing."""
    from roadworthy.providers import sentence_encoder

    return sentence_encoder()


def require_numpy() -> None:
    """Raises UsageError where numpy is missing."""
    from importlib.util import find_spec

    if find_spec("numpy") is None:
        raise UsageError("holding inputs against a reference needs numpy", fix=INSTALL)
