"""Emergency rails, compiled: guards that stand behind those of a release.

Enters: a rail of the routing table. Leaves: its guards, or why it cannot look. Never happens here:
a damaged rail taken for none; a guard that flags only, or is open, or puts words into an answer.
"""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import EmergencyRail, KillFlag, ManifestError, Rail

from .guard import Guard
from .rail_rules import RuleBuilder

_BUDGET_MS = 20.0
"""As a never event's: what is over it closes the answer."""


class BuiltRail(Struct, frozen=True, kw_only=True):
    """An emergency rail, ready to look."""

    rail: EmergencyRail
    guards: tuple[Guard, ...] = ()
    fault: str = ""
    """Why it cannot look; then its whole scope is stopped."""

    @property
    def stop(self) -> KillFlag:
        """What stands in the place of a rail that cannot look."""
        rail = self.rail
        return KillFlag(
            id=rail.rail,
            scope=rail.scope,
            value=rail.value,
            system=rail.system,
            reason=f"the emergency rail {rail.name} is damaged: {self.fault}",
            by="brake",
            at=rail.at,
        )


def build_rail(rail: EmergencyRail) -> BuiltRail:
    """Compile one. Never raises: what cannot be built says why."""
    try:
        fault = rail.damage() or _words_of_its_own(rail)
        return BuiltRail(rail=rail, fault=fault, guards=() if fault else _guards(rail))
    except ManifestError as wrong:
        return BuiltRail(rail=rail, fault="; ".join(each.message for each in wrong.faults))
    except Exception as problem:  # whatever broke, the scope must close and not fall over
        return BuiltRail(rail=rail, fault=f"it cannot be built ({type(problem).__name__})")


def _words_of_its_own(rail: EmergencyRail) -> str:
    """Why it would put words into answers: a kind stands in the text where a finding was."""
    named = "kind" in rail.options or isinstance(rail.options.get("patterns"), dict)
    if rail.action != "redact" or not named:
        return ""
    return "it redacts, so it may name no kind of its own: those words would stand in answers"


def _guards(rail: EmergencyRail) -> tuple[Guard, ...]:
    builder = RuleBuilder({})
    guards = builder.rail(
        Rail(
            id=rail.rail,
            detector=rail.detector,
            on=rail.on,
            action=rail.action,
            threshold=rail.threshold,
            options=rail.options,
            budget_ms=_BUDGET_MS,
        )
    )
    builder.raise_faults()
    return tuple(guards)
