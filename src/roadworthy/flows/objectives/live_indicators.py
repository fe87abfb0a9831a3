"""Indicators of live answers, with what was learned of them since.

    measured   1 the answers that ended, with what tenants and reviewers said (the journal)
               2 what people entered by hand (the ledger)
               3 every indicator over both, drift from the reference of the release
               4 the machine's, by its readings in that time

Enters: a journal, a selection, a ledger. Leaves: measurements. Never here: what a tenant reported
and nobody confirmed, a probe or a drill counted as traffic, a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path

from msgspec import Struct

from roadworthy.domain import (
    Measurement,
    Observation,
    Outcome,
    RoadworthyError,
    format_instant,
)
from roadworthy.journal import Row, Wanted, query, read_host
from roadworthy.manifests import Workspace
from roadworthy.monitoring import host_indicators, measure_all, with_outcomes

from ..entries.answering_content import answering_content
from ..late.online_scoring import Samples, SamplesOf, as_drawn, samples_of
from ..late.references import answers_against
from ..load.headroom import MEASURED, headroom_of
from ..reviews.reviewed_answers import reviewed_outcomes, still_waiting
from ..workspace.loop import Loop
from ..workspace.routing import read_table

TRAFFIC = frozenset({"live", "canary"})
"""Stages whose answers somebody got."""


class LiveIndicators(Struct, frozen=True, kw_only=True):
    """What live answers say."""

    n: int
    """Answers that were looked at."""
    unread: int
    """Of which something was said that is no number."""
    indicators: tuple[Measurement, ...]
    unheld: str = ""
    """Why no drift is measured; empty where it is."""


def measured(
    workspace: Workspace, wanted: Wanted, loop: Loop | None, limit: int = 0
) -> LiveIndicators:
    """Every indicator that the selected answers have data for; of the first `limit`, 0: of all.

    The machine is one for all answers: its indicators are there where a time was selected, or all.

    Raises as `journal.query`.
    """
    entered = entered_outcomes(loop) if loop is not None else {}
    rows: list[Observation] = []
    for row in _ended(workspace.journal, wanted):
        if limit and len(rows) == limit:
            break
        said = [each.outcome for each in row.learned if each.kind == "outcome"]  # 1
        known = [each for each in said if each is not None]
        seen = with_outcomes(row.seen, [*known, *entered.get(row.seen.id, [])])  # 2
        rows.append(still_waiting(seen, loop.clock.now()) if loop is not None else seen)
    now = format_instant(loop.clock.now()) if loop is not None else ""
    rows = as_drawn(rows, samples_in(workspace), now)
    unread = sum(1 for row in rows if "unread" in row.attributes)
    against, unheld = answers_against(workspace, rows) if rows else (None, "")
    found = measure_all(rows, against=against)  # 3
    if not limit and wanted == Wanted(since=wanted.since, until=wanted.until):  # 4
        found += host_indicators(read_host(workspace.host, since=wanted.since, until=wanted.until))
        found += _headroom(loop)
    return LiveIndicators(n=len(rows), unread=unread, indicators=tuple(found), unheld=unheld)


def samples_in(workspace: Workspace) -> SamplesOf:
    """What the releases of a workspace have sampled; each is read once."""

    @cache
    def found(system: str, release: str) -> Samples | None:
        with suppress(RoadworthyError, OSError):
            return samples_of(answering_content(workspace, system, release))
        return None

    return found


def _headroom(loop: Loop | None) -> list[Measurement]:
    """What is left of the capacity, where one system is live and somebody measured it."""
    routes = read_table(loop.workspace.routing).routes if loop is not None else {}
    if loop is None or len(routes) != 1 or loop.ledger.newest(kind=MEASURED) is None:
        return []
    ((system, route),) = routes.items()
    return [headroom_of(loop, system=system, release=route.live)]


def _ended(folder: Path, wanted: Wanted) -> Iterator[Row]:
    for row in query(folder, wanted):
        if row.closed and row.seen.stage in TRAFFIC:
            yield row


def entered_outcomes(loop: Loop) -> dict[str, list[Outcome]]:
    """Observation -> the truths, violations and decisions that the ledger holds of it."""
    found: dict[str, list[Outcome]] = {}
    for kind in ("outcome.added", "violation.recorded"):
        for entry in loop.ledger.entries(kind=kind):
            given = {name: str(text) for name, text in entry.payload.items()}
            outcome = Outcome(
                observation=entry.subject,
                time=given.get("found_at") or entry.time,
                reporter=given.get("reporter") or entry.actor,
                label=given.get("label", ""),
                never_event=given.get("never_event", ""),
            )
            found.setdefault(entry.subject, []).append(outcome)
    for outcome in reviewed_outcomes(loop):
        found.setdefault(outcome.observation, []).append(outcome)
    return found
