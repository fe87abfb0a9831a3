"""How many held answers wait for people, for whoever watches the gateway.

Enters: the journal as it grows, the ledger's decisions. Leaves: a gauge a system. What never
happens here: a text, a round of the control process that fails or waits for long because of this;
0 said before the journal was read to its end.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator

from msgspec import Struct

from roadworthy.domain import WITHIN_HOURS, Clock, RoadworthyError, format_instant, parse_instant
from roadworthy.flows.entries.review_entries import DECIDED, reviews_of, rules_of
from roadworthy.flows.reviews.queue import due_at, is_waited_for
from roadworthy.flows.workspace.routing import read_table
from roadworthy.journal import HeldTail, Record, ReviewGauge
from roadworthy.ledger import Ledger
from roadworthy.manifests import Workspace, load_trust

from .answering_releases import content_of

logger = logging.getLogger("roadworthy.control")

EVERY_S = 5.0
"""How often it is looked."""

MOST_MB = 256
"""Read in one look, so that a long journal holds up nothing: the next look goes on."""


class _Open(Struct, frozen=True):
    """A held answer that nobody decided."""

    system: str
    since: str
    due: str


class WaitingReviews:
    """Follows the journal and the ledger; what it knows is in memory only."""

    def __init__(self, workspace: Workspace, ledger: Ledger, clock: Clock) -> None:
        self._workspace = workspace
        self._ledger = ledger
        self._clock = clock
        self._tail = HeldTail(workspace.journal)
        self._open: dict[str, _Open] = {}
        self._hours: dict[str, int] = {}
        self._again_at = float("-inf")
        self._size = -1
        self._known = False
        """Whether the journal was read to its end."""
        self._said = ""

    def look(self) -> None:
        """Look at what is new, if it is time. Never raises: what is wrong is said once."""
        if self._clock.monotonic() < self._again_at:
            return
        self._again_at = self._clock.monotonic() + EVERY_S
        try:
            self._look()
            self._said = ""
        except (RoadworthyError, OSError) as error:
            self._known = False
            message = error.message if isinstance(error, RoadworthyError) else str(error)
            if message != self._said:
                logger.warning("nobody can say how many reviews wait: %s", message)
            self._said = message

    def gauges(self) -> tuple[ReviewGauge, ...]:
        """One for each system that is live or has something waiting; none while that is unknown."""
        if not self._known:
            return ()
        now = self._clock.now()
        waiting = list(self._open.values())
        systems = {*read_table(self._workspace.routing).routes, *(each.system for each in waiting)}
        return tuple(
            _gauge(name, [each for each in waiting if each.system == name], now)
            for name in sorted(systems)
        )

    def _look(self) -> None:
        for record in self._tail.read(most_mb=MOST_MB):
            self._add(record)
        size = self._ledger.size()
        fresh = size != self._size
        if self._open and (fresh or not self._known):
            for name in list(self._decided()):
                del self._open[name]
        self._size = size
        self._known = not self._tail.behind

    def _add(self, record: Record) -> None:
        seen = record.observation
        if seen is None or not is_waited_for(seen):
            return
        if seen.release not in self._hours:
            content = content_of(self._workspace, seen.system, seen.release)
            hours = (
                rules_of(content.charter, seen.endpoint).within_hours if content else WITHIN_HOURS
            )
            self._hours[seen.release] = hours
        due = due_at(seen, self._hours[seen.release])
        self._open[seen.id] = _Open(seen.system, seen.time, due)
        self._size = -1  # it may have been decided before this process began

    def _decided(self) -> Iterator[str]:
        """What is open here and decided by the ledger; no forged entry takes anything out."""
        named = {entry.subject for entry in self._ledger.entries(kind=DECIDED)} & self._open.keys()
        trust = load_trust(self._workspace.trust) if named else None
        for name in named:
            assert trust is not None
            review = reviews_of(self._ledger, trust, name).get(name)
            if review is not None and review.decided is not None:
                yield name


def _gauge(system: str, waiting: list[_Open], now: dt.datetime) -> ReviewGauge:
    oldest = min((each.since for each in waiting), default="")
    at = format_instant(now)
    return ReviewGauge(
        system=system,
        waiting=len(waiting),
        overdue=sum(each.due < at for each in waiting),
        oldest_s=max(0.0, (now - parse_instant(oldest)).total_seconds()) if oldest else 0.0,
    )
