"""How far an incident reaches: whom it met, in which slices, how many answers, over which time.

    exposed   answers of the release that failed, in the slices that broke, in that time
    showing   those among them that show it: violations of the event, what counts against the
              objective

Enters: an incident, the journal. Leaves: counts. What never happens here: a guess. Where no single
answer tells (a drift, a calibration), nothing is counted as showing it and that is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from msgspec import Struct, field

from roadworthy.domain import (
    Hold,
    Incident,
    Instant,
    Observation,
    SafetySLO,
    TextScope,
    format_instant,
    read_name,
)
from roadworthy.journal import Wanted, query
from roadworthy.monitoring import counts_against, in_slice, with_outcomes

from ..journals.holding import place_hold
from ..objectives.live_indicators import TRAFFIC, entered_outcomes
from ..reviews.reviewed_answers import still_waiting
from ..workspace.loop import Loop
from ..workspace.people import Acting

MOST_NAMED = 1000
"""Tenants, slices and days that are named; the rest is counted together under `…`."""


class Reach(Struct, frozen=True, kw_only=True):
    """What was counted. No text, and of people only how many there were."""

    incident: str
    release: str
    since: Instant
    until: Instant
    """Before this instant."""
    exposed: int
    showing: int | None
    """None: no single answer tells."""
    first: Instant = ""
    """The first answer that shows it; without any, the first that was exposed."""
    last: Instant = ""
    by_tenant: dict[str, int] = field(default_factory=dict)
    """Of those that show it, or where none tells, of all that were exposed."""
    by_slice: dict[str, int] = field(default_factory=dict)
    by_day: dict[str, int] = field(default_factory=dict)
    end_users: int = 0
    """Different pseudonyms; answers without one are in no count of people."""
    unnamed: int = 0
    """Answers without an end user."""
    left: int = 0
    """Of those: answers that left, and were not blocked, held or replaced."""
    reason: str = ""
    """Why `showing` is None."""


def reach_of(
    incident: Incident,
    loop: Loop,
    slos: Sequence[SafetySLO],
    *,
    since: Instant = "",
    until: Instant = "",
) -> Reach:
    """Count it from the journal; by itself from the release's first answer until it was over.

    `slos` are the release's. Raises as `journal.query`: what cannot be read is not counted as
    nothing.
    """
    end = until or incident.closed_at or format_instant(loop.clock.now())
    shows, why = _shows(incident, slos)
    seen = _Seen()
    entered = entered_outcomes(loop)
    wanted = Wanted(system=incident.system, release=incident.release, since=since, until=end)
    for row in query(loop.workspace.journal, wanted):
        if not row.closed or row.seen.stage not in TRAFFIC:
            continue
        said = [each.outcome for each in row.learned if each.kind == "outcome" and each.outcome]
        known = with_outcomes(row.seen, [*said, *entered.get(row.seen.id, [])])
        known = still_waiting(known, loop.clock.now())
        part = next((each for each in incident.parts or ("",) if in_slice(known, each)), None)
        if part is not None:
            seen.take(known, part, shows=None if shows is None else shows(known))
    return Reach(
        incident=incident.id,
        release=incident.release,
        since=since or seen.begun,
        until=end,
        exposed=seen.exposed,
        showing=None if shows is None else seen.showing,
        first=seen.first,
        last=seen.last,
        by_tenant=_named(seen.tenants),
        by_slice=_named(seen.slices),
        by_day=_named(seen.days),
        end_users=len(seen.people),
        unnamed=seen.unnamed,
        left=seen.left,
        reason=why,
    )


def hold_reach(incident: Incident, reach: Reach, loop: Loop, by: Acting) -> list[Hold]:
    """Freeze the evidence: the texts of every day in which it shows are held, until two release.

    What is linked to an incident that is not over is held without anybody's act; this holds what
    lies around it, and after it is closed.
    """
    reason = f"evidence of {incident.id}"
    days = sorted(day for day in reach.by_day if day != "…")
    tenants = sorted(reach.by_tenant)
    if "…" in tenants or len(days) * len(tenants) > MOST_NAMED:
        scopes = [TextScope(day=day) for day in days]
    else:
        scopes = [TextScope(tenant=tenant, day=day) for tenant in tenants for day in days]
    return [place_hold(scope, loop, by, reason=reason) for scope in scopes]


class _Seen:
    """Counters of one walk through the journal."""

    def __init__(self) -> None:
        self.exposed = self.showing = self.unnamed = self.left = 0
        self.begun = self.first = self.last = ""
        self.tenants: Counter[str] = Counter()
        self.slices: Counter[str] = Counter()
        self.days: Counter[str] = Counter()
        self.people: set[tuple[str, str]] = set()

    def take(self, row: Observation, part: str, *, shows: bool | None) -> None:
        """One answer that was exposed; `shows` None where no single one tells."""
        self.exposed += 1
        self.begun = min(self.begun or row.time, row.time)
        if shows is False:
            return
        self.showing += bool(shows)
        self.first = min(self.first or row.time, row.time)
        self.last = max(self.last, row.time)
        self.tenants[row.tenant] += 1
        self.slices[part] += 1
        self.days[row.time[:10]] += 1
        self.left += row.action == "answered"
        if row.end_user:
            self.people.add((row.tenant, row.end_user))
        else:
            self.unnamed += 1


def _shows(
    incident: Incident, slos: Sequence[SafetySLO]
) -> tuple[Callable[[Observation], bool] | None, str]:
    """What makes an answer one that shows it; else why nobody can tell."""
    event = incident.never_event
    if event:
        return lambda row: any(
            each.event == event and each.kind == "violation" for each in row.never
        ), ""
    if incident.objective:
        slo = next((each for each in slos if each.name == incident.objective), None)
        if slo is None:
            return None, f"the release's objectives do not have `{incident.objective}` any more"
        metric = read_name(slo).metric
        against = counts_against(metric)
        return against, "" if against else f"no single answer shows `{metric}`"
    if incident.evidence:
        linked = frozenset(incident.evidence)
        return lambda row: row.id in linked, ""
    return None, "nobody linked an answer to it"


def _named(counts: Counter[str]) -> dict[str, int]:
    most = dict(counts.most_common(MOST_NAMED))
    rest = sum(counts.values()) - sum(most.values())
    return most | ({"…": rest} if rest else {})
