"""Whether an input is a text that this workspace's own systems wrote.

Enters: what a user said last, and the log of fingerprints. Leaves: whether at least half of it
stands in one logged answer, ten words in a row or more. Never here: a guess by style, a word of
an answer, an answer of the same conversation taken for one that was fed back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from roadworthy.domain import Charter, Observation, Shift
from roadworthy.journal import (
    SURELY,
    FingerprintLog,
    Vault,
    find,
    fingerprints,
    shares,
    unseal,
    words_of,
)

from .after_looking import Noticed
from .fingerprinting import PURPOSE, model_text

ENOUGH = 0.5
"""Of a text's words in one answer: then the text is that answer's."""

Charters = Callable[[str, str], Charter | None]
"""(system, release) -> its charter; None where it is gone."""


class KnownTexts:
    """Looks inputs up among what was answered here. One thread calls it."""

    name = "known_text"

    def __init__(
        self,
        log: Path,
        journal: Path,
        vault: Vault,
        charter: Charters,
        let_out: Callable[[Observation], str | None],
    ) -> None:
        """`let_out`: what of a held answer people let out."""
        self._log = log
        self._journal = journal
        self._vault = vault
        self._charter = charter
        self._let_out = let_out
        self._key = vault.derived(PURPOSE)

    def look(self, seen: Observation, asked: str, left: str | None) -> Noticed | None:
        """None where the text is too short to be known by, or no log is there."""
        words = words_of(asked)
        if len(words) < SURELY or not self._log.exists():
            return None
        known = any(
            of_text >= ENOUGH and _is_another(answer, seen)
            for answer, of_text in self._alike(words)
        )
        return Noticed(shift=Shift(model_written=known))

    def missed(self, why: str) -> Noticed | None:
        """Nothing: a text that nobody could look up is in no share."""
        return None

    def _alike(self, words: Sequence[str]) -> Iterator[tuple[Observation, float]]:
        """Answers that have most of its marks, and how much of the text each has."""
        log = FingerprintLog(self._log, write=False)
        try:
            alike = log.alike(fingerprints(words, self._key))
        finally:
            log.close()
        for observation, _ in alike:
            record = find(self._journal, observation)
            texts = unseal(record, self._vault) if record is not None else None
            answer = record.observation if record is not None else None
            charter = self._charter(answer.system, answer.release) if answer is not None else None
            if answer is None or texts is None or charter is None:
                continue  # erased since, or of a release that is gone
            if answer.action == "held":
                written = self._let_out(answer)
            else:
                written = model_text(answer, texts.output, charter)
            yield answer, shares(words, words_of(written or ""))[0]


def _is_another(answer: Observation, seen: Observation) -> bool:
    """Whether an answer is an earlier one, of another conversation."""
    if answer.id == seen.id or answer.time >= seen.time:
        return False
    same = answer.tenant == seen.tenant and answer.session == seen.session
    return not (seen.session and same)
