"""How each duty of a system stands: met by which entries, stale, missing, or waiting for a person.

Enters: a classification, the kinds of evidence, the newest proof of each. Leaves: one status a
duty. Absence is never a pass: a duty without evidence kinds that are all there is not met.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from zoneinfo import ZoneInfo

from roadworthy.domain import (
    Applied,
    Charter,
    Classification,
    DutyStatus,
    Entry,
    EvidenceKind,
    Lack,
    Obligation,
    Proof,
    format_instant,
    parse_instant,
    trust_in,
)

from .periods import after
from .review_due import day_due

PROHIBITION = "Art. 5(1)"
END_IT = "nothing makes it lawful: do not place it on the market, put it into service or use it"
ENTERED = frozenset(("evidence.recorded", "evidence.imported", "evidence.received"))
"""Kinds of what was made elsewhere, which a person brought."""
_FIRST_ZONE = dt.timezone(dt.timedelta(hours=14))
"""Where a day begins first."""
_LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
"""As old as anything is held to be: many a tool writes year 1 where it knows no time, and no
calendar has the day before that."""
UNKNOWN_KIND = "nothing of Roadworthy makes it: roadworthy record {kind} FILE DIR"


def covered(
    obligations: Iterable[Obligation],
    classification: Classification,
    kinds: Mapping[str, EvidenceKind],
    proofs: Mapping[str, Proof],
    claims: Mapping[str, Proof] | None = None,
) -> list[DutyStatus]:
    """Every duty of the catalogue, in its order. `proofs` holds the newest one of each kind.

    `claims`: the newest of what is not trusted as far as its kind asks; it meets nothing.
    """
    applied = {one.id: one for one in classification.applied}
    return [
        _broken(duty, applied[duty.id], classification)
        or _status(duty, applied[duty.id], kinds, (proofs, claims or {}), classification.on)
        for duty in obligations
    ]


def _broken(
    duty: Obligation, applied: Applied, classification: Classification
) -> DutyStatus | None:
    """A prohibition that the system breaks: records of it are no compliance with it."""
    since = applied.since or ""
    if not applied.applies or not duty.article.startswith(PROHIBITION):
        return None
    if classification.class_on(max(since, classification.on)) != "prohibited":
        return None
    return DutyStatus(
        id=duty.id, status="missing", missing=(Lack(kind="end of the practice", person=END_IT),),
        since=since, in_force=since <= classification.on, why=END_IT,
        confidence=applied.confidence, formal_from=applied.formal_from,
    )  # fmt: skip


def _status(
    duty: Obligation,
    applied: Applied,
    kinds: Mapping[str, EvidenceKind],
    both: tuple[Mapping[str, Proof], Mapping[str, Proof]],
    on: str,
) -> DutyStatus:
    proofs, claims = both
    if applied.applies is None:
        return DutyStatus(id=duty.id, status="undecided", why=f"needs {', '.join(applied.needs)}")
    if not applied.applies:
        return DutyStatus(id=duty.id, status="not_applicable", why=applied.why)
    since = applied.since or ""
    found = tuple(proofs[kind] for kind in duty.evidence if kind in proofs)
    lacks = tuple(_lack(kind, kinds, claims) for kind in duty.evidence if kind not in proofs)
    status: DutyStatus = DutyStatus(id=duty.id, status="met")
    if any(not lack.person for lack in lacks):
        status = DutyStatus(id=duty.id, status="missing")
    elif lacks:
        status = DutyStatus(id=duty.id, status="needs_a_person")
    elif any(not proof.fresh for proof in found):
        status = DutyStatus(id=duty.id, status="stale")
    elif not found:
        status = DutyStatus(id=duty.id, status="needs_a_person", why="no kind of evidence is named")
    return DutyStatus(
        id=duty.id, status=status.status, evidence=found, missing=lacks, since=since,
        in_force=since <= on, why=status.why or applied.why,
        confidence=applied.confidence, formal_from=applied.formal_from,
    )  # fmt: skip


def _lack(kind: str, kinds: Mapping[str, EvidenceKind], claims: Mapping[str, Proof]) -> Lack:
    known = kinds.get(kind)
    claimed = (claims[kind],) if kind in claims else ()
    if known is None:
        return Lack(kind=kind, person=UNKNOWN_KIND.format(kind=kind), claims=claimed)
    return Lack(
        kind=kind, command=known.command, person="" if known.command else known.person,
        claims=claimed,
    )  # fmt: skip


def _made(entry: Entry) -> dt.datetime:
    """When it was made: what was made elsewhere is as old as it says, and never younger.

    What names no zone is as old as it can be.
    """
    entered = parse_instant(entry.time)
    origin = entry.payload.get("origin")
    said = str(origin.get("exported_at", "")) if isinstance(origin, dict) else ""
    try:
        made = dt.datetime.fromisoformat(said)
    except ValueError:
        return entered
    made = made if made.tzinfo else made.replace(tzinfo=_FIRST_ZONE)
    return min(max(made, _LONG_AGO), entered)


def proof_of(
    kind: EvidenceKind, entry: Entry, now: dt.datetime, charter: Charter, *, by: str = ""
) -> Proof:
    """An entry as a proof, and whether it is fresh at that moment. `by`: who brought it."""
    zone = ZoneInfo(charter.time_zone)
    fresh, until = True, ""
    made = _made(entry)
    level, who = trust_in(entry)
    if kind.cadence:
        last = day_due(format_instant(made), charter.review.cadence, charter.time_zone)
        fresh, until = now.astimezone(zone).date() <= last, last.isoformat()
    elif kind.fresh:
        end = after(made, kind.fresh)
        fresh, until = now <= end, end.astimezone(zone).date().isoformat()
    return Proof(
        kind=kind.id, seq=entry.seq, time=entry.time, subject=entry.subject, digest=entry.digest,
        fresh=fresh, entered=entry.kind in ENTERED, until=until, trust=level,
        by="" if level == "own" else who or by, made=format_instant(made),
    )  # fmt: skip
