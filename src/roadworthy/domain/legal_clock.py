"""Until when an incident has to be reported, to whom, by which provision; and how days are counted.

Dates are data with their citation. Regulation (EU) 2024/1689 (AI Act) as amended by Regulation (EU)
2026/1744; periods by Regulation (EEC, Euratom) No 1182/71. No legal advice: which law applies is a
person's decision, which is why each clock says under what it runs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from .charter import OperatorRole
from .clock import Instant, format_instant, parse_instant
from .harm import HARMS, Harm, Recipient

_SERIOUS: frozenset[Harm] = frozenset(HARMS) - {"none", "cyber"}
_NOTE = "applies with the high-risk duties; formally since 2026-08-02 (date disputed)"


class LegalClock(Struct, frozen=True, kw_only=True):
    """One duty to report an incident within a time."""

    id: str
    article: str
    binds: OperatorRole
    to: Recipient
    harms: frozenset[Harm]
    """One of these starts it."""
    days: int
    """At most so many from awareness; 0: immediately, without a number of days."""
    applies_from: str
    applies_from_annex_i: str = ""
    """Of a system that is high-risk by Annex I; empty: the same."""
    binding: Literal["law", "code"] = "law"
    high_risk_only: bool = True
    note: str = ""


CLOCKS: tuple[LegalClock, ...] = (
    LegalClock(
        id="A73-2", article="Art. 73(2)", binds="provider", to="authority", harms=_SERIOUS,
        days=15, applies_from="2027-12-02", applies_from_annex_i="2028-08-02", note=_NOTE,
    ),
    LegalClock(
        id="A73-3", article="Art. 73(3)", binds="provider", to="authority",
        harms=frozenset({"widespread_infringement", "critical_infrastructure"}), days=2,
        applies_from="2027-12-02", applies_from_annex_i="2028-08-02", note=_NOTE,
    ),
    LegalClock(
        id="A73-4", article="Art. 73(4)", binds="provider", to="authority",
        harms=frozenset({"death"}), days=10,
        applies_from="2027-12-02", applies_from_annex_i="2028-08-02", note=_NOTE,
    ),
    LegalClock(
        id="A26-5I", article="Art. 26(5)", binds="deployer", to="provider", harms=_SERIOUS,
        days=0, applies_from="2027-12-02", applies_from_annex_i="2028-08-02",
        note="the provider first, then importer or distributor and the authority; where the"
        " provider cannot be reached, Article 73 applies",
    ),
    LegalClock(
        id="A55-1C-2", article="Art. 55(1)(c), Code M9.3", binds="gpai_provider", to="ai_office",
        harms=frozenset({"critical_infrastructure"}), days=2, applies_from="2025-08-02",
        binding="code", high_risk_only=False, note="general-purpose models with systemic risk",
    ),
    LegalClock(
        id="A55-1C-5", article="Art. 55(1)(c), Code M9.3", binds="gpai_provider", to="ai_office",
        harms=frozenset({"cyber"}), days=5, applies_from="2025-08-02",
        binding="code", high_risk_only=False, note="general-purpose models with systemic risk",
    ),
    LegalClock(
        id="A55-1C-10", article="Art. 55(1)(c), Code M9.3", binds="gpai_provider", to="ai_office",
        harms=frozenset({"death"}), days=10, applies_from="2025-08-02",
        binding="code", high_risk_only=False, note="general-purpose models with systemic risk",
    ),
    LegalClock(
        id="A55-1C-15", article="Art. 55(1)(c), Code M9.3", binds="gpai_provider", to="ai_office",
        harms=frozenset(
            {"health", "fundamental_rights", "widespread_infringement", "property_environment"}
        ),
        days=15, applies_from="2025-08-02",
        binding="code", high_risk_only=False, note="general-purpose models with systemic risk",
    ),
)  # fmt: skip
"""Every duty that a clock is kept for. Where several run, each is shown; the shortest is first."""


def period_end(
    aware_at: Instant, days: int, *, time_zone: str = "UTC", holidays: Collection[str] = ()
) -> Instant:
    """The end of a period of days that an instant begins, by Regulation 1182/71, Article 3.

    The day of the instant is not counted (1); the period ends with the last hour of its last day
    (2b); Saturdays, Sundays and `holidays` (`YYYY-MM-DD`) count (3), but it does not end on one
    (4), and one of two days or more holds two working days (5). Days are those of the time zone.
    """
    zone = ZoneInfo(time_zone)
    begin = parse_instant(aware_at).astimezone(zone).date()
    if days == 0:
        return aware_at
    last = begin + dt.timedelta(days=days)
    working = sum(_works(begin + dt.timedelta(days=each), holidays) for each in range(1, days + 1))
    while not _works(last, holidays) or (days >= 2 and working < 2):
        last += dt.timedelta(days=1)
        working += _works(last, holidays)
    after = last + dt.timedelta(days=1)
    midnight = dt.datetime(after.year, after.month, after.day, tzinfo=zone)
    return format_instant(midnight.astimezone(dt.UTC))


def _works(day: dt.date, holidays: Collection[str]) -> bool:
    return day.weekday() < 5 and day.isoformat() not in holidays
