"""People rate answers: what they are shown, what they may say, and what they said.

A task is fixed first (which answers, drawn with which seed), then a sheet for each rater (in which
order, on which side), then come the ratings. Neither sheet nor task is shown to a rater: a rater
sees texts.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from .charter import Count
from .file import File

RatingKind = Literal["side_by_side", "rubric"]

SIDES = ("left", "right", "tie", "neither")
"""What a rater may say of two answers: one is better, both are equally good, both are bad."""

PREFERENCE = "preference"
"""The name of side-by-side ratings."""

Text = Annotated[str, Meta(max_length=4_000)]


class Rubric(File, frozen=True, kw_only=True):
    """A question about one answer, and the levels that may be said, worst first."""

    question: str
    levels: list[str]
    """At least two, each said in a word or a short sentence."""
    passes_from: str = ""
    """The level from which on an answer is good; empty: levels are graded from 0 to 1."""
    sources: list[str] | UnsetType = UNSET
    """Prompt variables or keys of the case's `context` that are shown as the sources of the answer
    (none: all of `context`); left out, no sources are shown and `expect.rubric` is."""

    def value(self, level: str) -> float:
        """What a level counts: 0 to 1, or with `passes_from` 0 or 1. ValueError when unknown."""
        at = self.levels.index(level)
        if self.passes_from:
            return 1.0 if at >= self.levels.index(self.passes_from) else 0.0
        return at / (len(self.levels) - 1)


class RaterProfile(Struct, frozen=True, kw_only=True):
    """Who rates: what a reader of ratings must know of the person."""

    name: str
    role: str
    """What the person does, in a few words."""
    languages: tuple[str, ...]
    qualified_for: tuple[str, ...] = ()
    """Subjects that the person can judge."""
    interest: str = ""
    """What might sway the person, such as having written the prompt."""


class RatedAnswer(Struct, frozen=True, kw_only=True):
    """One answer of a recorded run. Only `output` is ever shown."""

    run: str
    candidate: str
    observation: str
    output: str


class RatingItem(Struct, frozen=True, kw_only=True):
    """One question to a rater: a case, and one answer or two."""

    id: str
    suite: str
    case: str
    repeat: int = 0
    case_digest: str
    language: str = ""
    input: Any
    matters: str = ""
    """What matters in this case (`expect.rubric`, or its sources), shown beside the answers."""
    answers: tuple[RatedAnswer, ...]
    """The rated run's first; side by side the other run's second."""
    gold: str = ""
    """Of an attention item: the right choice, `first`, `second`, `tie`, `neither` or a level."""


class RatingTask(Struct, frozen=True, kw_only=True):
    """What people are asked to rate; fixed and entered before anybody is asked."""

    version: int = 1
    system: str
    kind: RatingKind
    name: str
    """`preference`, or the name of the rubric."""
    rubric: Rubric | None = None
    seed: int
    runs: tuple[str, ...]
    """Of the rated answers, then of the others."""
    qualifications: tuple[str, ...] = ()
    """The subjects that a rater must be qualified for, all of them."""
    population: int
    """Answers that could be drawn."""
    left_out: dict[str, int] = field(default_factory=dict)
    """Why others could not -> how many."""
    items: tuple[RatingItem, ...]

    @property
    def choices(self) -> tuple[str, ...]:
        """What a rater may say of an item."""
        return SIDES if self.rubric is None else tuple(self.rubric.levels)


class SheetItem(Struct, frozen=True, array_like=True):
    """An item's place on a sheet."""

    item: str
    swapped: bool
    """Whether the second answer stands on the left."""


class Sheet(Struct, frozen=True, kw_only=True):
    """One rater's order of the items and sides."""

    task: str
    rater: str
    key_id: str
    items: tuple[SheetItem, ...]


class Rating(File, frozen=True, kw_only=True):
    """What one rater says of one item: a choice, or a reason for none."""

    item: str
    shown: str
    """Digest of what was shown: input, what matters, texts from left to right."""
    choice: str = ""
    skipped: Text = ""
    comment: Text = ""
    seconds: Count = 0


class RatingFile(File, frozen=True, kw_only=True):
    """What the page exports and `roadworthy rate import` reads."""

    roadworthy: Literal[1] = 1
    task: str
    sheet: str
    rater: str
    key_id: str
    ratings: list[Rating]


class Submission(Struct, frozen=True, kw_only=True):
    """Ratings as they were entered, by digest, in an entry that the rater signed."""

    task: str
    sheet: str
    rater: str
    key_id: str
    via: Literal["terminal", "page"]
    ratings: tuple[Rating, ...]
