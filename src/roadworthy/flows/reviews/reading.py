"""Reading a held answer: by a person who may, and said in the ledger before a word is shown.

Enters: an item, who reads it. Leaves: its texts, without the machine's answer where the charter
asks for the reader's own judgement first. What never happens here: a decision.
"""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import HeldAnswer, HeldReview, SealedAnswer, format_instant
from roadworthy.journal import Vault

from ..entries.review_entries import disputed, from_payload
from ..journals.reading_texts import enter_reading
from ..workspace.loop import Loop
from ..workspace.people import Acting
from .queue import HeldJournal, find_held, item_of, machine_answer
from .reviewing import require_reviewer

WITHHELD = "withheld until you have judged"


class ReadReview(Struct, frozen=True, kw_only=True):
    """One item as a person may see it now."""

    item: HeldAnswer
    words: dict[str, str | None]
    """`input`, `answer` (the machine's), `released`, what was judged blind and what others decided;
    None: not there, or not any more."""
    judged: bool
    """Whether the reader gave an own judgement."""


def read(which: str, loop: Loop, journal: HeldJournal, *, by: Acting) -> ReadReview:
    """An item with its texts. Raises AccessError for who may not, UsageError when there is none."""
    require_reviewer(loop, by)
    record, review = find_held(which, loop, journal)
    item = item_of(record, journal, review, format_instant(loop.clock.now()))
    enter_reading({"review": item.id}, loop, by, system=item.system)
    texts = journal.texts(record)
    words: dict[str, str | None] = {"input": None, "answer": None, "released": None}
    judged = by.name in review.judged
    if texts is not None and record.observation is not None:
        content = journal.content(item.release)
        words["input"] = texts.input
        hidden = item.blind and not judged and item.state != "decided"
        said = machine_answer(record.observation, texts, content)
        words["answer"] = WITHHELD if hidden else said
    if item.decided is not None and item.decided.answer is not None:
        words["released"] = opened(item.decided.answer, item.id, journal.vault)
    told = item.state == "decided" or disputed(review.opinions)
    for name, judgement in review.judged.items():
        if told or name == by.name:
            words[f"judgement of {name}"] = (
                judgement.label
                if judgement.text is None
                else opened(judgement.text, item.id, journal.vault)
            )
    words |= _others(review, by, told=told)
    return ReadReview(item=item, words=words, judged=judged)


def opened(answer: SealedAnswer, review_id: str, vault: Vault) -> str | None:
    """The text that may leave; None when its key was erased."""
    texts = vault.unseal(from_payload(answer), about=review_id)
    return texts.output if texts is not None else None


def _others(review: HeldReview, by: Acting, *, told: bool) -> dict[str, str | None]:
    """What others decided, once it can lead nobody: after a dispute arose, or at the end."""
    return {
        f"opinion of {each.name}": f"{each.decision} {each.label}: {each.reason}"
        for each in review.opinions
        if told and each.name != by.name
    }
