"""The RoutingTable: all that the release line tells the request line. Published atomically."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

from .aim import StopScope, aimed_at
from .clock import Instant
from .emergency import EmergencyRail
from .entry import Checkpoint

DRILL_TENANT = "roadworthy-drill"
"""Whom a drill stops: a tenant that no caller can be."""
PROBE_TENANT = "roadworthy-probe"
"""Who asks probes on the live path: nobody's tenant, either."""
Drill = Literal["kill", "degrade", "rollback"]


class Arm(Struct, frozen=True, kw_only=True):
    """A second release of a system that is rolled out: it answers for a part, or only listens."""

    rollout: str
    """Which rollout it is of; who gets it is drawn anew for each."""
    release: str
    """Digest of its bundle."""
    path: str
    """Where its bundle lies (inside the workspace)."""
    kind: Literal["canary", "shadow"] = "canary"
    """`canary` answers; `shadow` is asked the same, and nobody gets its answer."""
    share: float
    """Of the requests that it is for, 0 to 1."""
    tenants: tuple[str, ...] = ()
    """Whose requests it is for; empty: everybody's."""
    facets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """In which slices; empty: in all."""
    sticky: Literal["session", "tenant", "none"] = "session"
    """Who gets the same release each time."""
    since: Instant = ""


class Route(Struct, frozen=True, kw_only=True):
    """Which release answers for a system."""

    system: str
    live: str
    """Digest of the live release."""
    path: str
    """Where its bundle lies (inside the workspace)."""
    baseline: str = ""
    """Digest of the safe baseline; empty: the static fallback."""
    baseline_path: str = ""
    activated_at: Instant = ""
    activated_by: str = ""
    arm: Arm | None = None
    """What is rolled out beside it."""


class KillFlag(Struct, frozen=True, kw_only=True):
    """A scope that is stopped. Lifted only by two people together."""

    id: str
    scope: StopScope
    value: str
    """System name, tenant name, or `facet=value`."""
    system: str = ""
    """Empty: every system of the workspace."""
    reason: str
    by: str
    """`person:<key id>`, `brake`, `late_rule:<event>`."""
    at: Instant
    never_event: str = ""
    observation: str = ""

    @property
    def drill(self) -> bool:
        """Whether it is a rehearsal: it stops nobody but those who rehearse."""
        return (self.scope, self.value, self.never_event) == ("tenant", DRILL_TENANT, "")

    def stops(self, *, system: str, tenant: str, facets: dict[str, str]) -> bool:
        """Whether a request of this system, tenant and slice is stopped by the flag."""
        if self.system and self.system != system:
            return False
        return aimed_at(self.scope, self.value, system=system, tenant=tenant, facets=facets)


class Mitigation(Struct, frozen=True, kw_only=True):
    """What a breached objective changes for a slice until it is lifted. It can only tighten."""

    id: str
    kind: Literal[
        "degrade_to_safe_mode", "route_to_human_review", "rollback", "narrow_use", "cache_off"
    ]
    """`rollback`: the safe baseline answers, or nobody where there is none; `narrow_use`: what
    `allowed` does not name gets the fallback; `cache_off`: nothing comes from the cache."""
    system: str
    facets: dict[str, str] = field(default_factory=dict)
    """The slice: facets, `tenant` or `endpoint`; empty: the whole system. An empty value is that of
    a request without the facet."""
    objective: str
    reason: str
    at: Instant
    playbook: str = ""
    """Whose step it is; empty: of none, the objective did it by itself."""
    step: int = 0
    """Which one, from 1 on."""
    allowed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of `narrow_use`: facet -> values that are let in."""

    @property
    def drill(self) -> bool:
        """Whether it is a rehearsal: it changes nothing but for those who rehearse."""
        return self.facets.get("tenant") == DRILL_TENANT

    def covers(self, *, system: str, asked: dict[str, str]) -> bool:
        """Whether it is about a request of this system and slice."""
        mine = all(asked.get(name, "") == value for name, value in self.facets.items())
        return mine and self.system == system

    def lets_in(self, facets: dict[str, str]) -> bool:
        """Whether a request may be answered all the same."""
        return self.kind == "narrow_use" and all(
            facets.get(name, "") in values for name, values in self.allowed.items()
        )


_STRICT = ("narrow_use", "degrade_to_safe_mode", "rollback", "route_to_human_review")
"""The strictest first: what keeps a model's answer from leaving at all."""


class RoutingTable(Struct, frozen=True, kw_only=True):
    """One immutable version of everything; `version` only grows."""

    version: int = 0
    published_at: Instant = ""
    routes: dict[str, Route] = field(default_factory=dict)
    kills: tuple[KillFlag, ...] = ()
    mitigations: tuple[Mitigation, ...] = ()
    emergencies: tuple[EmergencyRail, ...] = ()
    """Rails that came without a release; each looks until its own time is over."""
    checkpoint: Checkpoint | None = None
    """The ledger's newest head when this was published: by it a cut tail is seen."""

    def mitigated(
        self, *, system: str, tenant: str, endpoint: str, facets: dict[str, str]
    ) -> Mitigation | None:
        """The mitigation that a request is under: the strictest of those that cover it."""
        if not self.mitigations:
            return None
        asked = {**facets, "tenant": tenant, "endpoint": endpoint}
        found = [
            each
            for each in self.mitigations
            if each.kind != "cache_off"
            and each.covers(system=system, asked=asked)
            and not each.lets_in(facets)
        ]
        return min(found, key=lambda each: _STRICT.index(each.kind), default=None)

    def uncached(
        self, *, system: str, tenant: str, endpoint: str, facets: dict[str, str]
    ) -> Mitigation | None:
        """What keeps a request from the cache."""
        asked = {**facets, "tenant": tenant, "endpoint": endpoint}
        off = (each for each in self.mitigations if each.kind == "cache_off")
        return next((each for each in off if each.covers(system=system, asked=asked)), None)

    def killed(self, *, system: str, tenant: str, facets: dict[str, str]) -> KillFlag | None:
        """The first kill flag that stops this request, or None."""
        for flag in self.kills:
            if flag.stops(system=system, tenant=tenant, facets=facets):
                return flag
        return None
