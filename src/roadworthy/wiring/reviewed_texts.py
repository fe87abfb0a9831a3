"""Texts that people let out, for whoever knows texts again: what a model wrote, or wrote first.

Enters: the ledger's decisions about held answers. Leaves: those texts, and their marks for the log.
What never happens here: a text that people wrote to an input that no model was asked taken for a
model's; a log that falls behind the journal because of this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from roadworthy.domain import Charter, Clock, Observation
from roadworthy.flows.entries.review_entries import DECIDED
from roadworthy.flows.late.fingerprinting import PURPOSE
from roadworthy.journal import Logged, Vault, find, fingerprints, words_of
from roadworthy.ledger import Ledger, SqliteEntryStore
from roadworthy.manifests import Workspace

from .given_answers import PATIENCE_S, Given, given

EVERY_S = 5.0
"""How often the ledger is looked at."""


class ReviewedTexts:
    """Follows the ledger; what it knows is in memory only, and logged twice is logged once."""

    def __init__(
        self,
        workspace: Workspace,
        vault: Vault,
        clock: Clock,
        *,
        charter: Callable[[str, str], Charter | None],
    ) -> None:
        """`charter`: of a release that keeps a log; None of any other."""
        self._workspace = workspace
        self._vault = vault
        self._clock = clock
        self._charter = charter
        self._key = vault.derived(PURPOSE)
        self._seen = 0
        self._again_at = float("-inf")

    def fresh(self) -> list[Logged]:
        """Those decided since the last time. Raises EvidenceError: then all are found again."""
        if self._clock.monotonic() < self._again_at or not self._workspace.ledger.exists():
            return []
        self._again_at = self._clock.monotonic() + EVERY_S
        decided = self._decided()
        found = [one for _, name in decided if (one := self._logged(name)) is not None]
        self._seen = max((seq for seq, _ in decided), default=self._seen)
        return found

    def _decided(self) -> list[tuple[int, str]]:
        """Number and observation of each new decision."""
        path = self._workspace.ledger
        store = SqliteEntryStore(path, self._clock, create=False, patience_s=PATIENCE_S)
        try:
            entries: Iterator[tuple[int, str]] = (
                (entry.seq, entry.subject) for entry in Ledger(store).entries(kind=DECIDED)
            )
            return [each for each in entries if each[0] > self._seen]
        finally:
            store.close()

    def _logged(self, name: str) -> Logged | None:
        record = find(self._workspace.journal, name)
        seen = record.observation if record is not None else None
        if seen is None or self._charter(seen.system, seen.release) is None:
            return None
        found = given(seen, self._workspace, self._vault, self._clock)
        text = model_words(found)
        marks = fingerprints(words_of(text), self._key) if text else []
        if found is None or found.sealed is None or not marks:
            return None
        sealed = found.sealed
        return Logged(id=seen.id, tenant=seen.tenant, key=sealed.key, leaf=sealed.leaf, marks=marks)


def let_out(seen: Observation, workspace: Workspace, vault: Vault, clock: Clock) -> str | None:
    """What a model wrote of a held answer that people let out. Raises EvidenceError."""
    return model_words(given(seen, workspace, vault, clock))


def model_words(found: Given | None) -> str | None:
    """None of what waits, was refused, was erased, or no model had a part in."""
    return found.text if found is not None and found.machine else None
