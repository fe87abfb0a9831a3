"""Live answers in their sessions: who asks again, and who shows a pattern of misuse.

Enters: each answer after it left, with the user's last words. Leaves: whether it asks again, and
the kinds of misuse that whoever asked has shown so far. What never happens here: a word kept (of
each of the last `MOST_ASKERS` askers there are the sketches of eight requests, under a secret that
dies with the process), anything remembered over an erasure, or an asker made up for a caller who
names neither a session nor an end user.

A process that begins anew reads the last hour of the journal first, at most `MOST_RECALLED`
answers, so that a series goes on where it was. What was said before stays said.
"""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Callable, Iterable
from secrets import token_bytes

from roadworthy.domain import Observation, Shift, Step, format_instant, parse_instant
from roadworthy.monitoring import Evidence

from .after_looking import Noticed
from .session_trail import HOUR_S, Reader, Trail

MOST_ASKERS = 4096
"""Askers in memory; of more the ones who asked last. About 12 kB each at most."""

MOST_RECALLED = 1000

Asker = tuple[str, str, str, str]
"""System, tenant, end user or else session, and which of the two it is."""

Recall = Callable[[str, str], Iterable[tuple[Observation, str]]]
"""(since, before) -> the answers of that time that an earlier process looked at, oldest first, each
with the user's last words."""


class _Known:
    __slots__ = ("evidence", "trail")

    def __init__(self) -> None:
        self.trail = Trail()
        self.evidence = Evidence()


class SessionLooker:
    """The `Looker` of sessions, of all releases: a session outlives a rollout. One thread's."""

    name = "sessions"

    def __init__(
        self,
        *,
        erased: Callable[[], object],
        recall: Recall | None = None,
        most: int = MOST_ASKERS,
    ) -> None:
        """`erased` gives another thing once texts were erased, by whichever process.

        `most`: askers in memory.
        """
        self._most = most
        self._erased = erased
        self._stamp = erased()
        self._recall = recall
        self._reader: Reader | None = None
        self._known: OrderedDict[Asker, _Known] = OrderedDict()
        self._recalled: set[str] = set()

    def look(self, seen: Observation, asked: str, left: str | None) -> Noticed | None:
        """What an answer says of its session; None where nobody knows whose it is."""
        stamp = self._erased()
        if stamp != self._stamp:  # it is not known of whom: of nobody is anything kept
            self._stamp = stamp
            self._known.clear()
        self._recall_before(seen)
        if seen.id in self._recalled:  # a crash lost how far it was read; this was said
            return None
        return self._looked(seen, asked)

    def missed(self, why: str) -> Noticed | None:
        """Of an answer that it failed at."""
        return Noticed(shift=Shift(unseen=why))

    def _recall_before(self, first: Observation) -> None:
        """Read what went before the first answer of this process."""
        recall, self._recall = self._recall, None
        if recall is None:
            return
        since = parse_instant(first.time) - dt.timedelta(seconds=HOUR_S)
        for seen, asked in recall(format_instant(since), first.time):
            self._looked(seen, asked)
            self._recalled.add(seen.id)

    def _looked(self, seen: Observation, asked: str) -> Noticed | None:
        asker = asker_of(seen)
        if asker is None:
            return None
        known = self._known.pop(asker, None) or _Known()
        self._known[asker] = known
        if len(self._known) > self._most:
            self._known.popitem(last=False)
        step = self._step(known, seen, asked)
        return Noticed(
            shift=Shift(rephrased=step.again if step.at else None),
            misuse=known.evidence.take(seen, step),
        )

    def _step(self, known: _Known, seen: Observation, asked: str) -> Step:
        if self._reader is None:
            self._reader = Reader(token_bytes(32))
        return self._reader.step(
            known.trail,
            asked,
            session=seen.session,
            seconds=parse_instant(seen.time).timestamp(),
        )


def asker_of(seen: Observation) -> Asker | None:
    """Who asked; None where the caller named nobody."""
    if seen.end_user:
        return (seen.system, seen.tenant, seen.end_user, "end user")
    if seen.session:
        return (seen.system, seen.tenant, seen.session, "session")
    return None
