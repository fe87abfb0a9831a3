"""The SLO engine: objectives over live answers, round after round, by the control process.

    1 read     what was answered and learned since
    2 judge    every objective for run time, in every slice
    3 act      a new breach first in the routing table, then in the ledger
    4 recover  where the objective says so, after so many windows without a failure
    5 keep     how everything stands

What enters: the journal, the objectives of what is live. What leaves: mitigations, entries,
`serving/objectives.json`. What never happens here: a breach forgotten by a restart or by a window
that has gone by, one that is undone by too few answers or by a time in which nobody looked, an
entry that delays a mitigation, a ledger, segment or release that cannot be read and keeps what can
be judged from being judged.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial

from msgspec import Struct, structs

from roadworthy.domain import (
    MOST_EVIDENCE,
    Instant,
    ObjectiveStanding,
    RoadworthyError,
    Route,
    SafetySLO,
    Standings,
    Verdict,
    format_instant,
    parse_instant,
)
from roadworthy.journal import Tail, marks_before
from roadworthy.monitoring import Against

from ..late.online_scoring import Samples
from ..mitigation.degrading import DEGRADE, ease, enter_step, is_kill, lowered, step_down
from ..mitigation.mitigations import (
    apply,
    enter,
    lifts,
    put_back_mitigations,
    recover,
    window_seconds,
    windows_clean,
)
from ..rollouts.standings import keep_standings
from ..workspace.loop import Loop
from ..workspace.noting import noted
from ..workspace.routing import read_table
from .host_view import HostView
from .live_indicators import entered_outcomes
from .live_judging import Judged, Looking, judge_live, longest_window, showing_of
from .live_rows import LiveRows
from .standings_again import known_standings

SHARE = 0.1
"""Of the time, at most, that is spent on judging."""

ENTERED_AT_ONCE = 20
"""Breaches that are entered in one round; those that broke with them wait for the next ones."""

SOONEST_S = 0.25
IDLE_S = 5.0
"""Without new answers: windows go by all the same."""

ENTERED_S = 5.0
"""How often the ledger is read for what people said of answers."""


class LiveRules(Struct, frozen=True, kw_only=True):
    """What a release is judged by."""

    slos: Sequence[SafetySLO] = ()
    against: Against | None = None
    """What drift is measured from."""
    samples: Samples | None = None
    """What is scored on a random sample."""


Rules = Callable[[str, str], LiveRules]
"""(system, release) -> what it is judged by."""

Key = tuple[str, str, str]


class SloWatch:
    """One control process's view of all objectives. One thread's."""

    def __init__(self, loop: Loop, *, rules: Rules, warn: Callable[[str], None]) -> None:
        """Raises EvidenceError when neither what was seen last nor the ledger can be read."""
        self._loop = loop
        self._rules = rules
        self._warn = warn
        self._rows = LiveRows()
        self._machine = HostView(loop)
        seen = known_standings(loop)
        self._standings: dict[Key, ObjectiveStanding] = {each.key: each for each in seen.objectives}
        self._at = seen.at
        """When everything was judged last."""
        self._known: dict[tuple[str, str], LiveRules] = {}
        self._entered: tuple[int, float] = (-1, float("-inf"))
        """The ledger's size when it was read for what people said, and when to read it again."""
        self._lifts: tuple[int, dict[str, str]] = (-1, {})
        self._judge_at = float("-inf")
        self._idle_until = float("-inf")
        self._tail: Tail | None = None

    def round(self) -> float:
        """Read, judge and act; returns how long to wait for the next, in seconds.

        Raises RoadworthyError or OSError: it is to be repeated, what was done is done.
        """
        clock = self._loop.clock
        routes = read_table(self._loop.workspace.routing).routes
        if self._tail is None:
            self._tail = Tail(self._loop.workspace.journal, self._before(routes))
        found: list[Exception] = []
        taken = self._read(self._tail, found)
        now = clock.monotonic()
        if now < self._judge_at or (not taken and now < self._idle_until):
            return SOONEST_S
        begun = clock.monotonic()
        acted: list[tuple[ObjectiveStanding, SafetySLO]] = []
        doubted: dict[Key, ObjectiveStanding] = {}
        for system, route in routes.items():
            unjudged: list[Exception] = []
            with noted(unjudged):
                for judged in self._judged(system, route):
                    standing = self._stand(judged, system, route)
                    acted.append((self._act(standing, judged.slo, found), judged.slo))
            for error in unjudged:
                doubted |= self._doubted(route, error)
            found += unjudged
        standings = doubted | {standing.key: standing for standing, _ in acted}
        with noted(found):  # the first that cannot be entered has waited for them all
            for standing, slo in self._first_owed(acted):
                standings[standing.key] = self._enter(standing, slo)
        self._standings = self._kept(standings, routes)
        self._keep()
        self._put_back(found)
        spent = clock.monotonic() - begun
        self._judge_at = clock.monotonic() + max(SOONEST_S, spent / SHARE - spent)
        owed = any(each.breached_at and not each.entered for each in standings.values())
        self._idle_until = clock.monotonic() + (0.0 if owed else IDLE_S)
        if found:
            raise found[0]
        return SOONEST_S

    def _read(self, tail: Tail, found: list[Exception]) -> int:
        """1; returns how much there was. What cannot be read holds up nothing that can."""
        taken = 0
        with noted(found):
            for record in tail.read():
                taken += bool(self._rows.take(record))
        with noted(found):
            taken += self._look_at_people()
        with noted(found):
            self._look_at_lifts()
        return taken

    def _doubted(self, route: Route, error: Exception) -> dict[Key, ObjectiveStanding]:
        """What was known of a system that cannot be judged now: no verdict of before stands."""
        return {
            key: structs.replace(each, verdict=Verdict.ERROR, reason=str(error))
            for key, each in self._standings.items()
            if (each.system, each.release) == (route.system, route.live)
        }

    def _judged(self, system: str, route: Route) -> list[Judged]:
        looking = self._looking(system, route)
        return list(judge_live(self._rules_of(system, route.live).slos, self._rows, looking))

    def _looking(self, system: str, route: Route) -> Looking:
        return Looking(
            system=system,
            release=route.live,
            live_since=route.activated_at,
            now=format_instant(self._loop.clock.now()),
            against=self._rules_of(system, route.live).against,
            samples=self._samples_of,
            beside=lambda slo, since: self._machine.measured(
                slo, system=system, release=route.live, since=since
            ),
            lifted=self._lifted(system),
        )

    def _showing(self, standing: ObjectiveStanding, slo: SafetySLO) -> tuple[str, ...]:
        """Answers for a person to look at; an incident does not wait for them."""
        route = read_table(self._loop.workspace.routing).routes.get(standing.system)
        if route is None or route.live != standing.release:
            return ()
        with suppress(RoadworthyError, ValueError):
            looking = self._looking(standing.system, route)
            return showing_of(slo, standing.part, self._rows, looking, MOST_EVIDENCE)
        return ()

    def _rules_of(self, system: str, release: str) -> LiveRules:
        if (system, release) not in self._known:
            self._known[system, release] = self._rules(system, release)
        return self._known[system, release]

    def _samples_of(self, system: str, release: str) -> Samples | None:
        """What a release has sampled, be it the one before; None where it is gone."""
        with suppress(RoadworthyError, OSError):
            return self._rules_of(system, release).samples
        return None

    def _look_at_people(self) -> bool:
        """Join what people said since; whether there was anything."""
        size, now = self._loop.ledger.size(), self._loop.clock.monotonic()
        if size == self._entered[0] or now < self._entered[1]:
            return False
        self._rows.enter(entered_outcomes(self._loop))
        self._entered = (size, now + ENTERED_S)
        return True

    def _lifted(self, system: str) -> dict[tuple[str, str], str]:
        """(objective, slice) -> when what was done about it was lifted last."""
        return {
            (objective, part): max(
                standing.settled, standing.stepped_at, self._lifts[1].get(standing.mitigation, "")
            )
            for (name, objective, part), standing in self._standings.items()
            if name == system
        }

    def _look_at_lifts(self) -> None:
        size = self._loop.ledger.size()
        if size != self._lifts[0]:
            self._lifts = (size, lifts(self._loop))

    def _stand(self, judged: Judged, system: str, route: Route) -> ObjectiveStanding:
        """How the objective stands now, with what is known of it from before."""
        slo, seen = judged.slo, judged.found
        now = format_instant(self._loop.clock.now())
        old = self._standings.get((system, slo.name, judged.part))
        fresh = ObjectiveStanding(
            system=system,
            release=route.live,
            objective=slo.name,
            part=judged.part,
            target=slo.target,
            verdict=seen.verdict,
            estimate=seen.estimate,
            low=seen.low,
            high=seen.high,
            n=seen.n,
            since=judged.since,
            settled=old.settled if old is not None and old.release == route.live else "",
            reason=seen.reason,
            failed_at=now if seen.verdict is Verdict.FAIL else "",
            action=slo.action_on_breach,
        )
        if old is None or old.release != route.live:
            return fresh
        lifted = self._lifts[1].get(old.mitigation, "")
        if lifted and len(old.steps) > 1:
            old = lowered(old, at=lifted)
        elif lifted:
            return structs.replace(fresh, settled=max(fresh.settled, lifted))
        if not fresh.failed_at:
            failed = max(old.failed_at, self._unseen_until(slo)) if old.failed_at else ""
            fresh = structs.replace(fresh, failed_at=failed)
        if not old.breached_at:
            return fresh
        return structs.replace(
            fresh,
            breached_at=old.breached_at,
            mitigation=old.mitigation,
            steps=old.steps,
            stepped_at=old.stepped_at,
            eased=old.eased,
            entered=old.entered,
            reason=fresh.reason if fresh.verdict is Verdict.FAIL else old.reason,
        )

    def _unseen_until(self, slo: SafetySLO) -> Instant:
        """Until when nobody looked: what is not in the window either is not known to be clean."""
        if not self._at:
            return ""
        window = dt.timedelta(seconds=window_seconds(slo))
        begin = self._loop.clock.now() - window
        return format_instant(begin) if parse_instant(self._at) < begin else ""

    def _act(
        self, standing: ObjectiveStanding, slo: SafetySLO, found: list[Exception]
    ) -> ObjectiveStanding:
        """3, as far as it needs no ledger."""
        with noted(found):
            if standing.verdict is Verdict.FAIL and not standing.breached_at:
                now = format_instant(self._loop.clock.now())
                standing = structs.replace(standing, breached_at=now, entered=False)
                self._warn(f"{_named(standing)} is breached: {standing.reason}")
            if slo.action_on_breach == DEGRADE:
                standing = step_down(standing, slo, self._loop)
            elif standing.breached_at and not standing.entered:
                standing = apply(standing, slo, self._loop)
        return standing

    def _first_owed(
        self, acted: Sequence[tuple[ObjectiveStanding, SafetySLO]]
    ) -> Iterator[tuple[ObjectiveStanding, SafetySLO]]:
        """No more entries than so many at once: the next round is to act in time, too."""
        owed = 0
        for standing, slo in acted:
            owed += bool(standing.breached_at) and not standing.entered
            if owed <= ENTERED_AT_ONCE or standing.entered:
                yield standing, slo

    def _enter(self, standing: ObjectiveStanding, slo: SafetySLO) -> ObjectiveStanding:
        """The rest of 3, and 4."""
        if standing.breached_at and not standing.entered:
            showing = partial(self._showing, standing, slo)
            if slo.action_on_breach == DEGRADE:
                enter_step(standing, slo, self._loop, showing=showing)
            return enter(standing, slo, self._loop, showing=showing)
        if not standing.breached_at or not self._is_clean(standing, slo):
            return standing
        if standing.steps:
            standing = ease(standing, self._loop)
            self._warn(f"{_named(standing)}: {len(standing.steps)} steps stand still")
            if standing.steps:
                return standing
        recover(standing, self._loop)
        self._warn(f"{_named(standing)} has recovered")
        now = format_instant(self._loop.clock.now())
        return structs.replace(
            standing, breached_at="", mitigation="", settled=now, eased=False,
            reason="it recovered",
        )  # fmt: skip

    def _is_clean(self, standing: ObjectiveStanding, slo: SafetySLO) -> bool:
        windows = windows_clean(slo)
        if windows is None or standing.verdict is Verdict.FAIL or is_kill(standing):
            return False
        lasts = dt.timedelta(seconds=windows * window_seconds(slo))
        failed = parse_instant(max(standing.failed_at or standing.breached_at, standing.stepped_at))
        return self._loop.clock.now() >= failed + lasts

    def _kept(
        self, standings: dict[Key, ObjectiveStanding], routes: dict[str, Route]
    ) -> dict[Key, ObjectiveStanding]:
        """With breaches of slices that nobody has asked about since: they stand."""
        for key, old in self._standings.items():
            route = routes.get(old.system)
            same = route is not None and route.live == old.release
            lifted = self._lifts[1].get(old.mitigation, "")
            if lifted and len(old.steps) > 1:
                old, lifted = lowered(old, at=lifted), ""
            if key not in standings and same and not lifted and (old.breached_at or old.settled):
                standings[key] = old
        return standings

    def _keep(self) -> None:
        self._at = format_instant(self._loop.clock.now())
        every = tuple(self._standings[key] for key in sorted(self._standings))
        keep_standings(
            self._loop.workspace, Standings(at=self._at, rows=len(self._rows), objectives=every)
        )

    def _put_back(self, found: list[Exception]) -> None:
        """What stands by the ledger and somebody took from the table."""
        with noted(found):
            for lost in put_back_mitigations(self._loop):
                self._warn(f"{lost.id} did not stand in the routing table; it is put back")

    def _before(self, routes: dict[str, Route]) -> dict[str, int]:
        """Marks past all segments that hold nothing of any window."""
        now = self._loop.clock.now()
        since = now
        for system, route in routes.items():
            with suppress(RoadworthyError, OSError):  # said when it is judged
                ago = now - dt.timedelta(
                    seconds=longest_window(self._rules_of(system, route.live).slos)
                )
                since = min(since, ago)
            live = parse_instant(route.activated_at) if route.activated_at else now
            since = min(since, live)
        return marks_before(self._loop.workspace.journal, since.timestamp())


def _named(standing: ObjectiveStanding) -> str:
    part = f"{{{standing.part}}}" if standing.part else ""
    return f"objective {standing.objective}{part} of {standing.system}"
