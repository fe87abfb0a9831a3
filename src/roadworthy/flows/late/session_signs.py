"""Who shows a pattern of misuse: the askers whose answers carry a sign, for a person to look at.

Enters: a journal and a selection. Leaves: one row an asker, those with the newest sign first. What
never happens here: a text, a decision, a sign that anybody but the look after the answer wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from roadworthy.domain import Observation, Outcome
from roadworthy.journal import Record, Wanted, query
from roadworthy.monitoring import with_outcomes

from .after_looking import REPORTER
from .session_looking import Asker, asker_of


class Signs(Struct, frozen=True, kw_only=True):
    """One asker who showed something."""

    system: str
    tenant: str
    asker: str
    """The pseudonym of an end user, or of a session where no end user is known."""
    kinds: tuple[str, ...]
    """In the order in which they were shown."""
    answers: int
    """Of the selected ones, those from the first sign on."""
    first: str
    """When."""
    last: str
    observation: str
    """The newest of them."""


def signs_of(folder: Path, wanted: Wanted) -> list[Signs]:
    """Every asker with a sign among the selected answers. Raises as `journal.query`."""
    found: dict[Asker, list[Observation]] = {}
    for row in query(folder, wanted):
        seen = with_looks(row.seen, row.learned)
        asker = asker_of(seen)
        if row.closed and asker is not None and seen.misuse:
            found.setdefault(asker, []).append(seen)
    signs = [_told(asker, rows) for asker, rows in found.items()]
    return sorted(signs, key=lambda each: (each.last, each.observation), reverse=True)


def with_looks(seen: Observation, learned: Sequence[Record], *, but: str = "") -> Observation:
    """An answer with what we saw of it after it left, `but` by one looker; nobody else's word."""
    said = (record.outcome for record in learned)
    return with_outcomes(seen, [each for each in said if each is not None and _ours(each, but)])


def _ours(said: Outcome, but: str) -> bool:
    return said.reporter.startswith(REPORTER) and said.reporter != f"{REPORTER}{but}"


def _told(asker: Asker, rows: list[Observation]) -> Signs:
    rows.sort(key=lambda row: (row.time, row.id))
    kinds = dict.fromkeys(kind for row in rows for kind in row.misuse or ())
    return Signs(
        system=asker[0],
        tenant=asker[1],
        asker=asker[2],
        kinds=tuple(kinds),
        answers=len(rows),
        first=rows[0].time,
        last=rows[-1].time,
        observation=rows[-1].id,
    )
