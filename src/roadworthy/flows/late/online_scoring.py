"""Scores of a random sample of the live answers, given after they left; some go to reviewers.

    1 which     by a number that a keyed hash makes of the answer's id, against the stated share
    2 whether   within the hour's budget, and not too late: else it is skipped, and that is kept
    3 score     each scorer or judge by itself; one that fails is skipped, and that is kept
    4 keep      one outcome with each score and the share it was drawn with

What enters: finished exchanges, long after their callers were served. What leaves: scores, what was
skipped and why. What never happens here: an answer that waits, a share that a caller chose, a
skipped answer passed over in silence, a judge's words kept in clear, an answer that was blocked,
held, drilled or probed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import UNSET, Struct, field, structs

from roadworthy.domain import (
    UPHELD,
    Clock,
    Drawn,
    EvidenceError,
    Instant,
    Observation,
    OnlineScore,
    ProviderError,
    ReleaseContent,
    ReviewSample,
    RoadworthyError,
    Witness,
    drawing,
    find_indicator,
    parse_instant,
    score_name,
    share_for,
)

from ..entries.review_entries import rules_of
from .after_looking import Noticed
from .budgets import Budgets

PURPOSE = "online sample"
"""What the drawing's key is derived for."""

TRAFFIC = frozenset({"live", "canary"})
RESTS_S = 30.0
"""How long a judge that did not answer is left alone; what is drawn meanwhile is skipped."""

HOUR_S, DAY_S = 3600.0, 86_400.0

ERASED = "its texts were erased"
LATE = "its turn came too late"
UNDECIDED = "nobody decided about it in time"


class Given(Struct, frozen=True, kw_only=True):
    """What a scorer or judge said of an answer."""

    value: float | None
    """None: it does not apply to this answer."""
    judge: dict[str, Any] = field(default_factory=dict)


class Gives(Struct, frozen=True, kw_only=True):
    """A score that is ready to be given."""

    rule: OnlineScore
    give: Callable[[Observation, Witness, str], Given]
    """(the answer's record, its texts, what left). Raises RoadworthyError when it cannot."""


class Samples(Struct, frozen=True, kw_only=True):
    """What a release has sampled."""

    scores: Mapping[str, OnlineScore]
    """By the score's name."""
    review: ReviewSample | None = None
    within_hours: int = 24
    """Until when reviewers decide."""


def samples_of(content: ReleaseContent) -> Samples | None:
    """What a release has sampled; None where it has nothing."""
    said, sample = content.slos.online, content.charter.review.sample
    scores = {score_name(each.spec): each for each in said} if said is not UNSET else {}
    if not scores and sample is UNSET:
        return None
    return Samples(
        scores=scores,
        review=None if sample is UNSET else sample,
        within_hours=rules_of(content.charter, "").within_hours,
    )


SamplesOf = Callable[[str, str], Samples | None]
"""(system, release) -> what it has sampled; None where that is nothing, or the release is gone."""


def is_sampled(metric: str, samples: Samples) -> bool:
    """Whether an indicator, or a score by its name, is of what is drawn."""
    scores = {*samples.scores, *((UPHELD,) if samples.review is not None else ())}
    spec = find_indicator(metric)
    needs = spec.needs if spec is not None else (f"score:{metric}",)
    return any(need.removeprefix("score:") in scores for need in needs)


def is_sampled_from(seen: Observation) -> bool:
    """Whether an answer is among those that may be drawn: it left, to somebody who asked."""
    return seen.stage in TRAFFIC and seen.action == "answered" and seen.status == "ok"


def _shares(samples: Samples, seen: Observation) -> dict[str, float]:
    """Score -> the probability with which this answer is drawn for it."""
    rules: dict[str, OnlineScore | ReviewSample] = {**samples.scores}
    if samples.review is not None:
        rules[UPHELD] = samples.review
    return {
        name: share_for(
            rule.share, rule.shares, tenant=seen.tenant, endpoint=seen.endpoint, facets=seen.facets
        )
        for name, rule in rules.items()
    }


