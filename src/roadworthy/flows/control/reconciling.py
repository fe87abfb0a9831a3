"""The control process's round: what was looked at and stopped (`watching.py`) becomes evidence.

    1 what is owed   violations with their incidents, reports, seals: entered, once
    2 routes         that say otherwise than the ledger are put back
    3 kills          that stand but are not in the ledger are entered
    4 emergencies    rails that ended, or stand without an entry, are entered; what was taken away
                     is put back
    5 head           the ledger's newest is left in the routing table: by it a cut tail is seen

What enters: what a watch owes. What leaves: entries. What never happens here: the same thing
entered twice (a restart begins where the marks are, and what was already entered is seen there), a
stop that waits for this, an answer held up because nobody reconciles.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from roadworthy.domain import Arm, Entry, RoadworthyError, format_instant

from ..brakes.stopping import record_unrecorded
from ..brakes.stops import Stops
from ..entries.rolling import standing_arms
from ..mitigation.emergency import keep_rails
from ..releasing.live_routes import (
    Strayed,
    ledger_routes,
    put_back_arms,
    put_back_routes,
    strayed_arms,
    strayed_routes,
)
from ..workspace.loop import Loop
from ..workspace.routing import leave_head, read_table

PATIENCE_S = 5.0
"""A kill this young is not entered for somebody else: the command that set it is about to."""


class Reconciler:
    """One control process's entries."""

    def __init__(self, loop: Loop, stops: Stops, *, warn: Callable[[str], None]) -> None:
        """`stops` are those of the watch; the loop is another one than its."""
        self._loop = loop
        self._stops = stops
        self._warn = warn
        self._entered = -1
        """Version of the routing table whose kills are all in the ledger."""
        self._live: tuple[int, dict[str, Entry]] = (-1, {})
        """The ledger's size, and what was live by it."""
        self._arms: dict[str, Arm] = {}
        """What was rolled out by it."""
        self._railed = -1
        """The ledger's size when it was read for emergency rails."""
        self._left = 0
        """Size of the head that the routing table was last given."""

    def round(self) -> None:
        """Make every entry that can be made. Raises the first trouble; the rest was done."""
        found: list[Exception] = []
        for step in (
            self._enter_owed,
            self._put_back_routes,
            self._enter_kills,
            self._keep_emergencies,
            self._leave_head,
        ):
            try:
                step()
            except (RoadworthyError, OSError) as error:
                found.append(error)
        if found:
            raise found[0]

    def _enter_owed(self) -> None:
        """1."""
        self._stops.enter(self._loop)

    def _put_back_routes(self) -> None:
        """2. The ledger is read for it when it grew, the table in every round."""
        size = self._loop.ledger.size()
        if size != self._live[0]:
            self._live = (size, ledger_routes(self._loop))
            self._arms = standing_arms(self._loop)
        table = read_table(self._loop.workspace.routing)
        strayed: list[Strayed] = []
        if strayed_routes(table, self._live[1]):
            strayed += put_back_routes(self._loop)
        if strayed_arms(table, self._arms):
            strayed += put_back_arms(self._loop)
        for each in strayed:
            self._warn(each.words)

    def _enter_kills(self) -> None:
        """3. Only when the table is another one than last time."""
        table = read_table(self._loop.workspace.routing)
        if table.version == self._entered:
            return
        waited = self._loop.clock.now() - dt.timedelta(seconds=PATIENCE_S)
        before = format_instant(waited)
        for flag in record_unrecorded(self._loop, before=before):
            self._warn(f"{flag.id} stood without an entry; entered now")
        if all(flag.at < before for flag in table.kills):
            self._entered = table.version

    def _keep_emergencies(self) -> None:
        """4. The ledger is read for it when it grew, or while a rail stands."""
        size = self._loop.ledger.size()
        table = read_table(self._loop.workspace.routing)
        if size == self._railed and not table.emergencies:
            return
        waited = self._loop.clock.now() - dt.timedelta(seconds=PATIENCE_S)
        for words in keep_rails(self._loop, before=format_instant(waited)):
            self._warn(words)
        self._railed = self._loop.ledger.size()

    def _leave_head(self) -> None:
        """5. What was entered since, by whomever, is in the head that the table carries."""
        newest = self._loop.ledger.newest_checkpoint()
        if newest and newest.size != self._left:
            leave_head(self._loop.workspace, patience_s=self._loop.patience_s)
            self._left = newest.size
