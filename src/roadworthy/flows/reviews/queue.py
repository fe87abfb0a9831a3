"""The queue of held answers: read from the journal and the ledger, kept nowhere else.

Enters: the held answers of live traffic, and what people said of them. Leaves: items, those past
their time first. What never happens here: a text, a write, an answer of an evaluation or a probe
taken for one that somebody waits for.

Answers that were drawn at random have left long since: people judge them blind, and nobody waits.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Protocol

from roadworthy.domain import (
    WITHIN_HOURS,
    Charter,
    Drawn,
    HeldAnswer,
    HeldReview,
    Instant,
    Observation,
    ReleaseContent,
    ReviewRules,
    ReviewState,
    UsageError,
    Witness,
    format_instant,
    parse_instant,
)
from roadworthy.journal import Record, Vault
from roadworthy.serving import RailLine

from ..entries.review_entries import disputed, require_settled, review_name, reviews_of, rules_of
from ..late.late_looking import fallback_of
from ..workspace.loop import Loop

WAITED_FOR = frozenset({"live", "canary"})
"""Stages whose answers somebody waits for."""


class HeldJournal(Protocol):
    """What reviewing needs of the road: held answers, and the releases that gave them."""

    def held(self) -> Iterator[Record]:
        """Every held answer, oldest first."""
        ...

    def one(self, observation: str) -> Record | None:
        """The record of one answer, held or not."""
        ...

    def sampled(self) -> Mapping[str, Drawn]:
        """Observation -> how it was drawn for reviewers, of those that they are to judge."""
        ...

    def content(self, release: str) -> ReleaseContent:
        """What a release consists of. Raises RoadworthyError when it is gone."""
        ...

    def rails(self, release: str) -> RailLine:
        """Its rails, compiled anew: who used them lets go of them."""
        ...

    def readable(self, record: Record) -> bool:
        """Whether its texts are there still."""
        ...

    def texts(self, record: Record) -> Witness | None:
        """Its texts; None when they were erased."""
        ...

    @property
    def vault(self) -> Vault:
        """What seals a text beside them."""
        ...


GONE = "its release is gone: put it back from a backup"

STRICTEST = ReviewRules(needs=2, authors=False, blind=True, within_hours=WITHIN_HOURS)
"""Of an answer whose charter cannot be read."""


def queue(loop: Loop, journal: HeldJournal) -> list[HeldAnswer]:
    """Every held or drawn answer: open ones first, the one whose time ends first at the top."""
    reviews = reviews_of(loop.ledger, loop.trust)
    now = format_instant(loop.clock.now())
    drawn = filter(None, map(journal.one, journal.sampled()))
    items = [
        item_of(record, journal, reviews.get(seen.id), now)
        for record in (*journal.held(), *drawn)
        if (seen := record.observation) is not None and (is_waited_for(seen) or was_drawn(seen))
    ]
    return sorted(items, key=lambda item: (item.state == "decided", item.due, item.id))


def find_held(which: str, loop: Loop, journal: HeldJournal) -> tuple[Record, HeldReview]:
    """A held answer by its id (`review-…`, or its observation's), and what people did about it.

    Raises UsageError when there is none.
    """
    observation = which.removeprefix("review-")
    record = journal.one(observation)
    seen = record.observation if record is not None else None
    closed = record is not None and record.kind == "close"
    if not closed or record is None or seen is None or not _is_to_review(seen, journal):
        raise UsageError(
            f"there is no held answer {which!r}", fix="roadworthy review list names those there are"
        )
    known = reviews_of(loop.ledger, loop.trust, seen.id)
    return record, known.get(seen.id, HeldReview(observation=seen.id))


def _is_to_review(seen: Observation, journal: HeldJournal) -> bool:
    """Whether people are to look at it: it was held, or drawn."""
    return seen.id in journal.sampled() if was_drawn(seen) else is_waited_for(seen)


def item_of(
    record: Record, journal: HeldJournal, review: HeldReview | None, now: Instant
) -> HeldAnswer:
    """An item as it stands. Raises VerificationError when too few people decided it."""
    seen = record.observation
    assert seen is not None
    review = review or HeldReview(observation=seen.id)
    try:
        charter = journal.content(seen.release).charter
        rules = rules_of(charter, seen.endpoint, review, drawn=was_drawn(seen))
        decided = require_settled(review, rules.needs)
        why = tuple(_why(seen, told=bool(decided) or not rules.blind))
    except UsageError:  # its release is gone: nobody can decide until it is put back
        rules, decided, why = STRICTEST, review.decided, (GONE,)
    due = due_at(seen, rules.within_hours)
    state: ReviewState = "decided" if decided else "waiting"
    if not decided and disputed(review.opinions):
        state = "disputed"
    return HeldAnswer(
        id=review_name(seen),
        observation=seen.id,
        system=seen.system,
        release=seen.release,
        endpoint=seen.endpoint,
        tenant=seen.tenant,
        facets=seen.facets,
        since=seen.time,
        due=due,
        overdue=not decided and due < now,
        state=state,
        why=why,
        needs=rules.needs,
        blind=rules.blind,
        assigned=review.assigned,
        heard=tuple(each.name for each in review.opinions),
        erased=not journal.readable(record),
        decided=decided,
    )


def was_drawn(seen: Observation) -> bool:
    """Whether, of what people look at, it is one that left: drawn at random, not held."""
    return seen.action == "answered"


def is_waited_for(seen: Observation) -> bool:
    """Whether a person must decide about it."""
    return seen.action == "held" and seen.stage in WAITED_FOR


def due_at(seen: Observation, within_hours: int) -> Instant:
    """Until when it is to be decided."""
    return format_instant(parse_instant(seen.time) + dt.timedelta(hours=within_hours))


def decides(seen: Observation, content: ReleaseContent) -> bool:
    """Whether what was held is one of the release's labels, not a text."""
    by_label = bool(seen.decision) or any(each.rail == "decision" for each in seen.rails)
    return content.candidate.decision is not None and by_label


def machine_answer(seen: Observation, texts: Witness, content: ReleaseContent) -> str:
    """What the machine would have answered; empty where nothing was put to it, or it said nothing.

    A decision is its label. Where the record has the endpoint's fallback in its place, the model
    said no words that could leave.
    """
    if decides(seen, content):
        return seen.decision
    if was_drawn(seen):
        return texts.output
    said = texts.raw_output
    return "" if said == fallback(seen, content.charter) else said


def fallback(seen: Observation, charter: Charter) -> str:
    """What its caller got meanwhile."""
    return fallback_of(seen.endpoint, charter)


def _why(seen: Observation, *, told: bool) -> Iterator[str]:
    """What held it. A blind reviewer learns which rail, not what it found."""
    if was_drawn(seen):
        yield "a random sample"
    for each in seen.rails:
        if each.outcome == "hold":
            found = each.reason or ", ".join(each.kinds)
            yield f"{each.rail} ({each.side}): {found}" if told and found else each.rail
    if seen.mitigation:
        yield seen.mitigation
