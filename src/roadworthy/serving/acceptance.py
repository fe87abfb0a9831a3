"""Whether a decision stands by itself: its confidence recalibrated, and held against a threshold.

Enters: a decision as the model gave it, and what was fitted on labelled cases. Leaves: the decision
with a confidence that can be believed, and why a person must decide, if one must. Never here: a
decision that stands because nobody knows how sure it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct, structs

from roadworthy.domain import Calibration, Decision, FittedMap

from .decision import Decided

UNSURE = "less sure than the accept threshold"
UNPROVEN = "no accept threshold is proven"


class Acceptance(Struct, frozen=True, kw_only=True):
    """What a release asks of a decision, compiled."""

    accept: float | Literal["auto"] = 0.0
    map: Callable[[float], float] | None = None
    threshold: float | None = None
    """Of the model's own confidence, for `auto`: a map that was fitted on the same cases may not
    move what was proven on them."""

    def calibrated(self, decided: Decided) -> Decided:
        """The decision with the share of such decisions that are right as its confidence."""
        said = decided.confidence
        if self.map is None or said is None or not 0.0 <= said <= 1.0:
            return decided
        return structs.replace(decided, confidence=self.map(said), said=said)

    def doubt(self, decided: Decided) -> str:
        """Why a person must decide instead; empty when the decision stands by itself."""
        if not decided.label:
            return "the model named none of the labels"
        if self.accept != "auto":
            sure = decided.confidence
            # Only a comparison that holds lets an answer stand: NaN holds none.
            stands = not self.accept or (sure is not None and sure >= self.accept)
            return "" if stands else UNSURE
        if self.threshold is None:
            return UNPROVEN
        said = decided.confidence if decided.said is None else decided.said
        return "" if said is not None and said >= self.threshold else UNSURE


def compile_acceptance(decision: Decision | None, calibration: Calibration | None) -> Acceptance:
    """What the candidate's decision block and its calibration file ask for."""
    if decision is None:
        return Acceptance()
    if calibration is None:
        return Acceptance(accept=decision.accept)
    fitted = calibration.threshold
    return Acceptance(
        accept=decision.accept,
        map=None if calibration.map is None else compile_map(calibration.map),
        threshold=None if fitted is None else fitted.threshold,
    )


def compile_map(fitted: FittedMap) -> Callable[[float], float]:
    """The map that a calibration file holds."""
    from roadworthy.statistics import IsotonicMap, LogisticMap  # only who calibrates pays for it

    if fitted.kind == "isotonic":
        return IsotonicMap(confidences=tuple(fitted.confidences), shares=tuple(fitted.shares))
    return LogisticMap(slope=fitted.slope, offset=fitted.offset)
