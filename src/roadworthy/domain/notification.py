"""Who is told what: targets and routes of roadworthy.toml, and what is told.

A notice holds ids and numbers only: no prompt, no answer, no name of an end user, no word that a
person or a caller wrote.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from .clock import Instant
from .file import File
from .severity import SEVERITIES, Severity, worst_severity

NoticeKind = Literal["incident", "clock", "kill", "objective", "rollout", "review", "test"]
"""What a notice is about. `clock`: a legal period that began, is nearly over, or is over."""

TargetKind = Literal["webhook", "alertmanager", "pagerduty", "email"]


class NoticeTarget(File, frozen=True, kw_only=True):
    """Where notices go. Nothing is ever sent to an address that does not stand here."""

    kind: TargetKind
    url: str = ""
    """Of a webhook, in full; of Alertmanager, up to and without `/api/v2/alerts`; of PagerDuty,
    where it is another than its own. `env:NAME` or `file:PATH` where the address is a secret."""
    credential: str = ""
    """`env:NAME` or `file:PATH`. A webhook's signing secret (`whsec_…`), Alertmanager's bearer
    token, PagerDuty's routing key, the password of `user` at the mail server."""
    host: str = ""
    """Of the mail server."""
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` is for a mail server on this machine alone."""
    user: str = ""
    sender: str = ""
    to: list[str] = field(default_factory=list)
    timeout_s: Annotated[float, Meta(ge=0.1, le=60)] = 10.0


class NoticeRoute(File, frozen=True, kw_only=True):
    """What goes to some targets. What several routes send there goes once."""

    to: list[str]
    """Names of targets."""
    kinds: list[NoticeKind] = field(default_factory=lambda: ["incident", "clock", "kill"])
    severity: Severity = "low"
    """From this one on."""
    systems: list[str] = field(default_factory=list)
    """Left out: all."""


class Notifications(File, frozen=True, kw_only=True):
    """Who is told. Without routes every target gets incidents, clocks and kills."""

    targets: dict[str, NoticeTarget] = field(default_factory=dict)
    routes: list[NoticeRoute] = field(default_factory=list)

    def wants(self, target: str, notice: Notice) -> bool:
        """Whether a target gets a notice; a test goes to whom it is sent."""
        routes = self.routes or [NoticeRoute(to=[target])]
        return notice.kind == "test" or any(
            target in route.to and notice.fits(route) for route in routes
        )


class Notice(Struct, frozen=True, kw_only=True):
    """Something that happened, as it is told."""

    id: str
    """The same whenever it is sent: by it a receiver knows a repeat."""
    kind: NoticeKind
    verb: str
    system: str
    severity: Severity
    was: Severity | None = None
    """What it was before, where that changed."""
    key: str
    """What it is about, the same from its begin to its end: an incident, a kill, a mitigation."""
    at: Instant
    over: bool = False
    """Whether that has ended."""
    about: dict[str, str] = field(default_factory=dict)
    """Ids and numbers."""

    @property
    def summary(self) -> str:
        """In one line."""
        what = f"{self.kind} {self.key} of {self.system or 'all systems'}"
        return f"[{self.severity}] {what}: {self.verb.replace('_', ' ')}"

    def fits(self, route: NoticeRoute) -> bool:
        """Whether a route sends it."""
        worst = worst_severity(self.severity, self.was or "low")
        return (
            self.kind in route.kinds
            and SEVERITIES.index(worst) >= SEVERITIES.index(route.severity)
            and (not route.systems or not self.system or self.system in route.systems)
        )
