"""The deep tier: rails that ask something outside, once those in this process let a text pass.

Enters: a text that no rail here objects to, as it would go on. Leaves: one outcome, each rail's
verdict with the time that it waited. Never happens here: a text sent out that a rail here has
stopped, or with what one of them takes out of it; an answer that was no answer taken for a yes.

All rails of a side are asked at once, so a text waits as long as for the slowest.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec.structs import replace

from roadworthy.domain import DetectorError, Finding, RailVerdict, TextContext

from .collected import settle
from .guard import Guard, Look, Timer, verdict
from .outcome import RailOutcome

NOBODY_ASKED = "nothing here can ask it"
"""Why a guard without an inspector says nothing."""


class DeepPanel:
    """The deep guards of one side, compiled once; safe to share by all requests of a worker."""

    def __init__(self, guards: Sequence[Guard], timer: Timer) -> None:
        self.guards = tuple(guards)
        self._timer = timer

    async def judge(self, text: str, context: TextContext) -> RailOutcome:
        """What the rails say of a text that passed all others. Never raises but when cancelled."""
        import asyncio  # `check` compiles rails too, and need not know of loops

        looks = await asyncio.gather(*[self._look(each, text, context) for each in self.guards])
        return settle(list(zip(self.guards, looks, strict=True)), text)

    async def after(self, outcome: RailOutcome, left: str, context: TextContext) -> RailOutcome:
        """The outcome of all rails of a side. `left`: what left before `outcome.text`.

        Where a rail in this process stopped the text, nothing outside is asked.
        """
        if outcome.action != "answered":
            return replace(outcome, verdicts=(*outcome.verdicts, *self.unasked(outcome.rail)))
        deeper = await self.judge(left + outcome.text, context)
        text = deeper.text[len(left) :] if deeper.text.startswith(left) else ""
        return RailOutcome(
            text=text,
            verdicts=(*outcome.verdicts, *deeper.verdicts),
            never=outcome.never,
            action=deeper.action,
            rail=deeper.rail,
            labels=tuple(dict.fromkeys((*outcome.labels, *deeper.labels))),
            again=deeper.again,
            clean=outcome.clean and deeper.clean,
        )

    def unasked(self, stopped_by: str) -> tuple[RailVerdict, ...]:
        """The verdicts on a text that another rail stopped first."""
        return tuple(verdict(each, Look(), stopped_by) for each in self.guards)

    async def _look(self, guard: Guard, text: str, context: TextContext) -> Look:
        begin = self._timer()
        failure = ""
        found: list[Finding] = []
        try:
            if guard.asks is None:
                raise DetectorError(NOBODY_ASKED)
            found = _sound(await guard.asks.inspect(text, context), len(text))
        except DetectorError as problem:
            failure = problem.message
        except Exception as problem:  # whatever broke, the line must close and not fall over
            failure = f"what it asks broke ({type(problem).__name__})"
        ms = round((self._timer() - begin) * 1000, 3)
        reached = [each for each in found if each.score >= guard.threshold]
        return Look(findings=reached, failure=failure, ms=ms)


def _sound(found: Sequence[Finding], size: int) -> list[Finding]:
    """The findings in order. Raises DetectorError where they are not of this text."""
    for each in found:
        inside = 0 <= each.start <= each.end <= size
        if not inside or not math.isfinite(each.score) or not 0.0 <= each.score <= 1.0:
            raise DetectorError("what it found is not in this text, or has no score in [0, 1]")
    return sorted(found, key=lambda each: (each.start, each.end))
