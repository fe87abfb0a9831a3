"""What the ledger says of held answers: who is to look, who decided, whether that settles it.

Enters: a ledger and whom it trusts. Leaves: reviews. What never happens here: an entry that counts
although its signature does not hold, its key was not valid then, or its person may not; a second
decision after the first; a text.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET, structs

from roadworthy.domain import (
    WITHIN_HOURS,
    AccessError,
    Charter,
    Entry,
    HeldReview,
    Judgement,
    Observation,
    Opinion,
    PersonRole,
    ReviewRules,
    SealedAnswer,
    Trust,
    UndecidedError,
    VerificationError,
)
from roadworthy.journal import Sealed
from roadworthy.ledger import Ledger, require_role, require_signature
from roadworthy.release import wanted_people

ASSIGNED = "review.assigned"
SECOND = "review.second_opinion_asked"
JUDGED = "review.judged"
OPINION = "review.opinion"
DECIDED = "review.decided"
KINDS = (ASSIGNED, SECOND, JUDGED, OPINION, DECIDED)

REVIEWERS: tuple[PersonRole, ...] = ("reviewer", "risk_officer", "admin")
"""Who may decide about a held answer."""

ARBITERS: tuple[PersonRole, ...] = ("risk_officer", "admin")
"""Who settles what two reviewers disagree about."""

ACT = "review"
"""The act under `review.approvals` of a charter."""


_Kind = TypeVar("_Kind", Opinion, Judgement)


def review_name(seen: Observation) -> str:
    """The id under which callers know a held answer."""
    return seen.review or f"review-{seen.id}"


def rules_of(
    charter: Charter, endpoint: str, review: HeldReview | None = None, *, drawn: bool = False
) -> ReviewRules:
    """How an answer of an endpoint is reviewed: two people where a mistake weighs, or was asked.

    One that was drawn at random is judged blind, whatever the charter says of held ones.
    """
    high = any(each.impact == "high" for each in charter.endpoints if each.id == endpoint)
    asked = review is not None and review.second
    said = charter.review
    return ReviewRules(
        needs=wanted_people(charter, ACT, least=2 if high or asked else 1),
        authors=ACT not in said.approvals,
        blind=drawn or (said.blind is not UNSET and said.blind),
        within_hours=WITHIN_HOURS if said.within_hours is UNSET else said.within_hours,
    )


def reviews_of(ledger: Ledger, trust: Trust, observation: str = "") -> dict[str, HeldReview]:
    """Observation -> what people did about it; of one only where it is named.

    Raises VerificationError naming an entry that nobody who may has signed.
    """
    found: dict[str, HeldReview] = {}
    for entry in _entries(ledger, observation):
        name, roles = _signer(entry, trust)
        known = found.get(entry.subject) or HeldReview(observation=entry.subject)
        found[entry.subject] = _after(known, entry, name, roles)
    return found


def disputed(opinions: Sequence[Opinion]) -> bool:
    """Whether people do not agree."""
    return len({_verdict(each) for each in opinions}) > 1


def settles(before: Sequence[Opinion], last: Opinion, needs: int) -> bool:
    """Whether a decision ends the review: enough people agree, or an arbiter ends a dispute."""
    if disputed(before):
        return last.arbiter
    together = [*before, last]
    return not disputed(together) and len({each.name for each in together}) >= needs


def require_settled(review: HeldReview, needs: int) -> Opinion | None:
    """The decision; None while it is open. Raises VerificationError when too few people agreed."""
    last = review.decided
    if last is None or settles(review.opinions[:-1], last, needs):
        return last
    raise VerificationError(
        f"entry {last.entry} says that {review.observation} is decided, and {needs} people have not"
        " agreed on it",
        fix="roadworthy ledger verify",
    )


def agreeing(review: HeldReview) -> list[Opinion]:
    """Whose opinions are the decision; empty while it is open."""
    last = review.decided
    return [
        each for each in review.opinions if last is not None and _verdict(each) == _verdict(last)
    ]


def to_payload(sealed: Sealed) -> dict[str, Any]:
    """A sealed text as an entry holds it."""
    data = base64.b64encode(sealed.data).decode()
    return {"key": sealed.key, "nonce": sealed.nonce, "data": data, "leaf": sealed.leaf}


def from_payload(answer: SealedAnswer) -> Sealed:
    """The same, to be unsealed. Raises VerificationError for what is no base64."""
    try:
        data = base64.b64decode(answer.data, validate=True)
    except ValueError:
        raise VerificationError("an entry's sealed answer is no base64") from None
    return Sealed(key=answer.key, nonce=answer.nonce, data=data, leaf=answer.leaf)


def _entries(ledger: Ledger, observation: str) -> Iterator[Entry]:
    if observation:
        about = ledger.entries(subject=observation)
        return (entry for entry in about if entry.kind in KINDS)
    several = [entry for kind in KINDS for entry in ledger.entries(kind=kind)]
    return iter(sorted(several, key=lambda entry: entry.seq))


def _signer(entry: Entry, trust: Trust) -> tuple[str, set[str]]:
    """Name and roles of who signed it, held against the moment in which it was entered."""
    try:
        key_id = require_signature(entry, trust, at=entry.time)
        key = require_role(trust, key_id, REVIEWERS, entry.time)
    except (AccessError, UndecidedError, VerificationError) as error:
        raise VerificationError(
            f"entry {entry.seq}, {entry.kind}, counts for nothing: {error.message}",
            fix="roadworthy ledger verify; roadworthy restore puts a backup back",
        ) from None
    return key.name, set(key.roles)


def _after(review: HeldReview, entry: Entry, name: str, roles: set[str]) -> HeldReview:
    """The review once an entry is read; what comes after the decision changes nothing."""
    if review.decided is not None:
        return review
    said = entry.payload
    if entry.kind == ASSIGNED:
        return structs.replace(review, assigned=str(said.get("to", "")))
    if entry.kind == SECOND:
        return structs.replace(review, second=True)
    if entry.kind == JUDGED:
        judgement = _read({n: said[n] for n in ("label", "text") if n in said}, Judgement, entry)
        return structs.replace(review, judged={name: judgement, **review.judged})
    if name in {each.name for each in review.opinions}:
        return review
    opinion = _opinion(entry, name, roles)
    opinions = (*review.opinions, opinion)
    return structs.replace(
        review, opinions=opinions, decided=opinion if entry.kind == DECIDED else None
    )


def _opinion(entry: Entry, name: str, roles: set[str]) -> Opinion:
    said = {name: value for name, value in entry.payload.items() if name in _SAID}
    own = {
        "entry": entry.seq, "by": entry.actor, "name": name, "time": entry.time,
        "arbiter": bool(roles & set(ARBITERS)),
    }  # fmt: skip
    return _read({**said, **own}, Opinion, entry)


def _read(said: dict[str, Any], kind: type[_Kind], entry: Entry) -> _Kind:
    try:
        return msgspec.convert(said, kind)
    except msgspec.ValidationError as error:
        raise VerificationError(f"entry {entry.seq} is no {kind.__name__}: {error}") from None


_SAID = {
    "decision", "since", "label", "reason", "blind", "overturned", "machine", "mark", "answer",
}  # fmt: skip
"""Fields of an entry that its person said; who it was and when is the ledger's to say."""


def _verdict(opinion: Opinion) -> tuple[str, str, str]:
    return opinion.decision, opinion.mark, opinion.label
