"""rollout.yaml: how a release reaches people, pinned in it and walked by `roadworthy rollout`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from msgspec import Meta, field

from .charter import Positive
from .file import File
from .objective import parse_duration


class RolloutStep(File, frozen=True, kw_only=True):
    """One step: how much, for how long, judged by what."""

    weight_percent: Annotated[float, Meta(ge=0, le=100)]
    bake: str = "1h"
    tenants: list[str] = field(default_factory=list)
    facets: dict[str, list[str]] = field(default_factory=dict)
    approval: bool = False


COMPARED = (
    "accuracy", "availability", "blocked", "coverage", "error_rate", "feedback_score", "latency",
    "never_event_attempts", "never_event_violations", "review_volume", "satisfaction", "ttft",
)  # fmt: skip
"""Indicators that single answers tell, so that two arms are compared by them as answers come."""


class Rollout(File, frozen=True, kw_only=True):
    """The whole of rollout.yaml."""

    roadworthy: int = 1
    strategy: Literal["shadow", "canary", "blue_green", "ab", "bandit"] = "canary"
    steps: list[RolloutStep] = field(default_factory=list)
    sticky: Literal["session", "tenant", "none"] = "session"
    analysis: dict[str, Any] = field(default_factory=dict)
    """How the two arms are compared: `indicators` (of single answers, where 1 is not well), `alpha`
    (how often a release that is no worse may be aborted, 0.05), `margin` (worse by less than that
    does not matter, 0.02), `compare_with: baseline` (the live release, at the same time),
    `undecided_after` (how long a step may last without proof, 14d) and `if_undecided` (then:
    `hold`, a person lets it go on, or `abort`)."""
    limits: dict[str, Any] = field(default_factory=dict)
    """Kept for a later version: a tenant's limits are in `roadworthy keys tenant`."""
    approvals: dict[str, Positive] = field(default_factory=dict)


ANALYSIS = ("alpha", "margin", "indicators", "compare_with", "undecided_after", "if_undecided")
"""What `analysis` may say."""


def analysis_faults(analysis: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """What of `analysis` cannot be compared by: key, what is wrong, and what would be right."""
    for key, value in analysis.items():
        if key in ("alpha", "margin") and not _is_share(value):
            yield key, f"cannot be {value!r}", "write a share between 0 and 1, such as 0.05"
        elif key == "compare_with" and value != "baseline":
            fix = "write `baseline`: the release that is live at the same time"
            yield key, f"cannot be {value!r}", fix
        elif key == "undecided_after" and not _is_duration(value):
            yield key, f"cannot be {value!r}", "write how long a step may last, such as 14d"
        elif key == "if_undecided" and value not in ("hold", "abort"):
            yield key, f"cannot be {value!r}", "write `hold` or `abort`"
        elif key == "indicators" and not _are_names(value):
            yield key, "is no list of names", "write a list such as [error_rate, coverage]"


LEAST_SHARE = 0.05
"""Of a bandit's requests the new release gets so many however it does: else nobody learns more."""

MOST_SHARE = 0.9
"""And at most: the live release keeps a tenth, or there is nothing to compare with."""


def bandit_faults(plan: Rollout) -> Iterator[tuple[int, str]]:
    """Steps (by place) of a bandit whose weight, the most that it may give, cannot be."""
    for place, step in enumerate(plan.steps):
        if not LEAST_SHARE < step.weight_percent / 100 <= MOST_SHARE:
            yield place, f"a bandit's step cannot give at most {step.weight_percent:g} %"


def _is_share(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1


def _is_duration(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_duration(value) > 0
    except ValueError:
        return False


def _are_names(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)
