"""The control process looks at what left: each new record of the journal, and stops at once.

    1 violations   reported by those who may: kill (again, harmlessly); entry and incident are owed
    2 reports      by those who may not, or that cannot be acted on: owed, for a person to find
    3 late rules   over all that left, also before a stream was stopped: a hit is a violation
    4 kills        that stand by the ledger and are not in the table are set again
    5 segments     that have ended are owed their seal

What enters: the journal's new records. What leaves: kill flags, and what is owed to the ledger.
What never happens here: an entry (`reconciling.py` makes them), so that neither a held lock nor a
damaged ledger comes between an answer and its stop; a record that nobody could look at passed over,
or one that keeps those behind it from being looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from msgspec import Struct

from roadworthy.domain import (
    Charter,
    EvidenceError,
    KillFlag,
    NeverEvent,
    Observation,
    Outcome,
    RoadworthyError,
    UsageError,
    format_instant,
)
from roadworthy.journal import Record, Tail, Vault, find, unseal
from roadworthy.serving import RailLine

from ..brakes.road import Violation, find_event
from ..brakes.stopping import enter_put_back, put_back_words, set_lost_kills
from ..brakes.stops import Place, Stops, lowered
from ..entries.entered_kills import ledger_kills, lost_kills
from ..journals.seals import enter_seal
from ..late.late_looking import look, what_left
from ..workspace.loop import Loop
from ..workspace.routing import read_table
from .not_looked import ERASED, enter_not_looked, enter_release_gone, may_have_left
from .reporting import enter_report

AGAIN_S = 2.0
"""Before a record that nobody could look at is looked at again."""

MOST_AGAIN = 64
"""Such records in memory, their texts sealed; of the others only the places."""


class Rules(Struct, frozen=True, kw_only=True):
    """What a release forbids: its charter, and its rails with their late rules."""

    charter: Charter
    rails: RailLine


class Watch:
    """How far one control process has looked, and which releases it knows. One thread's."""

    def __init__(
        self,
        loop: Loop,
        tail: Tail,
        vault: Vault,
        *,
        rules: Callable[[str, str], Rules | None],
        warn: Callable[[str], None],
    ) -> None:
        """`rules` gives what (system, release) forbids; None when the release is gone.

        The loop is this one's own: whoever enters must not hold its ledger.
        """
        self.stops = Stops(warn=warn)
        self.taken = 0
        """Records, since this process began."""
        self._loop = loop
        self._tail = tail
        self._vault = vault
        self._rules = rules
        self._warn = warn
        self._caught_up = False
        self._late_seen = False
        self._gone: set[str] = set()
        """Releases of which it is owed, or entered, that they are gone."""
        self._unlooked: dict[Place, tuple[Record, Exception]] = {}
        """Records that could not be looked at, and why."""
        self._again_at = float("-inf")
        self._stand: tuple[int, list[KillFlag]] = (-1, [])
        """The ledger's size, and the kills that stood by it."""

    @property
    def marks(self) -> dict[str, int]:
        """How far all was looked at and entered: where a restart goes on."""
        held = self.stops.held(lambda: self._tail.marks)
        for place in list(self._unlooked):
            held = lowered(held, dict([place]))
        return held

    def look(self) -> None:
        """Look at everything that is new, and stop what is to be stopped.

        Raises the first trouble of the round; all that it did not concern was done.
        """
        found: list[Exception] = []
        self.stops.begin()
        steps = (self._look_again, self._look_on, self._set_all, self._put_back)
        for step in steps:
            try:
                step(found)
            except (RoadworthyError, OSError) as error:
                found.append(error)
        if found:
            raise found[0]

    def _look_again(self, found: list[Exception]) -> None:
        """At what could not be looked at, or did not fit into memory."""
        now = self._loop.clock.monotonic()
        if now < self._again_at:
            found += [why for _, why in self._unlooked.values()]
            return
        self._again_at = now + AGAIN_S
        self.stops.go_back(self._tail.marks)
        for place, (record, _) in list(self._unlooked.items()):
            self._take(record, place, found)

    def _look_on(self, found: list[Exception]) -> None:
        """A round that found trouble on its way has caught up too: no more is there now."""
        try:
            for record in self._tail.read(closes=self._has_late_rules()):
                self._take(record, self._tail.place, found)
                self.taken += 1
        finally:
            self._caught_up = True

    def _set_all(self, found: list[Exception]) -> None:
        self.stops.set_all(self._loop)

    def _has_late_rules(self) -> bool:
        """Whether a release that answers, or answered since this process began, has late rules.

        Before the first round is through the answer is yes: what was written while no control
        process ran may be by a release that is no longer live.
        """
        routes = read_table(self._loop.workspace.routing).routes
        for system, route in routes.items():
            rules = self._rules(system, route.live)
            # A release that cannot be read may have late rules: look at what it answered.
            self._late_seen = self._late_seen or rules is None or bool(rules.rails.late_rules)
        return self._late_seen or not self._caught_up

    def _put_back(self, found: list[Exception]) -> None:
        """4. The ledger is read for it when it grew, the table in every round.

        What stood when it could be read last still stands where it cannot be.
        """
        try:
            size = self._loop.ledger.size()
            if size != self._stand[0]:
                self._stand = (size, ledger_kills(self._loop))
        except EvidenceError as error:
            found.append(error)
        if not lost_kills(read_table(self._loop.workspace.routing), self._stand[1]):
            return
        lost = set_lost_kills(self._loop, self._stand[1])
        for flag in lost:
            self._warn(put_back_words(flag))
        if lost:
            self.stops.owe(partial(enter_put_back, lost), None)

    def _take(self, record: Record, place: Place, found: list[Exception]) -> None:
        """One record. Whatever goes wrong with it concerns no other one."""
        try:
            self._look_at(record, place)
        except UsageError as error:
            self._warn(f"cannot act on a record of {record.at}: {error.message}")
        except Exception as error:  # also a fault of ours: it must not end the looking
            known = isinstance(error, RoadworthyError | OSError)
            why = error if known else _unseen(record, f"{type(error).__name__}: {error}")
            found.append(why)
            if place in self._unlooked or len(self._unlooked) < MOST_AGAIN:
                self._unlooked[place] = (record, why)
            else:
                self.stops.forget(place)
            return
        self._unlooked.pop(place, None)

    def _look_at(self, record: Record, place: Place) -> None:
        outcome, observation = record.outcome, record.observation
        if record.kind == "outcome" and outcome is not None and outcome.never_event:
            self._heard(outcome, place)  # 1
        elif record.kind == "report" and outcome is not None:
            self._owe_report(outcome, place)  # 2
        elif record.kind == "close" and observation is not None:
            for late in self._late(record, observation, place):  # 3
                self.stops.stop(late, self._loop, place)
        elif record.kind == "end":
            self.stops.owe(partial(enter_seal, record.segment), place, record.at)  # 5

    def _heard(self, outcome: Outcome, place: Place) -> None:
        """1. What cannot be acted on waits for a person; it does not vanish."""
        try:
            self.stops.stop(self._violated(outcome), self._loop, place)
        except UsageError:
            self._owe_report(outcome, place)
            raise

    def _owe_report(self, outcome: Outcome, place: Place) -> None:
        found = find(self._loop.workspace.journal, outcome.observation)
        system = found.observation.system if found and found.observation else ""
        self.stops.owe(partial(enter_report, outcome, system=system), place, outcome.time)

    def _violated(self, outcome: Outcome) -> Violation:
        found = find(self._loop.workspace.journal, outcome.observation)
        if found is None or found.observation is None:
            raise UsageError(f"there is no observation {outcome.observation}")
        observation = found.observation
        event = find_event(outcome.never_event, self._charters(observation))
        return Violation(outcome=outcome, observation=observation, event=event)

    def _charters(self, observation: Observation) -> Iterator[Charter]:
        """What the release that answered forbids, then what the live one does.

        A report is checked against the live release; the answer may be an older one's.
        """
        routes = read_table(self._loop.workspace.routing).routes
        live = routes[observation.system].live if observation.system in routes else ""
        for release in dict.fromkeys((observation.release, live)):
            rules = self._rules(observation.system, release) if release else None
            if rules is not None:
                yield rules.charter

    def _late(self, record: Record, seen: Observation, place: Place) -> Iterator[Violation]:
        """Violations that the release's late rules find in what left, of a stopped stream too."""
        rules = self._rules(seen.system, seen.release)
        if rules is None:
            if seen.release not in self._gone:
                said = partial(enter_release_gone, observation=seen)
                if self.stops.owe(said, place, seen.time):
                    self._gone.add(seen.release)
            return
        if not rules.rails.late_rules:
            return
        texts = unseal(record, self._vault)
        if texts is None:
            self._erased(seen, rules, place)
            return
        left = what_left(seen, texts.output, rules.charter)
        if left is None:
            return
        found = look(
            seen, rules.rails, self._loop.clock, asked=texts.input, left=left, called=texts.called
        )
        for hit, _ in found:
            if hit is not None:
                yield self._late_violation(find_event(hit.event, [rules.charter]), seen)

    def _erased(self, seen: Observation, rules: Rules, place: Place) -> None:
        """Its key was erased: that nobody looked is all that can be entered, per late rule."""
        if not may_have_left(seen, rules.charter):
            return
        for rule in rules.rails.late_rules:
            if rule.wired and not rule.judged:
                said = partial(enter_not_looked, observation=seen, event=rule.event, why=ERASED)
                self.stops.owe(said, place, seen.time)

    def _late_violation(self, event: NeverEvent, observation: Observation) -> Violation:
        outcome = Outcome(
            observation=observation.id,
            time=format_instant(self._loop.clock.now()),
            reporter=f"late_rule:{event.id}",
            never_event=event.id,
        )
        return Violation(outcome=outcome, observation=observation, event=event)


def _unseen(record: Record, why: str) -> EvidenceError:
    return EvidenceError(f"nobody could look at a record of {record.at}: {why}")
