"""Never events that are looked at after the answer left, by the control process.

Enters: the exchange as the journal has it. Leaves: violations and verdicts. Never happens here:
a stop; whoever asks acts on a violation.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from roadworthy.domain import NOBODY_LOOKS, NeverRecord, RailVerdict, TextContext

from .guard import Guard, Look, Timer, look, verdict
from .rail_rules import BuiltRule, never_guards


class LateRule(Struct, frozen=True, kw_only=True):
    """One never event that is not checked inline."""

    event: str
    kind: str
    """pattern | cel | schema | classifier | judge."""
    guards: tuple[Guard, ...]

    @property
    def wired(self) -> bool:
        """Whether anything can look; a judge without a model cannot."""
        return all(guard.detector is not None for guard in self.guards)

    @property
    def unlooked(self) -> tuple[RailVerdict, ...]:
        """What every observation says of a rule that nothing looks with; empty when wired."""
        if self.wired:
            return ()
        return tuple(verdict(guard, Look(failure=NOBODY_LOOKS)) for guard in self.guards)

    def check(
        self, *, input: str, output: str, context: TextContext, timer: Timer
    ) -> tuple[NeverRecord | None, tuple[RailVerdict, ...]]:
        """The violation, if any, and a verdict per side.

        A rule that cannot look gives `not_checked` and no violation, but for a CEL expression
        that raises: that counts as happened.
        """
        happened = False
        verdicts: list[RailVerdict] = []
        for guard in self.guards:
            text = input if guard.side == "input" else output
            seen = look(guard, text, context, timer)
            happened = happened or _happened(guard, seen)
            verdicts.append(verdict(guard, seen))
        record = NeverRecord(event=self.event, kind="violation", found_by="late_rule")
        return (record if happened else None), tuple(verdicts)


def _happened(guard: Guard, seen: Look) -> bool:
    return bool(seen.findings) or (bool(seen.failure) and guard.error_is_event)


def late_rules(rules: Sequence[BuiltRule]) -> tuple[LateRule, ...]:
    """The rules that are not inline."""
    return tuple(
        LateRule(event=rule.event.id, kind=rule.event.rule.kind, guards=tuple(never_guards(rule)))
        for rule in rules
        if not rule.event.is_inline
    )