def with_shares(seen: Observation, samples: Samples, now: Instant) -> Observation:
    """The answer with the share of each score for which it was not drawn, or not yet.

    What reviewers did not decide in time counts as skipped: they may have left out the hard ones.
    """
    if not is_sampled_from(seen):
        return seen
    known = {each.score: each for each in seen.drawn}
    drawn = [
        known.get(name) or Drawn(score=name, share=share)
        for name, share in _shares(samples, seen).items()
    ]
    if UPHELD in known and seen.reviewed is None and not known[UPHELD].skipped:
        waited = (parse_instant(now) - parse_instant(seen.time)).total_seconds()
        if waited > samples.within_hours * HOUR_S:
            late = structs.replace(known[UPHELD], skipped=UNDECIDED)
            drawn = [late if each.score == UPHELD else each for each in drawn]
    return structs.replace(seen, drawn=tuple(drawn))


def as_drawn(
    rows: Sequence[Observation], samples: SamplesOf, now: Instant, *, metric: str = ""
) -> list[Observation]:
    """Each answer with the shares of the release that gave it; `metric`: where that is drawn.

    Of a release that is gone only what was drawn is known: how many there were is estimated.
    Without `now` nothing is late.
    """
    asked = {(row.system, row.release) for row in rows}
    found = {each: samples(*each) for each in asked}
    known = {
        each: one for each, one in found.items() if one and (not metric or is_sampled(metric, one))
    }
    if not known:
        return list(rows)
    return [
        with_shares(row, of, now or row.time)
        if (of := known.get((row.system, row.release)))
        else row
        for row in rows
    ]


class OnlineScoring:
    """Scores the sample of one release. One thread's."""

    name = "online"

    def __init__(
        self,
        samples: Samples,
        gives: Sequence[Gives],
        *,
        release: str,
        key: bytes,
        clock: Clock,
        budgets: Budgets,
    ) -> None:
        """`key` is secret: by it alone anybody could tell which ids are drawn."""
        self._samples = samples
        self._gives = {score_name(each.rule.spec): each for each in gives}
        self._key = key
        self._clock = clock
        self._release, self._budgets = release, budgets
        self._rests: dict[str, float] = {}
        """Score -> until when its judge is left alone."""

    def wants(self, seen: Observation) -> bool:
        """1. Whether an answer is drawn for any score."""
        return is_sampled_from(seen) and bool(self._drawn_for(seen))

    def _drawn_for(self, seen: Observation) -> dict[str, float]:
        number = drawing(self._key, seen.id)
        return {name: p for name, p in _shares(self._samples, seen).items() if number < p}

    def score(self, seen: Observation, texts: Witness | None, left: str | None) -> Noticed:
        """Every score for which it was drawn, or why there is none."""
        return Noticed(
            drawn=tuple(
                self._one(name, share, seen, texts, left)
                for name, share in self._drawn_for(seen).items()
            )
        )

    def _one(
        self, name: str, share: float, seen: Observation, texts: Witness | None, left: str | None
    ) -> Drawn:
        drawn = Drawn(score=name, share=share, taken=True)
        if texts is None or left is None:
            return structs.replace(drawn, skipped=ERASED)
        if why := self._why_not(name, seen):  # 2
            return structs.replace(drawn, skipped=why)
        if name == UPHELD:
            return drawn  # people will say
        try:
            given = self._gives[name].give(seen, texts, left)  # 3
        except ProviderError as error:
            self._rests[name] = self._clock.monotonic() + RESTS_S
            return structs.replace(drawn, skipped=f"its judge failed: {error.unquoted}")
        except Exception as error:  # a fault of one scorer is no fault of the others
            words = error.message if isinstance(error, RoadworthyError) else type(error).__name__
            return structs.replace(drawn, skipped=f"its scorer failed: {words}")
        if given.value is None:
            return structs.replace(drawn, skipped="its scorer says nothing of it")
        return structs.replace(drawn, value=given.value, judge=given.judge)

    def _why_not(self, name: str, seen: Observation) -> str:
        """2. Why it is skipped; empty where it is looked at, which then counts."""
        now = self._clock.monotonic()
        rule = self._samples.scores.get(name)
        review = self._samples.review
        age = (self._clock.now() - parse_instant(seen.time)).total_seconds()
        if rule is not None and age > rule.within_s:
            return LATE
        if now < self._rests.get(name, float("-inf")):
            return "its judge did not answer just before"
        if rule is not None:
            most, lasts = rule.per_hour, HOUR_S
        else:
            assert review is not None
            most, lasts = review.per_day, DAY_S
        try:
            return self._budgets.take(f"{self._release} {name}", most, lasts)
        except EvidenceError as error:
            return f"what was used of the budget could not be kept: {error.message}"
