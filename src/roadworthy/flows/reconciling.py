"""The control process's round: what workers did and learned becomes evidence.

    1 violations   reported by those who may: kill (again, harmlessly), ledger, incident
    2 reports      by those who may not, or that cannot be acted on: into the ledger, where a
                   person finds them
    3 late rules   over all that left, also before a stream was stopped: a hit is a violation
    4 kills        that stand but are not in the ledger are entered; those that stand by the ledger
                   and are not in the table are put back, whatever else failed; so are routes
    5 segments     that have ended are vouched for by their Merkle root; the proof lies beside
    6 head         the ledger's newest is left in the routing table: by it a cut tail is seen

What enters: the journal's new records. What leaves: entries and, for a late rule, kill flags.
What never happens here: the same thing entered twice (a restart begins where the marks are, and
what was already entered is seen there), or an answer held up because nobody reconciles.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from roadworthy.domain import (
    Charter,
    Draft,
    Entry,
    KillFlag,
    NeverEvent,
    Observation,
    Outcome,
    UsageError,
    format_instant,
    plain,
)
from roadworthy.journal import Record, Tail, Vault, find, seal_segment, segments, unseal
from roadworthy.ledger import encode_proof
from roadworthy.serving import RailLine
from roadworthy_verify.carried import SEAL

from .entered_kills import ledger_kills, lost_kills
from .late_looking import look, what_left
from .live_routes import ledger_routes, put_back_routes, strayed_routes
from .loop import Loop
from .not_looked import ERASED, enter_not_looked, enter_release_gone, may_have_left
from .reporting import enter_report
from .road import Violation, find_event, on_violation
from .routing import leave_head, put_in_place, read_table
from .stopping import (
    put_back_kills,
    put_back_words,
    record_unrecorded,
)

PATIENCE_S = 5.0
"""A kill this young is not entered for somebody else: the command that set it is about to."""


class Rules(Struct, frozen=True, kw_only=True):
    """What a release forbids: its charter, and its rails with their late rules."""

    charter: Charter
    rails: RailLine


class Reconciler:
    """One control process's state: how far it has read, and which releases it knows."""

    def __init__(
        self,
        loop: Loop,
        tail: Tail,
        vault: Vault,
        *,
        rules: Callable[[str, str], Rules | None],
        warn: Callable[[str], None],
    ) -> None:
        """`rules` gives what (system, release) forbids; None when the release is gone."""
        self._loop = loop
        self._tail = tail
        self._vault = vault
        self._rules = rules
        self._warn = warn
        self._caught_up = False
        self._late_seen = False
        self._entered = -1
        """Version of the routing table whose kills are all in the ledger."""
        self._stand: tuple[int, list[KillFlag]] = (-1, [])
        """The ledger's size, and the kills that stood by it."""
        self._live: dict[str, Entry] = {}
        """What was live by the same ledger."""
        self._left = 0
        """Size of the head that the routing table was last given."""

    def round(self) -> int:
        """Take everything that is new; returns how many records that were."""
        taken = 0
        try:
            for record in self._tail.read(closes=self._has_late_rules()):
                self._take(record)
                taken += 1
        finally:
            self._put_back()
        self._enter_kills()
        self._leave_head()
        self._caught_up = True
        return taken

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

    def _put_back(self) -> None:
        """4. The ledger is read for it when it grew, the table in every round."""
        size = self._loop.ledger.size()
        if size != self._stand[0]:
            self._live = ledger_routes(self._loop)
            self._stand = (size, ledger_kills(self._loop))
        table = read_table(self._loop.workspace.routing)
        if lost_kills(table, self._stand[1]):
            for flag in put_back_kills(self._loop):
                self._warn(put_back_words(flag))
        if strayed_routes(table, self._live):
            for strayed in put_back_routes(self._loop):
                self._warn(strayed.words)

    def _enter_kills(self) -> None:
        """4. Only when the table is another one than last time."""
        table = read_table(self._loop.workspace.routing)
        if table.version == self._entered:
            return
        waited = self._loop.clock.now() - dt.timedelta(seconds=PATIENCE_S)
        before = format_instant(waited)
        for flag in record_unrecorded(self._loop, before=before):
            self._warn(f"{flag.id} stood without an entry; entered now")
        if all(flag.at < before for flag in table.kills):
            self._entered = table.version

    def _leave_head(self) -> None:
        """6. What was entered since, by whomever, is in the head that the table carries."""
        newest = self._loop.ledger.newest_checkpoint()
        if newest and newest.size != self._left:
            leave_head(self._loop.workspace)
            self._left = newest.size

    def _take(self, record: Record) -> None:
        outcome, observation = record.outcome, record.observation
        try:
            if record.kind == "outcome" and outcome is not None and outcome.never_event:
                self._heard(outcome)  # 1
            elif record.kind == "report" and outcome is not None:
                enter_report(outcome, self._loop, system=self._system_of(outcome))  # 2
            elif record.kind == "close" and observation is not None:
                for late in self._late(record, observation):  # 3
                    on_violation(late, self._loop)
            elif record.kind == "end":
                self._seal(record.segment)  # 5
        except UsageError as error:
            self._warn(f"cannot act on a record of {record.at}: {error.message}")

    def _heard(self, outcome: Outcome) -> None:
        """1. What cannot be acted on waits for a person; it does not vanish."""
        try:
            self._violated(outcome)
        except UsageError:
            enter_report(outcome, self._loop, system=self._system_of(outcome))
            raise

    def _system_of(self, outcome: Outcome) -> str:
        found = find(self._loop.workspace.journal, outcome.observation)
        return found.observation.system if found and found.observation else ""

    def _violated(self, outcome: Outcome) -> None:
        found = find(self._loop.workspace.journal, outcome.observation)
        if found is None or found.observation is None:
            raise UsageError(f"there is no observation {outcome.observation}")
        observation = found.observation
        event = find_event(outcome.never_event, self._charters(observation))
        on_violation(Violation(outcome=outcome, observation=observation, event=event), self._loop)

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

    def _late(self, record: Record, observation: Observation) -> Iterator[Violation]:
        """Violations that the release's late rules find in what left, of a stopped stream too."""
        rules = self._rules(observation.system, observation.release)
        if rules is None:
            enter_release_gone(self._loop, observation)
            return
        if not rules.rails.late_rules:
            return
        texts = unseal(record, self._vault)
        if texts is None:
            self._erased(observation, rules)
            return
        left = what_left(observation, texts.output, rules.charter)
        if left is None:
            return
        clock = self._loop.clock
        for hit, _ in look(observation, rules.rails, clock, asked=texts.input, left=left):
            if hit is not None:
                yield self._late_violation(find_event(hit.event, [rules.charter]), observation)

    def _erased(self, observation: Observation, rules: Rules) -> None:
        """Its key was erased: that nobody looked is all that can be entered, per late rule."""
        if not may_have_left(observation, rules.charter):
            return
        for rule in rules.rails.late_rules:
            if rule.wired and not rule.judged:
                enter_not_looked(self._loop, observation, rule.event, ERASED)

    def _late_violation(self, event: NeverEvent, observation: Observation) -> Violation:
        outcome = Outcome(
            observation=observation.id,
            time=format_instant(self._loop.clock.now()),
            reporter=f"late_rule:{event.id}",
            never_event=event.id,
        )
        return Violation(outcome=outcome, observation=observation, event=event)

    def _seal(self, name: str) -> None:
        path = _segment(self._loop.workspace.journal, name)
        if path is None:
            return
        entry = self._loop.ledger.newest(kind="journal.sealed", subject=name)
        if entry is None:
            seal = seal_segment(path)
            if seal is None:
                return
            draft = Draft(
                system="",
                kind="journal.sealed",
                subject=name,
                actor=self._loop.machine,
                payload=plain(seal),
            )
            (entry,) = self._loop.ledger.record(draft)
        proof = path.with_name(name + SEAL)
        if not proof.exists():
            put_in_place(proof, encode_proof(self._loop.ledger.prove(entry.seq)))


def _segment(folder: Path, name: str) -> Path | None:
    return next((path for path in segments(folder) if path.stem == name), None)
