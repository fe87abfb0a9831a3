"""The rails of one release: what looks at inputs and outputs, and what follows.

Enters: a text and its context. Leaves: outcomes with a verdict per rail. Never happens here: I/O
(rails that ask outside are `deep_input` and `deep_output`, and a line without them has none),
and never an answer that a rail could not look at, unless that rail's file says `on_timeout: open`;
then the observation says that it was not checked.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET

from roadworthy.detectors import Normaliser, with_prompt
from roadworthy.domain import (
    AddressState,
    Charter,
    Fault,
    Prompt,
    Rails,
    RailVerdict,
    TextContext,
)

from .collected import CollectedAnswer, judge
from .deep import DeepPanel
from .guard import Guard, Look, Timer, verdict
from .hold_back import HeldBackAnswer, OutputRails, Watching
from .late_rules import LateLook, LateRule, late_rules
from .outcome import RailOutcome
from .panel import Panel
from .plain import PlainAnswer
from .rail_rules import Ask, RuleBuilder, names_twice, never_guards


class RailLine:
    """Compiled once per release; safe to share by all requests of a worker."""

    def __init__(
        self,
        *,
        inputs: Sequence[Guard],
        outputs: Sequence[Guard],
        late: Sequence[LateRule] = (),
        timer: Timer = time.perf_counter,
    ) -> None:
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.late_rules = tuple(late)
        self._timer = timer
        self.late_look = LateLook(self.late_rules, timer)
        self.unlooked = tuple(verdict for rule in self.late_rules for verdict in rule.unlooked)
        """What every observation says of never events that nothing looks for: not checked."""
        self.collects = tuple(guard.rail for guard in self.outputs if guard.collects)
        """Output rails that need the whole answer before its first character may leave."""
        near = [guard for guard in self.outputs if not guard.deep]
        self._inputs = Panel([guard for guard in self.inputs if not guard.deep], timer)
        self._outputs = Panel(near, timer)
        self._flowing = Watching(near, timer, Normaliser()) if not self.collects else None
        self.deep_input = _deep(self.inputs, timer)
        """Rails that ask outside of inputs; None where there are none."""
        self.deep_output = _deep(self.outputs, timer)

    @classmethod
    def compile(
        cls,
        *,
        rails: Rails,
        charter: Charter,
        assets: Mapping[str, Any],
        timer: Timer = time.perf_counter,
        ask: Ask | None = None,
        prompt: Prompt | None = None,
    ) -> RailLine:
        """Build every rail and never event. Raises ManifestError with all faults.

        `ask` makes what a rail asks outside; without it such a rail is closed. Raises what it
        raises. `prompt` is the release's own, which a rail may keep from leaving.
        """
        builder = RuleBuilder(with_prompt(assets, prompt), ask)
        for twice in names_twice(rails.rails):
            message = f"rail `{twice}` is there twice"
            builder.faults.append(
                Fault(file="rails.yaml", line=0, message=message, fix="give each rail its own id")
            )
        guards = [guard for rail in rails.rails for guard in builder.rail(rail)]
        rules = [rule for event in charter.never if (rule := builder.rule(event)) is not None]
        if rails.egress is not UNSET:
            builder.egress(rails.egress)
        builder.raise_faults()
        for rule in rules:
            if rule.event.is_inline:
                guards += never_guards(rule)
        return cls(
            inputs=[guard for guard in guards if guard.side == "input"],
            outputs=[guard for guard in guards if guard.side == "output"],
            late=late_rules(rules),
            timer=timer,
        )

    def tightened(self, guards: Sequence[Guard]) -> RailLine:
        """This line with more guards behind its own, of which none gives way."""
        return RailLine(
            inputs=[*self.inputs, *(guard for guard in guards if guard.side == "input")],
            outputs=[*self.outputs, *(guard for guard in guards if guard.side == "output")],
            late=self.late_rules,
            timer=self._timer,
        )

    def clear_input(self, texts: Sequence[str]) -> RailOutcome | None:
        """The outcome of several texts when one look at all of them finds nothing at all.

        None says nothing of them: look at each with `check_input`.
        """
        joined = "\n".join(texts)
        if not self._inputs.clear(joined):
            return None
        return RailOutcome(text=joined, verdicts=self._inputs.passed, clean=True)

    def check_input(self, text: str, context: TextContext) -> RailOutcome:
        """Look at what came in. The outcome's text is what the model may see."""
        return judge(self._inputs, text, context)

    def unread(self, reason: str) -> tuple[RailVerdict, ...]:
        """The verdicts of all output rails on an answer that none can read."""
        return tuple(verdict(guard, Look(failure=reason)) for guard in self.outputs)

    def output(self, context: TextContext, *, streamed: bool = True) -> OutputRails:
        """The output rails of one answer; `context` is of the output side.

        `streamed`: somebody reads along. The outcome is the same either way.
        """
        if self._flowing is None:
            return CollectedAnswer(self._outputs, context)
        if streamed:
            return HeldBackAnswer(self._flowing, context)
        return PlainAnswer(self._outputs, self._flowing, context)

    def states(self) -> tuple[AddressState, ...]:
        """How what the rails ask outside does, each once."""
        asked = [guard.asks for guard in (*self.inputs, *self.outputs) if guard.asks is not None]
        return tuple(dict.fromkeys(state for each in asked for state in each.states()))

    async def aclose(self) -> None:
        """Let go of what the rails ask."""
        for guard in (*self.inputs, *self.outputs):
            if guard.asks is not None:
                await guard.asks.aclose()


def _deep(guards: Sequence[Guard], timer: Timer) -> DeepPanel | None:
    deep = [guard for guard in guards if guard.deep]
    return DeepPanel(deep, timer) if deep else None
