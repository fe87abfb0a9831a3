"""What ratings are worth: how far raters agree, and what sways each of them.

Enters: the votes on one task. Leaves: shares with their intervals, each with its n. Position: how
often the left answer was chosen (sides were drawn by lot, so 0.5 is none). Length: how often the
longer answer was. Severity: how much lower a rater's levels are than the others' on the same
items. Attention: how often the right choice of a gold item was made. None where there is no data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Literal

from msgspec import Struct

from roadworthy.statistics import (
    Interval,
    clopper_pearson,
    krippendorff_alpha,
    mean_interval,
    share_interval,
)

from .votes import Ballot, Vote


class Share(Struct, frozen=True, kw_only=True):
    """A share of choices, or a mean, with the interval at 95 %."""

    value: float
    low: float | None
    high: float | None
    n: int


class RaterWorth(Struct, frozen=True, kw_only=True):
    """What one rater's ratings are worth."""

    rater: str
    rated: int
    skipped: int
    seconds: float | None
    """Median over items; None in data without times."""
    gold: Share | None
    left: Share | None
    """How often left, of the choices for one side."""
    longer: Share | None
    """How often the longer text, of the choices for one of two texts of different length."""
    severity: Share | None
    """Mean difference to the other raters' mean on the same items; below 0 is stricter."""


def overall(ballot: Ballot) -> Share | None:
    """The mean rating, or how often the first answer was preferred, by case.

    n counts items however many raters each had; the interval is about cases, for these raters.
    """
    means = list(ballot.means().values())
    if not means:
        return None
    total = sum(means)
    bounds = share_interval(total, len(means))
    return Share(value=total / len(means), low=bounds.low, high=bounds.high, n=len(means))


class Agreed(Struct, frozen=True, kw_only=True):
    """How far raters agree beyond chance."""

    scale: Literal["nominal", "ordinal"]
    alpha: float | None
    low: float | None = None
    high: float | None = None
    items: int = 0
    """With two raters at least."""
    reason: str = ""
    """Why it is not measured."""


def agreement(ballot: Ballot) -> Agreed:
    """Krippendorff's alpha: nominal side by side, ordinal by levels. Attention items count not."""
    rubric = ballot.task.rubric
    scale: Literal["nominal", "ordinal"] = "nominal" if rubric is None else "ordinal"
    units = [
        [vote.choice if rubric is None else rubric.levels.index(vote.choice) for vote in votes]
        for votes in ballot.by_item().values()
    ]
    try:
        found = krippendorff_alpha(units, scale)
    except ValueError as error:
        return Agreed(scale=scale, alpha=None, reason=str(error))
    bounds = found.interval
    return Agreed(
        scale=scale, alpha=found.value, items=found.units,
        low=bounds.low if bounds else None, high=bounds.high if bounds else None,
    )  # fmt: skip


def worth_of(ballot: Ballot) -> list[RaterWorth]:
    """Each rater, by name."""
    return [_worth(ballot, rater) for rater in ballot.raters()]


def _worth(ballot: Ballot, rater: str) -> RaterWorth:
    mine = [vote for vote in ballot.votes if vote.rater == rater]
    said = [vote for vote in mine if vote.choice]
    sides = ballot.task.rubric is None
    times = [vote.seconds for vote in said if vote.seconds]
    return RaterWorth(
        rater=rater,
        rated=len(said),
        skipped=len(mine) - len(said),
        seconds=median(times) if times else None,
        gold=_share(vote.choice == vote.item.gold for vote in said if vote.item.gold),
        left=_share(map(_chose_left, filter(_chose_one, said))) if sides else None,
        longer=_share(_each(_chose_longer, said)) if sides else None,
        severity=None if sides else _severity(ballot, rater),
    )


def _chose_one(vote: Vote) -> bool:
    return vote.choice in ("first", "second")


def _chose_left(vote: Vote) -> bool:
    return (vote.choice == "first") != vote.swapped


def _chose_longer(vote: Vote) -> bool | None:
    first, second = (len(answer.output) for answer in vote.item.answers)
    if not _chose_one(vote) or first == second:
        return None
    return (vote.choice == "first") == (first > second)


def _each(question: Callable[[Vote], bool | None], votes: Sequence[Vote]) -> Iterable[bool]:
    return (said for vote in votes if (said := question(vote)) is not None)


def _share(answers: Iterable[bool]) -> Share | None:
    found = list(answers)
    if not found:
        return None
    count, n = sum(found), len(found)
    bounds = clopper_pearson(count, n)
    return Share(value=count / n, low=bounds.low, high=bounds.high, n=n)


def _severity(ballot: Ballot, rater: str) -> Share | None:
    """Paired by item, so that hard items count alike for all."""
    gaps = []
    for votes in ballot.by_item().values():
        own = [ballot.value(vote) for vote in votes if vote.rater == rater]
        others = [ballot.value(vote) for vote in votes if vote.rater != rater]
        if own and others:
            gaps.append(own[0] - sum(others) / len(others))
    if not gaps:
        return None
    bounds: Interval | None = mean_interval(gaps) if min(gaps) < max(gaps) else None
    low, high = (bounds.low, bounds.high) if bounds else (None, None)
    return Share(value=sum(gaps) / len(gaps), low=low, high=high, n=len(gaps))
