"""What is looked at once an answer has left: whoever waits for it waits for nothing of this.

    1 read      finished exchanges, behind everybody else
    2 look      each looker of the release that answered; its sampler, at what it has drawn
    3 keep      one outcome for each that saw something, in a segment of our own (`look:NAME`)

What enters: the journal. What leaves: outcomes, which are joined by id. What never happens here: a
stop, a text in what is kept, an answer that a looker failed at passed over in silence; more of the
processor than a share, since nobody waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Asked,
    Charter,
    Clock,
    Drawn,
    Observation,
    Outcome,
    Shift,
    Witness,
    format_instant,
    last_words,
)
from roadworthy.journal import Record, Remarks, Tail, Vault, unseal
from roadworthy.monitoring import with_outcomes

from .late_looking import what_left

REPORTER = "look:"
"""How the reporter of an outcome begins that nobody outside can have written."""

BATCH = 64
"""Answers between two writes."""

SHARE = 0.25
"""Of the time, at most, that is spent on looking."""

IDLE_S = 1.0


class Noticed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a looker saw of one answer: numbers and names, no words of it."""

    shift: Shift | None = None
    misuse: tuple[str, ...] | None = None
    note: str = ""
    drawn: tuple[Drawn, ...] | None = None


class Looker(Protocol):
    """Who looks at answers after they left; of one release, or of all. One thread calls it."""

    @property
    def name(self) -> str:
        """Names it in `look:NAME`."""

    def look(self, seen: Observation, asked: str, left: str | None) -> Noticed | None:
        """What it sees; None: nothing to say.

        `asked` is what the user said last, `left` what left of the answer: None where nothing did.

        Whatever it raises, the others look; `missed` then says what is kept instead.
        """

    def missed(self, why: str) -> Noticed | None:
        """What is kept of an answer that it failed at."""


class Sampler(Protocol):
    """Who looks at a random sample of a release's answers. One thread calls it."""

    @property
    def name(self) -> str:
        """Names it in `look:NAME`."""

    def wants(self, seen: Observation) -> bool:
        """Whether the answer is drawn: of others not even the texts are opened."""

    def score(self, seen: Observation, texts: Witness | None, left: str | None) -> Noticed:
        """What is kept of one that is; `texts` is None where they were erased. Never raises."""


class Lookers(Struct, frozen=True, kw_only=True):
    """Who looks at the answers of one release."""

    charter: Charter
    lookers: tuple[Looker, ...] = ()
    sampler: Sampler | None = None

    @property
    def any(self) -> bool:
        """Whether anybody looks."""
        return bool(self.lookers) or self.sampler is not None


LookersOf = Callable[[str, str], Lookers | None]
"""(system, release) -> who looks at its answers; None where the release is gone."""


class AfterLooking:
    """How far it has looked. One round after the other."""

    def __init__(
        self,
        tail: Tail,
        vault: Vault,
        remarks: Remarks,
        clock: Clock,
        *,
        lookers: LookersOf,
        share: float = SHARE,
    ) -> None:
        """`share`: of the time, at most, that is spent on looking."""
        self.looked = 0
        """Answers, since this process began."""
        self.missed = ""
        """Why a looker failed in the last round that looked at any; it is kept of the answer."""
        self.over = threading.Event()
        """Whether to end at once: what is looked at now is looked at again later."""
        self.caught_up = False
        """Whether everything was read once since this process began."""
        self.marks = dict(tail.marks)
        """How far all was looked at and is kept: where a restart goes on."""
        self._tail = tail
        self._vault = vault
        self._remarks = remarks
        self._clock = clock
        self._lookers = lookers
        self._share = share
        self._owed: list[Outcome] = []
        """Seen and not yet on disk."""
        self._failed = 0

    def round(self, *, looks: bool, batch: int = BATCH) -> float:
        """Look at `batch` new records; returns how long to leave it alone then, in seconds.

        `looks`: whether any release has lookers; else exchanges are passed over unread. Raises
        OSError or EvidenceError when something cannot be read or kept: it is tried again.
        """
        begun = self._clock.monotonic()
        looked, missed, taken = self.looked, self._failed, 0
        self._keep()
        try:
            for record in self._tail.read(closes=looks):
                if taken == batch or self.over.is_set():
                    break  # a mark moves past a record when the next one is asked for
                seen = self._seen_in(record)
                if self.over.is_set():
                    break  # it may have been cut short
                self._owed += seen
                taken += 1
            else:
                self.caught_up = True
        finally:
            self._keep()
        if self.looked > looked and self._failed == missed:
            self.missed = ""
        spent = self._clock.monotonic() - begun
        wait = spent / self._share
        return wait if taken == batch else max(IDLE_S, wait)

    def _keep(self) -> None:
        """Write what is owed; only then does reading count as done."""
        self._remarks.keep(self._owed)
        self._owed = []
        self.marks = dict(self._tail.marks)

    def _seen_in(self, record: Record) -> list[Outcome]:
        seen = record.observation
        if record.kind != "close" or seen is None or record.sealed is None:
            return []
        found = self._lookers(seen.system, seen.release)
        if found is None or not found.any:
            return []
        outcomes = self._sampled_in(record, seen, found)
        if not found.lookers:
            return outcomes
        texts = unseal(record, self._vault)
        if texts is None:
            return outcomes  # erased meanwhile: nothing may be learned of it any more
        left = what_left(seen, texts.output, found.charter)
        asked = asked_in_words(texts)
        self.looked += 1
        for looker in found.lookers:
            noticed = self._noticed(looker, seen, asked, left)
            if noticed is not None:
                outcomes.append(self._outcome(seen, looker.name, noticed))
                seen = with_outcomes(seen, outcomes[-1:])  # the next one sees what this one saw
        return outcomes

    def _sampled_in(self, record: Record, seen: Observation, found: Lookers) -> list[Outcome]:
        sampler = found.sampler
        if sampler is None or not sampler.wants(seen):
            return []
        texts = unseal(record, self._vault)
        left = what_left(seen, texts.output, found.charter) if texts is not None else None
        self.looked += 1
        return [self._outcome(seen, sampler.name, sampler.score(seen, texts, left))]

    def _noticed(
        self, looker: Looker, seen: Observation, asked: str, left: str | None
    ) -> Noticed | None:
        try:
            return looker.look(seen, asked, left)
        except Exception as error:  # a fault of one looker is no fault of the others
            why = f"{type(error).__name__}: {error}"
            self._failed += 1
            self.missed = f"`{looker.name}` could not look at {seen.id}: {why}"
            return looker.missed(why)

    def _outcome(self, seen: Observation, name: str, noticed: Noticed) -> Outcome:
        return Outcome(
            observation=seen.id,
            time=format_instant(self._clock.now()),
            reporter=f"{REPORTER}{name}",
            note=noticed.note,
            shift=noticed.shift,
            misuse=noticed.misuse,
            drawn=noticed.drawn,
        )


def asked_in_words(texts: Witness) -> str:
    """What the user said last; earlier turns, system messages and tools are no part of it."""
    if not texts.given:
        return texts.input
    return last_words(msgspec.json.decode(texts.given, type=Asked))


def any_looks(live: Sequence[tuple[str, str]], lookers: LookersOf) -> bool:
    """Whether a release that answers has lookers; one that cannot be read may have some."""
    return any((found := lookers(*each)) is None or found.any for each in live)
