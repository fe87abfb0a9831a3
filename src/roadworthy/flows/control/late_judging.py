"""The judges' round: never events that a model looks for, in what left on the road.

It follows the journal beside the control process's own round and with marks of its own, so that a
slow model holds up neither a pattern's stop nor the ledger.

    1 what left     of releases whose charter names a judge
    2 ask           a yes is a violation: stop, record, open, as for every late rule; what cannot be
                    entered yet is owed, and holds up nobody
    3 no verdict    a judge that answers others and not this one is asked again, five times, while
                    others go on; one that says something else, or nothing to the fifth, is entered
                    as not looked at; so is what was erased before
    4 down          a judge that does not answer a plain question either is asked until it does:
                    that counts as no try, and reading stops when too many wait for it

What enters: the journal's closed exchanges. What leaves: kills, incidents, entries. What never
happens here: an answer passed over because its judge failed; one text that holds up the others.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

from msgspec import Struct

from roadworthy.domain import (
    Charter,
    NeverRecord,
    Observation,
    Outcome,
    ProviderError,
    RoadworthyError,
    format_instant,
)
from roadworthy.journal import Record, Tail, Vault, unseal

from ..brakes.road import Violation
from ..brakes.stops import Place, Stops, lowered
from ..late.late_looking import what_left
from ..late.never_judges import NeverJudge
from ..workspace.loop import Loop
from ..workspace.routing import read_table
from .not_looked import ERASED, enter_not_looked, enter_release_gone, may_have_left

PAUSES_S = (2.0, 8.0, 30.0, 120.0)
"""Before the second try and those after it; the one after the last pause is the last."""

MOST_WAITING = 64
"""Answers that wait to be asked about again: sealed, in memory."""

PLAIN = "Hello."
"""What a judge is asked to see whether it is down: no caller's text can make it fail."""


class Bench(Struct, frozen=True, kw_only=True):
    """The judges of one release."""

    charter: Charter
    never: tuple[NeverJudge, ...]


