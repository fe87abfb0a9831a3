"""People decide about held answers: each word is signed, and the ledger has it before anyone else.

assign   1 may     who may review, to somebody who may
judge    1 may  2 the own judgement, before the machine's answer is shown (where reviews are blind)
decide   1 may     a reviewer who has not decided yet, and no author where the charter forbids it;
                   an arbiter where others disagree; after the own judgement where that is asked for
         2 leave   the text once more through the release's rails (`letting_out.py`)
         3 record  the decision with the text, sealed: one entry, so that none is without the other

What never happens here: an answer that is given out before 3, two decisions of one person, a
decision about texts that nobody can read any more (such an answer can be refused only).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from roadworthy.domain import (
    AccessError,
    Draft,
    HeldAnswer,
    HeldReview,
    Observation,
    Opinion,
    RefusedError,
    ReleaseContent,
    ReviewDecision,
    ReviewRules,
    TransitionError,
    UndecidedError,
    UsageError,
    Witness,
    canonical,
    format_instant,
)
from roadworthy.journal import Record
from roadworthy.ledger import known_names, live_key, require_role, sign_draft

from ..brakes.stopping import recording
from ..entries.release_records import authors_of
from ..entries.review_entries import (
    ARBITERS,
    ASSIGNED,
    DECIDED,
    JUDGED,
    OPINION,
    REVIEWERS,
    SECOND,
    disputed,
    review_name,
    rules_of,
    settles,
    to_payload,
)
from ..journals.holding import keeping
from ..mitigation.emergency import tightened
from ..workspace.loop import Loop
from ..workspace.people import Acting
from .letting_out import Leaving, may_leave, variables_of
from .queue import (
    HeldJournal,
    decides,
    find_held,
    item_of,
    machine_answer,
    was_drawn,
)

MAX_ANSWER_CHARS = 64 * 1024
MAX_REASON_CHARS = 4000


class Word(Struct, frozen=True, kw_only=True):
    """What a person decides."""

    decision: ReviewDecision
    text: str = ""
    """Of an edit: what is to leave."""
    label: str = ""
    """Of a refusal: what would have been right."""
    reason: str = ""


class _Case(Struct, frozen=True, kw_only=True):
    """A held answer as it stands while nobody else decides."""

    record: Record
    seen: Observation
    review: HeldReview
    content: ReleaseContent
    texts: Witness | None


def assign(which: str, loop: Loop, journal: HeldJournal, *, to: str, by: Acting) -> HeldAnswer:
    """Say who is to look. Raises AccessError, UsageError, TransitionError when it is decided."""
    now = format_instant(loop.clock.now())
    key = live_key(loop.trust, to, now)
    if key is None:
        raise UsageError(f"{to} has no key here that is valid", fix=known_names(loop.trust))
    require_role(loop.trust, key.key_id, REVIEWERS, now)
    with _open(which, loop, journal, by) as case:
        _enter(ASSIGNED, case, loop, by, {"to": to, "key_id": key.key_id})
    return _item(which, loop, journal)


def ask_second(
    which: str, loop: Loop, journal: HeldJournal, *, reason: str, by: Acting
) -> HeldAnswer:
    """Ask for a second person before it is decided. Raises as `assign`."""
    _require_words(reason, "--reason")
    with _open(which, loop, journal, by) as case:
        _enter(SECOND, case, loop, by, {"reason": reason})
    return _item(which, loop, journal)


def judge(
    which: str, loop: Loop, journal: HeldJournal, *, label: str = "", text: str = "", by: Acting
) -> HeldAnswer:
    """Give an own judgement before the machine's answer is shown: a label, else a text (sealed).

    Raises UsageError where a label is what is decided and none, or another word, was given.
    """
    with _open(which, loop, journal, by) as case:
        if by.name in case.review.judged:
            raise TransitionError(f"{by.name} has judged {which} already")
        if not _rules(case).blind:
            raise UsageError(f"reviews of {case.seen.system} are not blind", fix="decide at once")
        said: dict[str, Any] = {"label": label}
        if decides(case.seen, case.content):
            _require_label(label, case, option="--label")
        else:
            _require_words(text, "--text", most=MAX_ANSWER_CHARS)
            if label:
                raise UsageError("here the answer is a text", fix="--text TEXT instead of --label")
            said["text"] = _sealed(text, case, journal)
        _enter(JUDGED, case, loop, by, said)
    return _item(which, loop, journal)


def decide(which: str, loop: Loop, journal: HeldJournal, *, word: Word, by: Acting) -> HeldAnswer:
    """Decide about a held answer; returns it as it stands then.

    Raises AccessError for who may not, TransitionError when it is decided, UndecidedError before
    the own judgement, RefusedError when a rail stops the text, UsageError for words that are none.
    """
    if word.decision != "approve" or word.reason:
        _require_words(word.reason, "--reason")
    require_reviewer(loop, by)
    case = _case(which, loop, journal)
    _require_voice(case, loop, by)  # 1
    text = _answer(case, word, journal, loop)  # 2, before anybody is kept waiting for it
    with _open(which, loop, journal, by) as case:
        judged = _require_voice(case, loop, by)
        if text and case.texts is None:
            raise _erased()
        said = _said(case, word, text, judged, journal, by)
        last = Opinion(
            entry=0, by=by.key.key_id, name=by.name, time=format_instant(loop.clock.now()),
            decision=word.decision, label=said["label"], mark=said["mark"],
            arbiter=_arbitrates(by),
        )  # fmt: skip
        done = settles(case.review.opinions, last, _rules(case).needs)
        _enter(DECIDED if done else OPINION, case, loop, by, said)  # 3
    return _item(which, loop, journal)


def require_reviewer(loop: Loop, by: Acting) -> None:
    """Raise AccessError unless the person may decide about held answers now."""
    require_role(loop.trust, by.key.key_id, REVIEWERS, format_instant(loop.clock.now()))


@contextmanager
def _open(which: str, loop: Loop, journal: HeldJournal, by: Acting) -> Iterator[_Case]:
    """1. A held answer that is open, while nobody decides about one and nothing is erased."""
    require_reviewer(loop, by)
    with recording(loop), keeping(loop):
        yield _case(which, loop, journal)


def _case(which: str, loop: Loop, journal: HeldJournal) -> _Case:
    """Raises UsageError when there is none, TransitionError when it is decided."""
    record, review = find_held(which, loop, journal)
    if review.decided is not None:
        raise TransitionError(
            f"{which} was decided by {review.decided.name} at {review.decided.time[:19]}Z:"
            f" {review.decided.decision}"
        )
    seen = record.observation
    assert seen is not None
    content = journal.content(seen.release)
    return _Case(
        record=record, seen=seen, review=review, content=content, texts=journal.texts(record)
    )


def _require_voice(case: _Case, loop: Loop, by: Acting) -> str:
    """1. That this person may decide now; returns the label that they gave blind, if they did."""
    rules, review = _rules(case), case.review
    if by.name in {each.name for each in review.opinions}:
        raise AccessError(
            f"{by.name} has decided already; another person must agree",
            fix="let somebody else decide: --as NAME",
        )
    if not rules.authors and by.name in _authors(case, loop):
        raise AccessError(
            f"{by.name} built the release that answered, and its charter lets no author review",
            fix="let somebody else decide: --as NAME",
        )
    if disputed(review.opinions) and not _arbitrates(by):
        names = " and ".join(each.name for each in review.opinions)
        raise AccessError(
            f"{names} do not agree; {' or '.join(ARBITERS)} decides", fix="--as NAME of one of them"
        )
    if rules.blind and case.texts is not None and by.name not in review.judged:
        raise UndecidedError(
            "the charter asks for your own judgement before you see the machine's answer",
            fix=f"roadworthy review judge {review_name(case.seen)} --as {by.name}",
        )
    judged = review.judged.get(by.name)
    return judged.label if judged is not None else ""


def _answer(case: _Case, word: Word, journal: HeldJournal, loop: Loop) -> str:
    """2. The text that may leave; empty of a refusal. Raises RefusedError, UsageError."""
    if word.decision == "refuse":
        return ""
    if case.texts is None:
        raise _erased()
    machine = machine_answer(case.seen, case.texts, case.content)
    text = machine if word.decision == "approve" else word.text
    if word.decision == "approve" and not machine:
        raise UsageError(
            "there is no answer to approve: it was held before the model answered, or the model"
            " gave none",
            fix="--edit TEXT, or --refuse",
        )
    if word.decision == "approve" and word.label not in ("", machine):
        raise UsageError("approved is what the machine said", fix="--edit, for another answer")
    if word.decision == "edit":
        _require_words(text, "--edit", most=MAX_ANSWER_CHARS)
        if text == machine:
            raise UsageError("that is the machine's answer", fix="--approve")
    if decides(case.seen, case.content):
        _require_label(text, case, option="--edit")
    if was_drawn(case.seen):
        return text  # its answer left long since: nothing leaves now
    label = text if decides(case.seen, case.content) else ""
    sure = 1.0 if word.decision == "edit" else case.seen.confidence
    leaving = Leaving(
        text=text, asked=case.texts.input, decision=label, confidence=sure if label else None,
        variables=variables_of(case.texts),
    )  # fmt: skip
    rails = tightened(journal.rails(case.seen.release), case.seen, loop)
    left = may_leave(leaving, case.seen, rails, loop.clock)
    if label and left != label:
        raise RefusedError(f"the release's rails let {left!r} leave in the place of {label!r}")
    return left


def _said(
    case: _Case, word: Word, text: str, judged: str, journal: HeldJournal, by: Acting
) -> dict[str, Any]:
    """What the entry holds; `judged`: the label that the person gave blind."""
    label = text if text and decides(case.seen, case.content) else word.label
    if label:
        _require_label(label, case, option="--label")
    machine = machine_answer(case.seen, case.texts, case.content) if case.texts else ""
    stood = judged == machine if judged else word.decision == "approve"
    return {
        "decision": word.decision,
        "since": case.seen.time,
        "label": label,
        "reason": word.reason,
        "blind": bool(judged) or (was_drawn(case.seen) and by.name in case.review.judged),
        "overturned": bool(machine) and not stood,
        "machine": bool(machine),
        "mark": _mark(text, journal) if text else "",
        "answer": _sealed(text, case, journal) if text else None,
    }


def _erased() -> RefusedError:
    return RefusedError(
        "its texts were erased, so that nobody can see what is to be decided",
        fix="--refuse is all that is left",
    )


def _rules(case: _Case) -> ReviewRules:
    return rules_of(
        case.content.charter, case.seen.endpoint, case.review, drawn=was_drawn(case.seen)
    )


def _arbitrates(by: Acting) -> bool:
    return bool(set(by.key.roles) & set(ARBITERS))


def _authors(case: _Case, loop: Loop) -> set[str]:
    keys = map(loop.trust.find, authors_of(loop, case.seen.release))
    return {key.name for key in keys if key is not None}


def _require_label(label: str, case: _Case, *, option: str) -> None:
    decision = case.content.candidate.decision
    labels = decision.labels if decision is not None else []
    if label not in labels:
        raise UsageError(
            f"{option}: {label!r} is no label of {case.seen.system}",
            fix=f"it has: {', '.join(labels)}" if labels else "it has none",
        )


def _require_words(text: str, option: str, *, most: int = MAX_REASON_CHARS) -> None:
    """That there are words which evidence can hold."""
    if not text.strip():
        raise UsageError(f"{option} is empty", fix=f"{option} TEXT")
    if len(text) > most:
        raise UsageError(f"{option} may have {most} characters")
    try:
        canonical(text)
    except ValueError:
        raise UsageError(f"{option} is no Unicode text", fix="write it as UTF-8") from None


def _sealed(text: str, case: _Case, journal: HeldJournal) -> dict[str, Any]:
    """A text under the key of the exchange's tenant, day and end user: erased with its texts."""
    seen = case.seen
    return to_payload(
        journal.vault.seal(
            Witness(input="", output=text),
            tenant=seen.tenant,
            at=seen.time,
            about=review_name(seen),
            subject=seen.end_user,
        )
    )


def _mark(text: str, journal: HeldJournal) -> str:
    return hmac.digest(journal.vault.derived("reviewed answers"), text.encode(), "sha256").hex()[
        :32
    ]


def _enter(kind: str, case: _Case, loop: Loop, by: Acting, said: dict[str, Any]) -> None:
    draft = Draft(
        system=case.seen.system,
        kind=kind,
        subject=case.seen.id,
        actor=f"person:{by.key.key_id}",
        payload={"review": review_name(case.seen), **said},
    )
    loop.ledger.record(sign_draft(draft, by.signer))


def _item(which: str, loop: Loop, journal: HeldJournal) -> HeldAnswer:
    record, review = find_held(which, loop, journal)
    return item_of(record, journal, review, format_instant(loop.clock.now()))
