"""What is scored after the answer left, on a random sample (see `drawn.py`)."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, field

from .case import ScorerSpec
from .charter import Positive
from .drawn import Drawable
from .file import File


class OnlineScore(File, frozen=True, kw_only=True):
    """A scorer or judge that looks at a share of the live answers after they left."""

    scorer: str
    """One that needs no expectation of a case: refusal, detector, regex with its own pattern …, or
    a judge's rubric."""
    name: str = ""
    """The score's; left out, the scorer's."""
    options: dict[str, Any] = field(default_factory=dict)
    share: Drawable
    """Of the answers that left, drawn at random: 0.01 is one in a hundred."""
    shares: dict[str, Drawable] = field(default_factory=dict)
    """`facet=value`, `tenant=NAME` or `endpoint=ID` -> the share there, where that is larger: no
    caller is looked at less for what they say of themselves."""
    per_hour: Positive = 3600
    """The most that are looked at within an hour; what is drawn beyond is skipped, and counts as
    unknown."""
    within_s: Annotated[float, Meta(gt=0, le=604_800)] = 3600.0
    """A drawn answer that is older when its turn comes is skipped, too."""

    @property
    def spec(self) -> ScorerSpec:
        """The same as a suite names it."""
        return ScorerSpec(scorer=self.scorer, name=self.name, options=self.options)
