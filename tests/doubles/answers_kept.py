"""Answers as a worker keeps them, and a clock that is ahead of the machine's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from roadworthy.domain import JournalSettings, Observation, Outcome, Witness
from roadworthy.flows.workspace.loop import Loop
from roadworthy.journal import Spool, Vault, open_master_key
from roadworthy.wiring.clock import SystemClock, new_id


class AheadClock(SystemClock):
    """The machine's clock, so many seconds ahead."""

    ahead_s = 0.0

    def now(self) -> dt.datetime:
        return super().now() + dt.timedelta(seconds=self.ahead_s)

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead_s


async def leave(loop: Loop, rows: Iterable[Observation]) -> list[Observation]:
    """Keep answers, each with its own text; returns them."""
    spool, kept = _spool(loop), list(rows)
    for row in kept:
        await spool.close(row, Witness(input="dear desk", output=row.output or "fine"))
    await spool.aclose()
    return kept


async def say(loop: Loop, outcomes: Iterable[Outcome]) -> None:
    """Keep what was said of answers by those who may."""
    spool = _spool(loop)
    for said in outcomes:
        await spool.learn(said, kind="outcome")
    await spool.aclose()


def _spool(loop: Loop) -> Spool:
    folder = loop.workspace.journal / "keys"
    spool = Spool(
        loop.workspace.journal,
        worker=f"w{new_id()[-6:]}",
        vault=Vault(folder, open_master_key(loop.workspace.keys)),
        clock=loop.clock,
        settings=JournalSettings(durability="async"),
        in_flight=lambda: 1,
    )
    spool.start()
    return spool
