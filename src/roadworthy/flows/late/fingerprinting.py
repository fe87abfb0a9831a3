"""The log of what the system wrote, so that a text can be known again (EU AI Act, Article 50(2)).

    1 read      finished exchanges of releases whose charter keeps a log
    2 mark      what left of the model's answer, without the sentence that tells people
    3 forget    answers whose texts were erased since

What enters: the journal. What leaves: the log of fingerprints. What never happens here: a fallback
that people wrote taken for a model's text; more of the processor than a share, since nobody waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from roadworthy.domain import Charter, Clock, Observation
from roadworthy.journal import (
    FingerprintLog,
    Logged,
    Record,
    Tail,
    Vault,
    fingerprints,
    unseal,
    words_of,
)

from .late_looking import what_left

PURPOSE = "provenance"
"""What the key of the marks is derived for."""

BATCH = 64
SHARE = 0.25
"""Of the time, at most, that is spent on reading."""
FORGET_S = 60.0

CharterOf = Callable[[str, str], Charter | None]
"""(system, release) -> its charter where it keeps a log; else None."""


class Fingerprinting:
    """How far the log goes. One round after the other."""

    def __init__(
        self, tail: Tail, vault: Vault, log: FingerprintLog, clock: Clock, *, charter: CharterOf
    ) -> None:
        self._tail = tail
        self._vault = vault
        self._log = log
        self._clock = clock
        self._charter = charter
        self._key = vault.derived(PURPOSE)
        self._forget_at = float("-inf")

    def round(self, *, logs: bool) -> float:
        """Log a batch of what is new; returns how long to leave it alone then, in seconds.

        `logs`: whether any release that answers keeps a log; else exchanges are passed over.
        """
        begun = self._clock.monotonic()
        taken = 0
        found: list[Logged] = []
        for record in self._tail.read(closes=logs):
            one = self._logged(record)
            if one is not None:
                found.append(one)
            taken += 1
            if taken == BATCH:
                break
        if taken:
            self._log.add(found, dict(self._tail.marks))
        if begun >= self._forget_at:
            self._forget_at = begun + FORGET_S
            self.forget()
        spent = self._clock.monotonic() - begun
        return spent / SHARE if taken == BATCH else max(1.0, spent / SHARE)

    def add(self, found: Sequence[Logged]) -> None:
        """Log what was found elsewhere. Raises EvidenceError."""
        if found:
            self._log.add(found, dict(self._tail.marks))

    def forget(self) -> int:
        """Drop what was erased; returns how many answers."""
        keys = self._log.keys()
        gone = [(name, leaf) for name, leaf in keys if not self._vault.opens(name, leaf)]
        return self._log.forget(gone) if gone else 0

    def _logged(self, record: Record) -> Logged | None:
        seen = record.observation
        if record.kind != "close" or seen is None or record.sealed is None:
            return None
        charter = self._charter(seen.system, seen.release)
        if charter is None:
            return None
        texts = unseal(record, self._vault)
        written = model_text(seen, texts.output, charter) if texts is not None else None
        marks = fingerprints(words_of(written), self._key) if written else []
        if not marks:
            return None
        sealed = record.sealed
        return Logged(id=seen.id, tenant=seen.tenant, key=sealed.key, leaf=sealed.leaf, marks=marks)


def model_text(seen: Observation, output: str, charter: Charter) -> str | None:
    """What the model wrote of what left; None where nothing of it did."""
    written = what_left(seen, output, charter)
    notice = seen.attributes.get("notice")
    if written and seen.notice_given and notice:
        written = written.removeprefix(str(notice["sentence"]))
    return written or None
