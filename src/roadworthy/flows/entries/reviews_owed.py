"""When people are to deliberate about a system again, by what the ledger says they did.

Enters: a ledger, a charter. Leaves: how the next review stands. Never: a note that lies in a
folder and that nobody recorded taken for a review.
"""

from __future__ import annotations

from roadworthy.compliance import ReviewDue, review_due
from roadworthy.domain import Charter

from ..workspace.loop import Loop
from .release_records import ACTIVATED

RECORDED = "deliberation.recorded"


def review_owed(loop: Loop, charter: Charter) -> ReviewDue:
    """How the next review of a system stands now, by its charter."""
    newest = loop.ledger.newest(kind=RECORDED, system=charter.system)
    first = next(iter(loop.ledger.entries(kind=ACTIVATED, system=charter.system)), None)
    return review_due(
        charter.system, cadence=charter.review.cadence, time_zone=charter.time_zone,
        now=loop.clock.now(), last=(newest.time, newest.seq) if newest is not None else None,
        on_the_road=first.time if first is not None else "",
    )  # fmt: skip
