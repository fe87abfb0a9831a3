"""The newest answers of each system with what was learned of them, in memory that is bounded.

Enters: records of the journal. Leaves: observations of a window. Never here: a text; a probe, a
drill or a shadow counted as traffic.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import force_setattr

from roadworthy.domain import Instant, Observation, Outcome
from roadworthy.journal import Record
from roadworthy.monitoring import with_outcomes

MOST_ROWS = 20_000
"""Answers of each system that are kept; of a longer window the newest count."""

MOST_SAID = 64
"""Reports of one answer that are kept one by one; then they are joined."""

MOST_ALIKE = 4096
"""Values that rows share, at most; then it is begun anew."""

MOST_WINDOWS = 32
"""Kept for who asks next. While nobody calls nothing is added, and windows move on all the same."""

_ALIKE = ("system", "release", "tenant", "endpoint", "model", "rails")

_TRAFFIC = frozenset({"live", "canary"})


class LiveRow(Struct, kw_only=True, eq=False):
    """An answer, and when something was learned of it last."""

    seen: Observation
    learned: list[Outcome] = []
    """What tenants and lookers said, by the journal."""
    entered: Sequence[Outcome] = ()
    """What people said, by the ledger."""
    learned_at: Instant = ""

    @property
    def known(self) -> Observation:
        """The answer with all that was learned of it."""
        said = [*self.learned, *self.entered]
        return with_outcomes(self.seen, said) if said else self.seen


class LiveRows:
    """By system, the newest last."""

    def __init__(self, most: int = MOST_ROWS) -> None:
        self._most = most
        self._rows: dict[str, OrderedDict[str, LiveRow]] = {}
        self._of: dict[str, str] = {}
        """Observation -> its system."""
        self._windows: dict[tuple[str, str, Instant, Instant, bool], list[Observation]] = {}
        """What was asked for since something was added: objectives share their windows."""
        self._alike: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return sum(map(len, self._rows.values()))

    def take(self, record: Record) -> str:
        """Keep what a record tells; returns the system that it is about, or nothing."""
        self._windows.clear()
        seen, said = record.observation, record.outcome
        if record.kind == "close" and seen is not None and seen.stage in _TRAFFIC:
            rows = self._rows.setdefault(seen.system, OrderedDict())
            rows[seen.id] = LiveRow(seen=self._sharing(seen))
            self._of[seen.id] = seen.system
            if len(rows) > self._most:
                self._of.pop(rows.popitem(last=False)[0], None)
            return seen.system
        if record.kind == "outcome" and said is not None:
            system = self._of.get(said.observation, "")
            row = self._rows[system].get(said.observation) if system else None
            if row is not None:
                if len(row.learned) >= MOST_SAID:
                    row.seen, row.learned = with_outcomes(row.seen, row.learned), []
                row.learned.append(said)
                row.learned_at = max(row.learned_at, said.time)
                return system
        return ""

    def _sharing(self, seen: Observation) -> Observation:
        """The same, of one memory with others in what most have alike: two fifths are that."""
        if len(self._alike) >= MOST_ALIKE:
            self._alike.clear()
        for name in _ALIKE:
            said = getattr(seen, name)
            known = self._alike.setdefault(said, said)
            if known is not said:
                force_setattr(seen, name, known)  # the same value; who else has the record sees it
        return seen

    def enter(self, outcomes: Mapping[str, Sequence[Outcome]]) -> None:
        """Let these be all that people said, by observation."""
        self._windows.clear()
        for name, said in outcomes.items():
            system = self._of.get(name, "")
            row = self._rows[system].get(name) if system else None
            if row is not None:
                row.entered = said
                row.learned_at = max(row.learned_at, *(each.time for each in said))

    def window(
        self, system: str, *, release: str, since: Instant, until: Instant = "", late: bool
    ) -> Iterator[Observation]:
        """Answers of a release since then; `late`: those of which something was learned since."""
        asked = (system, release, since, until, late)
        if asked not in self._windows:
            if len(self._windows) >= MOST_WINDOWS:
                self._windows.clear()
            self._windows[asked] = self._asked(*asked)
        return iter(self._windows[asked])

    def _asked(
        self, system: str, release: str, since: Instant, until: Instant, late: bool
    ) -> list[Observation]:
        known: Mapping[str, LiveRow] = self._rows.get(system, {})
        rows = known.values()  # a loop for each question: there may be 20,000
        if late:
            found = [row for row in rows if row.learned_at >= since]
            found = [row for row in found if row.learned_at < until] if until else found
        else:
            found = [row for row in rows if row.seen.time >= since]
            found = [row for row in found if row.seen.time < until] if until else found
        if release:
            found = [row for row in found if row.seen.release == release]
        return [row.known if row.learned or row.entered else row.seen for row in found]
