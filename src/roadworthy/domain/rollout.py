"""rollout.yaml: how a release reaches people. Loaded and pinned now; walked by a later stage."""

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


class Rollout(File, frozen=True, kw_only=True):
    """The whole of rollout.yaml."""

    roadworthy: int = 1
    strategy: Literal["shadow", "canary", "blue_green", "ab", "bandit"] = "canary"
    steps: list[RolloutStep] = field(default_factory=list)
    sticky: Literal["session", "tenant", "none"] = "session"
    analysis: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    approvals: dict[str, Positive] = field(default_factory=dict)