class _Waiting(Struct, kw_only=True):
    """An answer that one judge could not look at. Its texts stay sealed: they may be erased."""

    record: Record
    observation: Observation
    judge: NeverJudge
    charter: Charter
    place: Place
    """Where its record lies."""
    tries: int = 0
    due: float = 0.0


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
        warn: Callable[[str], None],
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
        self._waiting: dict[tuple[str, str], _Waiting] = {}
        """(observation, event) -> what waits, the first that was read first."""
        self._down: dict[str, tuple[NeverJudge, str]] = {}
        """Digest -> a judge that does not answer, and what came instead."""
        self._stops = Stops(warn=warn)
        self._fault: Exception | None = None
        """Why something could not be stopped or entered in this round."""
        self._seen = False
        self._caught_up = False

    @property
    def marks(self) -> dict[str, int]:
        """How far all was looked at and entered: where a restart goes on."""
        held = self._stops.held(lambda: self._tail.marks)
        for each in self._waiting.values():
            held = lowered(held, dict([each.place]))
        return held

    async def round(self) -> int:
        """Look at everything that is new; returns at how many answers.

        Raises RoadworthyError where a judge cannot be made, or is down, or something cannot be
        stopped or entered; nothing is passed over.
        """
        self._fault = None
        self._stops.begin()
        self._stops.go_back(self._tail.marks)
        await self._act()
        await self._see_who_is_back()
        await self._ask_again()
        looked = 0
        if not self._is_full():
            records = self._tail.read(closes=self._judges_are_there())
            while (record := await asyncio.to_thread(_next, records)) is not None:
                looked += await self._take(record)
                await self._act()
                self._taken()
                if self._is_full():
                    break  # this record is read again, and then known
            else:
                self._caught_up = True
        await self._act()
        if self._fault is not None:
            raise self._fault
        for _, why in self._down.values():
            raise ProviderError(why, retryable=True)
        return looked

    async def _act(self) -> None:
        """Stop and enter what is owed. What fails is tried once a round, and holds up no look."""
        if self._fault is None and len(self._stops):
            try:
                await asyncio.to_thread(self._stops.set_all, self._loop)
                await asyncio.to_thread(self._stops.enter, self._loop)
            except (RoadworthyError, OSError) as error:
                self._fault = error

    def _is_full(self) -> bool:
        return len(self._waiting) >= MOST_WAITING

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
        if bench is None:
            said = partial(enter_release_gone, observation=observation)
            self._stops.owe(said, self._tail.place, record.at)
            return 0
        seen = 0
        for judge in bench.never:  # 1
            if (observation.id, judge.event.id) not in self._waiting:
                new = _Waiting(
                    record=record, observation=observation, judge=judge, charter=bench.charter,
                    place=self._tail.place,
                )  # fmt: skip
                seen = await self._look(new) or seen
        return seen

    async def _look(self, new: _Waiting) -> int:
        """One judge, one answer; 1 where something left."""
        key = (new.observation.id, new.judge.event.id)
        texts = unseal(new.record, self._vault)
        if texts is None:  # its key was erased: that nobody looked is all there is to say
            if may_have_left(new.observation, new.charter):
                self._enter(new, ERASED)
            self._waiting.pop(key, None)
            return 0
        left = what_left(new.observation, texts.output, new.charter)
        if left is None:
            return 0
        if new.judge.digest in self._down:
            self._wait(new)
            return 1
        try:
            found = await new.judge.ask(texts.input, left, texts.called)  # 2
        except ProviderError as error:
            await self._failed(new, error)
            return 1
        if found is not None:
            violation = self._violation(new, found)
            await asyncio.to_thread(self._stops.stop, violation, self._loop, new.place)
        self._waiting.pop(key, None)
        return 1

    async def _failed(self, new: _Waiting, error: ProviderError) -> None:
        """3. A try counts where the judge is up: then it is this text that it cannot look at."""
        if not error.retryable:
            self._give_up(new, error.unquoted)
            return
        if (why := await self._why_down(new.judge)) is not None:
            self._down[new.judge.digest] = (new.judge, why)  # 4
            self._wait(new)
            return
        if new.tries == len(PAUSES_S):
            self._give_up(new, f"asked {new.tries + 1} times: {error.unquoted}")
            return
        new.due = self._loop.clock.monotonic() + PAUSES_S[new.tries]
        new.tries += 1
        self._wait(new)

    def _wait(self, new: _Waiting) -> None:
        """Among those that wait. When they are too many, the oldest of the tenant with most goes.

        So one caller's texts do not fill the list. Those of a judge that is down stay: nothing new
        is read then.
        """
        self._waiting[(new.observation.id, new.judge.event.id)] = new
        up = [each for each in self._waiting.values() if each.judge.digest not in self._down]
        if self._is_full() and up:
            count = Counter(each.observation.tenant for each in up)
            most = count.most_common(1)[0][0]
            oldest = next(each for each in up if each.observation.tenant == most)
            self._give_up(oldest, f"asked {oldest.tries} times, and too many answers wait")

    async def _why_down(self, judge: NeverJudge) -> str | None:
        """What came instead of an answer to a plain question; None where it answers."""
        try:
            await judge.ask(PLAIN, PLAIN, "")
        except ProviderError as error:
            return error.message if error.retryable else None
        return None

    async def _see_who_is_back(self) -> None:
        for digest, (judge, _) in list(self._down.items()):
            why = await self._why_down(judge)
            if why is None:
                del self._down[digest]
            else:
                self._down[digest] = (judge, why)

    async def _ask_again(self) -> None:
        """Those whose pause is over, and whose judge is not down."""
        for each in list(self._waiting.values()):
            is_down = each.judge.digest in self._down
            if not is_down and each.due <= self._loop.clock.monotonic():
                await self._look(each)
                await self._act()
                self._taken()

    def _violation(self, new: _Waiting, record: NeverRecord) -> Violation:
        said = Outcome(
            observation=new.observation.id,
            time=format_instant(self._loop.clock.now()),
            reporter=f"late_rule:{record.event}",
            never_event=record.event,
        )
        return Violation(outcome=said, observation=new.observation, event=new.judge.event)

    def _give_up(self, new: _Waiting, why: str) -> None:
        self._enter(new, why)
        self._waiting.pop((new.observation.id, new.judge.event.id), None)

    def _enter(self, new: _Waiting, why: str) -> None:
        event, digest = new.judge.event.id, new.judge.digest
        said = partial(
            enter_not_looked, observation=new.observation, event=event, why=why, judge=digest
        )
        self._stops.owe(said, new.place, new.record.at)


def _next(records: Iterator[Record]) -> Record | None:
    return next(records, None)
