"""Live answers in their sessions: who asks again, and who shows a pattern of misuse.

Enters: each answer after it left, with the user's last words. Leaves: whether it asks again, and
the kinds of misuse that whoever asked has shown so far. What never happens here: a word kept (of
each of the last `MOST_ASKERS` askers there are the sketches of eight requests, under a secret that
dies with the process), anything remembered over an erasure, or an asker made up for a caller who
names neither a session nor an end user. Some kinds (`common`) are how a system is used where at
least half of its askers in memory show them: they are named of nobody then.

A process that begins anew reads the last hour of the journal first, at most `MOST_RECALLED`
answers, so that a series goes on where it was. What was said before stays said.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from secrets import token_bytes

from roadworthy.domain import (
    MISUSE_KINDS,
    Observation,
    Shift,
    Step,
    format_instant,
    parse_instant,
)
from roadworthy.monitoring import Evidence

from .after_looking import Noticed
from .session_trail import HOUR_S, Reader, Trail

MOST_ASKERS = 4096
"""Askers in memory; of more the ones who asked last. About 12 kB each at most."""

MOST_RECALLED = 1000

FEWEST_ASKERS = 20
"""Of a system in memory, below which nobody knows how it is used."""

Asker = tuple[str, str, str, str]
"""System, tenant, end user or else session, and which of the two it is."""

Recall = Callable[[str, str], Iterable[tuple[Observation, str]]]
"""(since, before) -> the answers of that time that an earlier process looked at, oldest first, each
with the user's last words."""


_COMMON = frozenset(kind.name for kind in MISUSE_KINDS if kind.common)


class _Known:
    __slots__ = ("evidence", "shown", "trail")

    def __init__(self) -> None:
        self.trail = Trail()
        self.evidence = Evidence()
        self.shown: tuple[str, ...] = ()


class _Usage:
    """How many askers of each system are in memory, and how many of them show each kind."""

    def __init__(self) -> None:
        self._askers: Counter[str] = Counter()
        self._show: Counter[tuple[str, str]] = Counter()

    def add(self, system: str, shown: tuple[str, ...], *, askers: int) -> None:
        """Some askers more, or less, each with what it shows."""
        self._askers[system] += askers
        self._show.update({(system, kind): askers for kind in shown if kind in _COMMON})

    def shows(self, system: str, kind: str) -> None:
        """One of the askers shows a kind, from now on."""
        if kind in _COMMON:
            self._show[system, kind] += 1

    def is_common(self, system: str, kind: str) -> bool:
        """Whether at least half of them show it."""
        askers = self._askers[system]
        return askers >= FEWEST_ASKERS and 2 * self._show[system, kind] >= askers


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
        self._usage = _Usage()
        self._recalled: set[str] = set()

    def look(self, seen: Observation, asked: str, left: str | None) -> Noticed | None:
        """What an answer says of its session; None where nobody knows whose it is."""
        stamp = self._erased()
        if stamp != self._stamp:  # it is not known of whom: of nobody is anything kept
            self._stamp = stamp
            self._known.clear()
            self._usage = _Usage()
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
        known = self._of(asker)
        step = self._step(known, seen, asked)
        shown = known.evidence.take(seen, step)
        for kind in shown[len(known.shown) :]:
            self._usage.shows(seen.system, kind)
        known.shown = shown
        return Noticed(
            shift=Shift(rephrased=step.again if step.at else None),
            misuse=tuple(kind for kind in shown if not self._usage.is_common(seen.system, kind)),
        )

    def _of(self, asker: Asker) -> _Known:
        """What is known of an asker, now the one who asked last."""
        known = self._known.pop(asker, None)
        if known is None:
            known = _Known()
            self._usage.add(asker[0], (), askers=1)
        self._known[asker] = known
        if len(self._known) > self._most:
            gone, forgotten = self._known.popitem(last=False)
            self._usage.add(gone[0], forgotten.shown, askers=-1)
        return known

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
