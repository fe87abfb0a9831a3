"""rollout.yaml: how a release reaches people, pinned in it and walked by `roadworthy rollout`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, field

from .charter import Positive
from .file import File


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
    does not matter, 0.02), `compare_with: baseline` (the live release, at the same time)."""
    limits: dict[str, Any] = field(default_factory=dict)
    """Kept for a later version: a tenant's limits are in `roadworthy keys tenant`."""
    approvals: dict[str, Positive] = field(default_factory=dict)
