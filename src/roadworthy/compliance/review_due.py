"""When people are to look at a system again: by the cadence of its charter, in its time zone.

Enters: when they looked last, or when it went on the road. Leaves: the day, and how it stands on
another. Never: a system on the road that owes no review.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal
from zoneinfo import ZoneInfo

from msgspec import Struct

from roadworthy.domain import parse_instant

from .periods import after

CADENCES = {"weekly": "P7D", "monthly": "P1M", "quarterly": "P3M"}
"""`review.cadence` of a charter as a period of the calendar: a month after 31 January ends on the
last day of February."""
_SOON = {"weekly": 2, "monthly": 7, "quarterly": 14}
"""So many days before the day it is said that a review is due."""

Owed = Literal["nothing", "later", "soon", "overdue"]


class ReviewDue(Struct, frozen=True, kw_only=True):
    """How the next review of a system stands on a day."""

    system: str
    cadence: str
    time_zone: str
    state: Owed
    """`nothing`: it was never on the road, and nobody deliberated about it yet."""
    due: str = ""
    """The last day on which it is in time."""
    days: int = 0
    """Until then; below 0 it is overdue."""
    last: str = ""
    """When people looked last; empty: never."""
    entry: int = 0
    """The entry that says so."""

    @property
    def words(self) -> str:
        """What is owed, in a sentence; empty where nothing is yet."""
        do = "roadworthy deliberate DIR; then --record --as NAME"
        since = f"the last was on {self.last[:10]}" if self.last else "there was none so far"
        match self.state:
            case "overdue":
                late = "since yesterday" if self.days == -1 else f"for {-self.days} days"
                return (
                    f"the {self.cadence} review of {self.system} is overdue {late}: it was due on"
                    f" {self.due}, {since}: {do}"
                )
            case "soon":
                what = f"the {self.cadence} review of {self.system}"
                return f"{what} is due by {self.due}, {since}: {do}"
        return ""


def day_due(looked: str, cadence: str, time_zone: str) -> dt.date:
    """The last day for the next review, after people looked at that instant."""
    return after(parse_instant(looked).astimezone(ZoneInfo(time_zone)), CADENCES[cadence]).date()


def review_due(
    system: str, *, cadence: str, time_zone: str, now: dt.datetime,
    last: tuple[str, int] | None, on_the_road: str = "",
) -> ReviewDue:  # fmt: skip
    """How the next review stands.

    `last`: instant and entry of the newest deliberation that was recorded; `on_the_road`: when the
    first release went live, from which the first review is due.
    """
    looked = last[0] if last is not None else on_the_road
    if not looked:
        return ReviewDue(system=system, cadence=cadence, time_zone=time_zone, state="nothing")
    due = day_due(looked, cadence, time_zone)
    days = (due - now.astimezone(ZoneInfo(time_zone)).date()).days
    state: Owed = "overdue" if days < 0 else "soon" if days <= _SOON[cadence] else "later"
    return ReviewDue(
        system=system, cadence=cadence, time_zone=time_zone, state=state, due=due.isoformat(),
        days=days, last=last[0] if last is not None else "",
        entry=last[1] if last is not None else 0,
    )  # fmt: skip
