"""A calibration file: what a model's confidences are worth, fitted on cases used for nothing else.

`roadworthy calibrate` writes it, `candidate.yaml` names it under `decision.calibration`, and so the
candidate's digest covers its every byte.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from .charter import Count, Positive, Share
from .clock import Instant
from .file import File

Guarantee = Literal["answered", "all"]
"""answered: of the requests that are answered at most `limit` are wrong, with `certainty` (learn
then test) · all: of all requests at most `limit` are answered wrongly, on average (conformal risk
control)."""

MapKind = Literal["isotonic", "platt", "temperature"]

Limit = Annotated[float, Meta(gt=0, lt=1)]


class FittedMap(File, frozen=True, kw_only=True):
    """From what the model says of its confidence to how often it was right."""

    kind: MapKind
    confidences: list[Share] = field(default_factory=list)
    """Of `isotonic`: rising, one for each of `shares`."""
    shares: list[Share] = field(default_factory=list)
    slope: Annotated[float, Meta(gt=0)] = 1.0
    """Of `platt` and `temperature`, on the logit of the confidence."""
    offset: float = 0.0


class FittedThreshold(File, frozen=True, kw_only=True):
    """From which confidence on an answer stands by itself, and what is promised of those."""

    guarantee: Guarantee
    limit: Limit
    certainty: Limit | None = None
    """Of `answered`."""
    threshold: Share | None = None
    """Of the model's own confidence, before any map; none: nothing is proven, so nothing is
    answered without a person."""
    answered: Count = 0
    wrong: Count = 0
    """Of the labelled cases, at the threshold."""


class Reliability(File, frozen=True, kw_only=True):
    """How far confidences are from the share that was right, on the labelled cases."""

    adaptive_ece: Share
    brier: Share


class Calibration(File, frozen=True, kw_only=True):
    """The whole file."""

    roadworthy: int = 1
    system: str
    candidate: str
    """Digest of the candidate whose confidences these are: everything but this calibration."""
    suite: str
    suite_digest: str
    run: str
    date: Instant
    n: Positive
    """Labelled cases with a confidence, each question and each family of grown cases once."""
    map: FittedMap | None = None
    threshold: FittedThreshold | None = None
    before: Reliability
    after: Reliability | None = None
    """With the map, each fifth of the cases by a map that was fitted on the others."""


def calibration_faults(calibration: Calibration) -> list[str]:
    """What no type can say of it, in words; empty when it holds together."""
    found = []
    fitted = calibration.map
    if fitted is not None and fitted.kind == "isotonic":
        pairs = (fitted.confidences, fitted.shares)
        if not fitted.shares or len(fitted.confidences) != len(fitted.shares):
            found.append("the map has not one share for each confidence")
        elif any(list(each) != sorted(each) for each in pairs):
            found.append("the map does not rise")
    threshold = calibration.threshold
    if threshold is not None:
        if threshold.wrong > threshold.answered or threshold.answered > calibration.n:
            found.append("the threshold counts more cases than there were")
        if (threshold.certainty is None) is (threshold.guarantee == "answered"):
            found.append("`certainty` belongs to the guarantee `answered`, and to no other")
    return found
