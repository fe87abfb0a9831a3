"""An emergency rail: one that comes to a running system without a release. It can only tighten.

It looks with a detector that needs nothing beside it, for at most 72 hours, because two people
signed it. It takes no rail's place and changes no prompt: it stands behind the release's own.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from msgspec import Struct, field, structs

from .aim import StopScope, aimed_at
from .clock import Instant, parse_instant
from .digest import digest_of

EMERGENCY = "emergency:"
"""What its name begins with in records."""

MOST_HOURS = 72

EMERGENCY_PEOPLE = 2

EmergencyDetector = Literal[
    "classifier", "deny", "injection", "pattern", "pii", "secrets", "toxicity"
]
"""Those that look at a text alone, in this process."""


class EmergencyRail(Struct, frozen=True, kw_only=True):
    """A rail of the routing table."""

    id: str
    name: str
    scope: StopScope
    value: str
    """As of a kill."""
    system: str
    detector: EmergencyDetector
    on: Literal["input", "output", "both"] = "both"
    action: Literal["block", "hold", "redact"] = "block"
    threshold: float = 0.5
    options: dict[str, Any] = field(default_factory=dict)
    reason: str
    people: tuple[str, ...]
    """Key ids of those who signed it."""
    at: Instant
    until: Instant
    digest: str = ""
    """Of all the rest: what was changed since is damaged, not weaker."""

    @property
    def rail(self) -> str:
        """Its name in records."""
        return EMERGENCY + self.name

    def own_digest(self) -> str:
        """The digest of what it says."""
        return digest_of(structs.replace(self, digest=""))

    def reaches(self, *, system: str, tenant: str, facets: dict[str, str], now: Instant) -> bool:
        """Whether it looks at a request of this system, tenant and slice, at that time."""
        return (
            self.system == system
            and now < self.until
            and aimed_at(self.scope, self.value, system=system, tenant=tenant, facets=facets)
        )

    def damage(self) -> str:
        """Why it cannot be what two people signed; empty where it can."""
        if self.digest != self.own_digest():
            return "it is not what was signed"
        if len(set(self.people)) < EMERGENCY_PEOPLE:
            return f"it names {len(set(self.people))} of {EMERGENCY_PEOPLE} people"
        lasts = parse_instant(self.until) - parse_instant(self.at)
        if lasts > dt.timedelta(hours=MOST_HOURS):
            return f"it would last longer than {MOST_HOURS} hours"
        return ""
