"""How an exchange stands to what its release was made for: numbers and names, none of its words.

An evaluation says it in its rows; of live answers it is looked at after they left and joined by id.
"""

from __future__ import annotations

from msgspec import Struct, field

from .charter import Count
from .file import File


class Shift(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One exchange beside a release's reference; what nobody looked at is None, never False."""

    reference: str = ""
    """Digest of the reference it was held against; empty: there was none."""
    score: float | None = None
    """How far the input lies from the reference; larger is farther. Out-of-distribution score."""
    flagged: bool | None = None
    """Whether the score is beyond the reference's conformal threshold."""
    topic: str = ""
    """The part of the reference that the input lies nearest to."""
    output_topic: str = ""
    """The same of the answer that left."""
    new_words: float | None = None
    """Share of the input's words that the reference does not have (lexical novelty)."""
    new_facets: tuple[str, ...] | None = None
    """Facets with a value that the reference does not have."""
    sketch: str = ""
    """Of a flagged input: 64 bits, hexadecimal, most of them the same for inputs of like words."""
    model_written: bool | None = None
    """Whether a detector takes the input for a model's text."""
    rephrased: bool | None = None
    """Whether it asks again, in other words, what its session asked just before."""
    unseen: str = ""
    """Why it could not be looked at."""


class Reviewed(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a person decided about an answer that was held, or drawn for a look."""

    decision: str
    """`approve`, `edit` or `refuse`."""
    overturned: bool
    """Whether the machine's answer did not stand: edited, refused, or of another label."""
    waited_ms: float
    """From the hold to the decision that counts."""
    blind: bool = False
    """Whether the reviewer decided before seeing the machine's answer."""


class ReferenceCounts(File, frozen=True, kw_only=True):
    """What a reference holds, as plain counts: what later windows are held against."""

    inputs: dict[str, Count] = field(default_factory=dict)
    """Topic -> references whose input lies in it, of those that topics were not found in."""
    outputs: dict[str, Count] = field(default_factory=dict)
    """The same of their answers; empty where the references have none."""
    decisions: dict[str, Count] = field(default_factory=dict)
    truths: dict[str, dict[str, Count]] = field(default_factory=dict)
    """Decision -> truth -> references, of those of which both are known."""
    words: Count = 0
    """Different words in all inputs."""
    n: Count = 0
    """References: each input once."""
