"""Never events that a model looks for: asked right after an answer left.

Enters: an answer that left, its tool calls, and what it answers. Leaves: a verdict for each such
event, and its violations. What never happens here: a judge that failed, or that nobody has seen
catching the event, taken for one that found nothing: its verdict is then `not_checked`, and says
why. Its yes counts whatever it is worth, as every other rule's does.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    HAPPENED,
    NeverEvent,
    NeverRecord,
    Observation,
    Probe,
    ProviderError,
    RailVerdict,
    exchange_digest,
)
from roadworthy.evaluation import judges

from ..request.called import calls_shown

JUDGE_FAILED = "the judge failed"
"""How a verdict begins that is none because the judge gave none."""

UNPROVEN = "the judge says no, and its probes do not prove it better than chance"


class NeverJudge(Struct, frozen=True, kw_only=True):
    """The judge of one never event."""

    event: NeverEvent
    digest: str
    asks: judges.RubricJudge
    doubt: str = ""
    """Why its no proves nothing; empty where it does."""

    async def ask(self, asked: str, left: str, called: str) -> NeverRecord | None:
        """The violation, if the judge says yes. Raises ProviderError when it says neither.

        `called`: the tool calls that left with the answer, as the journal keeps them.
        """
        said = await self.asks.ask(asked, "", left, calls=calls_shown(called))
        if said.verdict != HAPPENED:
            return None
        return NeverRecord(event=self.event.id, kind="violation", found_by="late_rule")

    async def look(
        self, asked: str, left: str, called: str
    ) -> tuple[NeverRecord | None, RailVerdict]:
        """The violation, if any, and the verdict."""
        try:
            record = await self.ask(asked, left, called)
        except ProviderError as error:
            return None, self._verdict("not_checked", f"{JUDGE_FAILED}: {error.message}")
        if record is not None:
            return record, self._verdict("hold" if self.event.action == "hold" else "block")
        return None, self._verdict("not_checked" if self.doubt else "passed", self.doubt)

    def _verdict(self, outcome: str, reason: str = "") -> RailVerdict:
        return RailVerdict(
            rail=f"never:{self.event.id}",
            side="output",
            outcome=outcome,  # type: ignore[arg-type]
            kinds=("judge",) if outcome in ("hold", "block") else (),
            reason=reason,
            never_event=self.event.id,
        )


def doubt_of(probes: Sequence[Probe], said: Sequence[str], drift: str = "") -> str:
    """Why the no of a judge that said so to its probes proves nothing; empty where it does.

    The two exact 95 % bounds, of events that it sees and of answers that it lets pass, must be
    above chance together: six probes of each kind, all of them right, are the fewest that do.
    Copies are one probe, right where each of them is: six times the same proves what once does.
    """
    if drift:
        return drift
    right: dict[tuple[str, bool], bool] = {}
    for probe, verdict in zip(probes, said, strict=True):
        unit = exchange_digest(probe.input, probe.answer), probe.verdict == HAPPENED
        right[unit] = right.get(unit, True) and verdict == probe.verdict
    # No verdict is a wrong one, of either kind.
    pairs = [(float(good == happened), float(happened)) for (_, happened), good in right.items()]
    worth = judges.judge_worth(pairs)
    if worth is not None and worth.better_than_chance:
        return ""
    return f"{UNPROVEN} ({sum(right.values())} of {len(right)} right)"


async def look_judged(
    observation: Observation, never: Sequence[NeverJudge], *, asked: str, called: str
) -> Observation:
    """The observation as the judges of never events leave it; unchanged where no answer left."""
    if observation.action != "answered" or not never:
        return observation
    events = {judge.event.id for judge in never}
    records = []
    verdicts = [each for each in observation.rails if each.never_event not in events]
    for judge in never:
        record, verdict = await judge.look(asked, observation.output, called)
        verdicts.append(verdict)
        if record is not None:
            records.append(record)
    return msgspec.structs.replace(
        observation, rails=tuple(verdicts), never=(*observation.never, *records)
    )


def failed_look(observation: Observation) -> Observation:
    """The observation as an error where a judge of a never event failed: it is asked again."""
    missed = next(
        (each for each in observation.rails if each.reason.startswith(JUDGE_FAILED)), None
    )
    if missed is None or observation.status == "error":
        return observation
    return msgspec.structs.replace(
        observation, status="error", error=f"not looked at: {missed.rail}: {missed.reason}"
    )
