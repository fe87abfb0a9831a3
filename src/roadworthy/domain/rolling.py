"""A rollout under way: which release, how far, and what the comparison of its two arms says."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from .clock import Instant
from .rollout import LEAST_SHARE, Rollout, RolloutStep
from .routing import Arm

RollingState = Literal["running", "paused", "promoted", "aborted"]
ArmVerdict = Literal["safe", "worse", "undecided", "no data"]
"""`safe`: worse by less than the margin, if at all · `worse`: proven worse than the live release ·
`undecided`: neither is proven, which moves nothing."""


class Rolling(Struct, frozen=True, kw_only=True):
    """A rollout as the ledger tells it."""

    id: str
    system: str
    release: str
    candidate: str
    path: str
    """Where its bundle lies (inside the workspace)."""
    baseline: str
    """The release that was live when it began: the other arm."""
    plan: Rollout
    step: int = 0
    state: RollingState = "running"
    started_at: Instant
    stepped_at: Instant
    """Since when it is at this step."""
    resumed_at: Instant = ""
    """When a person last let it go on."""
    seq: int = 0
    """The ledger's entry with which it began: what comes after it is about it."""
    share: float | None = None
    """Of a bandit: what its shares follow said last."""
    weighed_at: Instant = ""
    by: str
    """Who did what is newest of it."""
    reason: str = ""

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ("promoted", "aborted")

    @property
    def here(self) -> RolloutStep:
        """The step that it is at."""
        return self.plan.steps[self.step]

    @property
    def last(self) -> bool:
        """Whether only going live is left."""
        return self.step + 1 == len(self.plan.steps)

    @property
    def weight(self) -> float:
        """The share of the requests that the new release gets now."""
        most = self.here.weight_percent / 100
        if self.plan.strategy != "bandit":
            return most
        half = LEAST_SHARE + (most - LEAST_SHARE) / 2
        return half if self.share is None else min(most, max(LEAST_SHARE, self.share))

    @property
    def arm(self) -> Arm | None:
        """What the routing table says of it; None once it is over."""
        if self.over:
            return None
        step = self.here
        return Arm(
            rollout=self.id,
            release=self.release,
            path=self.path,
            kind="shadow" if self.plan.strategy == "shadow" else "canary",
            share=self.weight,
            tenants=tuple(step.tenants),
            facets={name: tuple(values) for name, values in step.facets.items()},
            sticky=self.plan.sticky,
            since=self.started_at,
        )


class ArmComparison(Struct, frozen=True, kw_only=True):
    """One indicator on both arms, valid however often it was looked at."""

    indicator: str
    verdict: ArmVerdict
    live: float | None
    """Mean of the live arm; larger is worse."""
    new: float | None
    live_n: int = 0
    new_n: int = 0
    low: float | None = None
    """Of new minus live: a confidence sequence, at all looks together."""
    high: float | None = None
    worse: float = 1.0
    """E-value against "the new one is not worse"."""
    safe: float = 1.0
    """E-value against "the new one is worse by the margin or more"."""


class Looked(Struct, frozen=True, kw_only=True):
    """What a rollout's analysis says now."""

    rollout: str
    at: Instant
    comparisons: tuple[ArmComparison, ...] = ()
    unwatched: tuple[str, ...] = ()
    """Indicators of the plan that no single answer tells, so that they are not compared."""
    violations: int = 0
    """Never events that the new arm violated."""
    uncompared: dict[str, int] = {}
    """Answers of the new arm that say nothing of it, by why: refused, interrupted by the caller."""
    why_stopped: str = ""
    """What ends the rollout; empty while nothing does."""

    @property
    def verdict(self) -> ArmVerdict:
        """Of all indicators together: the worst, and nothing is safe while one is undecided."""
        if self.why_stopped:
            return "worse"
        said = {each.verdict for each in self.comparisons}
        for verdict in ("worse", "undecided", "no data"):
            if verdict in said:
                return verdict
        return "safe" if said else "no data"


class RolloutStatus(Struct, frozen=True, kw_only=True):
    """A rollout and its analysis, as `roadworthy rollout status` gives them."""

    rolling: Rolling
    looked: Looked | None
    """None where no control process has looked yet."""
    baked: bool
    """Whether the step has lasted as long as the plan says."""
    routed: bool
    """Whether the routing table sends requests to it."""
    next: str = field(default="")
    """What would happen, or is to be done, next."""
