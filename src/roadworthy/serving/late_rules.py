"""Never events that are looked at after the answer left, by the control process.

Enters: the exchange as the journal has it. Leaves: violations and verdicts. Never happens here:
a stop; whoever asks acts on a violation.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import force_setattr

from roadworthy.domain import LOOKED_AT_LATER, NOBODY_LOOKS, NeverRecord, RailVerdict, TextContext

from .guard import Guard, Look, Timer, look, verdict
from .panel import Panel
from .rail_rules import BuiltRule, never_guards
from .texts import escaped_texts


class LateRule(Struct, frozen=True, kw_only=True):
    """One never event that is not checked inline."""

    event: str
    kind: str
    """pattern | cel | schema | classifier | judge."""
    guards: tuple[Guard, ...]
    wired: bool = True
    """Whether anything can look; a judge without a model cannot."""
    passed: tuple[RailVerdict, ...] = ()
    """What `check` says where no guard finds anything: always the same, so made once."""

    def __post_init__(self) -> None:
        force_setattr(self, "passed", tuple(verdict(guard, Look()) for guard in self.guards))

    @property
    def judged(self) -> bool:
        """Whether a model looks, which is asked, and not a detector."""
        return self.kind == "judge"

    @property
    def unlooked(self) -> tuple[RailVerdict, ...]:
        """What every observation says of a rule that no detector looks with; empty where one does.

        A judge's own verdict takes its place.
        """
        if self.wired and not self.judged:
            return ()
        why = LOOKED_AT_LATER if self.wired else NOBODY_LOOKS
        return tuple(verdict(guard, Look(failure=why)) for guard in self.guards)

    def check(
        self, *, input: str, output: str, context: TextContext, timer: Timer, calls: str = ""
    ) -> tuple[NeverRecord | None, tuple[RailVerdict, ...]]:
        """The violation, if any, and a verdict per side.

        `calls` is what tool calls say that left with the output. A rule that cannot look gives
        `not_checked` and no violation, but for a CEL expression that raises: that counts as
        happened.
        """
        happened = False
        verdicts: list[RailVerdict] = []
        for guard in self.guards:
            if guard.side == "input":
                texts = [input, *escaped_texts([input])]
            else:
                texts = [output, *self._beside(output, calls)]
            looks = [look(guard, text, context, timer) for text in texts]
            seen = looks[0] if len(looks) == 1 else _together(looks)
            happened = happened or any(_happened(guard, each) for each in looks)
            verdicts.append(verdict(guard, seen))
        record = NeverRecord(event=self.event, kind="violation", found_by="late_rule")
        return (record if happened else None), tuple(verdicts)

    def _beside(self, output: str, calls: str) -> list[str]:
        """What is looked at beside the output.

        A schema speaks of the answer's text alone. An expression may ask what is missing, so it is
        given the calls behind the text; whatever else looks for what is there gets them alone.
        """
        if not calls or self.kind == "schema":
            return []
        return [f"{output}\n{calls}" if output and self.kind == "cel" else calls]


class LateLook:
    """All late rules of a line that no model has to be asked for, looking together."""

    def __init__(self, rules: Sequence[LateRule], timer: Timer) -> None:
        guards = [
            guard for rule in rules if rule.wired and not rule.judged for guard in rule.guards
        ]
        self._inputs, self._outputs = (
            Panel([guard for guard in guards if guard.side == side], timer)
            for side in ("input", "output")
        )

    def clear(self, *, input: str, output: str, calls: str) -> bool:
        """Whether one pass over each side says that no rule finds anything; False says nothing."""
        if not self._outputs.clear(f"{output}\n{calls}" if calls else output):
            return False
        return not self._inputs.guards or self._inputs.clear(
            "\n".join([input, *escaped_texts([input])])
        )


def _together(looks: Sequence[Look]) -> Look:
    """Several looks of one guard as one."""
    return Look(
        findings=[finding for each in looks for finding in each.findings],
        failure=next((each.failure for each in looks if each.failure), ""),
    )


def _happened(guard: Guard, seen: Look) -> bool:
    return bool(seen.findings) or (bool(seen.failure) and guard.error_is_event)


def late_rules(rules: Sequence[BuiltRule]) -> tuple[LateRule, ...]:
    """The rules that are not inline."""
    return tuple(
        LateRule(
            event=rule.event.id,
            kind=rule.event.rule.kind,
            guards=tuple(never_guards(rule)),
            wired=rule.event.is_wired,
        )
        for rule in rules
        if not rule.event.is_inline
    )
