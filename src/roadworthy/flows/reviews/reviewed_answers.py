"""What people decided about held answers, as indicators read it: from the ledger alone.

Enters: a loop, rows of live answers. Leaves: an outcome for each decision, and how long what is
open has waited. What never happens here: an opinion that settled nothing taken for a decision, an
outcome that is kept anywhere but in the ledger.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from msgspec import structs

from roadworthy.domain import Instant, Observation, Outcome, Reviewed, parse_instant
from roadworthy.monitoring import WAITING

from ..entries.review_entries import agreeing, reviews_of
from ..workspace.loop import Loop
from .queue import is_waited_for


def reviewed_outcomes(loop: Loop) -> Iterator[Outcome]:
    """One outcome for each decision. Raises VerificationError for an entry that counts nothing."""
    for review in reviews_of(loop.ledger, loop.trust).values():
        last = review.decided
        if last is None:
            continue
        alike = agreeing(review)
        yield Outcome(
            observation=review.observation,
            time=last.time,
            reporter=last.by,
            label=last.label,
            reviewed=Reviewed(
                decision=last.decision,
                overturned=any(each.overturned for each in alike),
                waited_ms=_between_ms(last.since, parse_instant(last.time)),
                blind=all(each.blind for each in alike),
            ),
        )


def still_waiting(row: Observation, now: dt.datetime) -> Observation:
    """The row, with how long it has waited where nobody has decided about it."""
    if row.reviewed is not None or not is_waited_for(row):
        return row
    waited = _between_ms(row.time, now)
    return structs.replace(row, attributes={**row.attributes, WAITING: waited})


def _between_ms(since: Instant, until: dt.datetime) -> float:
    waited = until - parse_instant(since)
    return max(0.0, waited.total_seconds() * 1000)
