"""A random sample of live answers: how an answer stands in it, and which go to reviewers.

One number belongs to each answer, made by a keyed hash of its id: neither caller nor answer chooses
it, and whoever has the key can make it again. An answer is in a sample of a share p when its number
is below p, so that a smaller sample lies within a larger one: what people judge, a judge has looked
at too, and can be corrected by it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from .file import File

UPHELD = "upheld"
"""The score that a blind review of a drawn answer gives: 1 the answer stood, 0 it did not."""

Drawable = Annotated[float, Meta(gt=0, le=1)]
_AtLeastOne = Annotated[int, Meta(ge=1)]


class ReviewSample(File, frozen=True, kw_only=True):
    """Which share of the answers that left goes to reviewers, who judge before they see it."""

    share: Drawable
    """Drawn at random: 0.01 is one in a hundred."""
    shares: dict[str, Drawable] = field(default_factory=dict)
    """`facet=value`, `tenant=NAME` or `endpoint=ID` -> the share there, where that is larger: no
    caller is looked at less for what they say of themselves."""
    per_day: _AtLeastOne = 50
    """The most that is given to people within 24 hours; what is drawn beyond is skipped, and
    counts as unknown."""


class Drawn(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How an answer stands in the sample of one score."""

    score: str
    share: float
    """The probability with which it was, or would have been, drawn."""
    taken: bool = False
    """Whether it was drawn."""
    value: float | None = None
    """The score, where something looked."""
    skipped: str = ""
    """Why nobody looked although it was drawn."""
    judge: dict[str, Any] = field(default_factory=dict)
    """Of a judge's score: which judge, what it said, how sure it was; no word of its own."""


def drawing(key: bytes, observation: str) -> float:
    """The number of an answer, in [0, 1): 53 bits of HMAC-SHA256 over its id.

    `key` is secret, so that nobody can make ids that are never, or always, drawn.
    """
    return (int.from_bytes(hmac.digest(key, observation.encode(), "sha256")[:8]) >> 11) / 2**53


def share_for(
    share: float, shares: Mapping[str, float], *, tenant: str, endpoint: str,
    facets: Mapping[str, str],
) -> float:  # fmt: skip
    """The largest of the shares that an answer has: its slices', and the one of all."""
    if not shares:
        return share
    of = {**facets, "tenant": tenant, "endpoint": endpoint}
    return max([share, *(p for where, p in shares.items() if _is_in(where, of))])


def _is_in(where: str, of: Mapping[str, str]) -> bool:
    name, _, value = where.partition("=")
    return of.get(name) == value
