"""A reference: what a system's inputs look like when it is used for what it was made for.

`roadworthy ood fit` writes it, `candidate.yaml` names it under `ood`, and so the candidate's digest
covers its every byte. It holds numbers, single words that are hashed, and in clear the values of
facets and the labels that topics are named after; no text can be read back.
"""

from __future__ import annotations

import math
from typing import Literal

from msgspec import UNSET, UnsetType, field

from .calibration import Limit
from .charter import Positive
from .clock import Instant
from .file import File
from .shift import ReferenceCounts


class Packed(File, frozen=True, kw_only=True):
    """A table of numbers."""

    shape: list[Positive]
    type: Literal["f2", "f4", "i1", "i4", "u4", "u8"]
    """Bits and kind of a number, little-endian."""
    data: str
    """Base64."""


class Reference(File, frozen=True, kw_only=True):
    """The whole file."""

    roadworthy: int = 1
    system: str
    source: str
    """The suite or the file that the references are from."""
    source_digest: str
    date: Instant
    fitted: Positive
    """References that the detector was fitted on."""
    held: Positive
    """Others, on which the threshold was set."""
    labelled: bool
    """Whether the detector knows kinds of inputs from labels, or found them itself."""
    false_alarm: Limit
    """The share of in-scope inputs that may be flagged."""
    threshold: float
    """Scores above it are flagged."""
    facets: dict[str, list[str]] = field(default_factory=dict)
    """Facet -> its values that were seen."""
    topics: list[str] = field(default_factory=list)
    """Names of the parts of the inputs."""
    output_topics: list[str] = field(default_factory=list)
    detector: dict[str, Packed]
    """The fitted detector, table by table."""
    settings: dict[str, float] = field(default_factory=dict)
    """Its numbers."""
    encoder: str | UnsetType = UNSET
    """The sentence encoder that it was fitted with, and the digest of its weights."""
    counts: ReferenceCounts


def reference_faults(reference: Reference) -> list[str]:
    """What no type can say of it, in words; empty when it holds together."""
    found = []
    if not math.isfinite(reference.threshold):
        found.append("its threshold is no number")
    if not all(math.isfinite(value) for value in reference.settings.values()):
        found.append("one of its settings is no number")
    for name, table in sorted(reference.detector.items()):
        wanted = math.prod(table.shape) * int(table.type[1])
        if len(table.data) != 4 * -(-wanted // 3):
            found.append(f"the table `{name}` is not whole")
    for what, counted in (("inputs", reference.topics), ("outputs", reference.output_topics)):
        if set(getattr(reference.counts, what)) - set(counted):
            found.append(f"the {what} are counted in topics that it does not have")
    return found
