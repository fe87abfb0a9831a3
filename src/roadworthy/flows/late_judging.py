"""The judges' round: never events that a model looks for, in what left on the road.

It follows the journal beside the control process's own round and with marks of its own, so that a
slow model holds up neither a pattern's stop nor the ledger.

    1 what left     of releases whose charter names a judge
    2 ask           a yes is a violation: stop, record, open, as for every late rule
    3 no verdict    a model that is down is asked again until it is not; one that says something
                    else is entered as not looked at

What enters: the journal's closed exchanges. What leaves: kills, incidents, entries. What never
happens here: an answer passed over because its judge failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

from msgspec import Struct

from roadworthy.domain import (
    Charter,
    Draft,
    NeverRecord,
    Observation,
    Outcome,
    ProviderError,
    format_instant,
)
from roadworthy.journal import Record, Tail, Vault, unseal

from .late_looking import what_left
from .loop import Loop
from .never_judges import NeverJudge
from .road import Violation, on_violation
from .routing import read_table

NOT_LOOKED = "never.not_looked"
"""The entry of an answer whose judge gave no verdict: nobody knows whether the event is in it."""


class Bench(Struct, frozen=True, kw_only=True):
    """The judges of one release."""

    charter: Charter
    never: tuple[NeverJudge, ...]


class LateJudging:
    """How far the judges have read, and which releases they know. One round after the other."""

    def __init__(
        self,
        loop: Loop,
        tail: Tail,
        vault: Vault,
        *,
        bench: Callable[[str, str], Bench | None],
        taken: Callable[[], None],
    ) -> None:
        """`bench` gives the judges of (system, release); None when the release is gone.

        It raises RoadworthyError where a judge cannot be made: then nothing is passed over. `taken`
        is called after each record, which is when the tail's marks may be kept.
        """
        self._loop = loop
        self._tail = tail
        self._vault = vault
        self._bench = bench
        self._taken = taken
        self._seen = False
        self._caught_up = False

    async def round(self) -> int:
        """Look at everything that is new; returns at how many answers.

        Raises RoadworthyError where a judge cannot be made or asked; the same answer comes next.
        """
        looked = 0
        records = self._tail.read(closes=self._judges_are_there())
        while (record := await asyncio.to_thread(_next, records)) is not None:
            looked += await self._take(record)
            self._taken()
        self._caught_up = True
        return looked

    def _judges_are_there(self) -> bool:
        """Whether a release that answers, or answered since this process began, has judges.

        Before the first round is through the answer is yes: what was written while nobody looked
        may be by a release that is no longer live.
        """
        for system, route in read_table(self._loop.workspace.routing).routes.items():
            bench = None if self._seen else self._bench(system, route.live)
            self._seen = self._seen or bool(bench and bench.never)
        return self._seen or not self._caught_up

    async def _take(self, record: Record) -> int:
        observation = record.observation
        if record.kind != "close" or observation is None:
            return 0
        bench = self._bench(observation.system, observation.release)
        if bench is None or not bench.never:
            return 0
        texts = unseal(record, self._vault)
        left = None if texts is None else what_left(observation, texts.output, bench.charter)
        if texts is None or left is None:
            return 0  # nothing left, or its key was erased: there is nothing to look at
        for judge in bench.never:  # 1
            await self._look(judge, observation, texts.input, left)
        return 1

    async def _look(
        self, judge: NeverJudge, observation: Observation, asked: str, left: str
    ) -> None:
        try:
            record = await judge.ask(asked, left)  # 2
        except ProviderError as error:
            if error.retryable:
                raise
            self._enter(judge, observation, error.message)  # 3
            return
        if record is not None:
            found = self._violation(judge, observation, record)
            await asyncio.to_thread(on_violation, found, self._loop)

    def _violation(
        self, judge: NeverJudge, observation: Observation, record: NeverRecord
    ) -> Violation:
        said = Outcome(
            observation=observation.id,
            time=format_instant(self._loop.clock.now()),
            reporter=f"late_rule:{record.event}",
            never_event=record.event,
        )
        return Violation(outcome=said, observation=observation, event=judge.event)

    def _enter(self, judge: NeverJudge, observation: Observation, why: str) -> None:
        """3. Once for an answer and an event, however often it is read."""
        ledger, event = self._loop.ledger, judge.event.id
        known = ledger.entries(kind=NOT_LOOKED, subject=observation.id)
        if any(entry.payload.get("never_event") == event for entry in known):
            return
        ledger.record(
            Draft(
                system=observation.system,
                kind=NOT_LOOKED,
                subject=observation.id,
                actor=self._loop.machine,
                payload={"never_event": event, "judge": judge.digest, "reason": why},
            )
        )


def _next(records: Iterator[Record]) -> Record | None:
    return next(records, None)
