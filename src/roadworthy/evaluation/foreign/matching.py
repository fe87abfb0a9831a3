"""Whether a tool's file tells of the exchanges that took place, no more and no fewer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from .tool import Said, Told

_SHOWN = 60


class Given(Struct, frozen=True, kw_only=True):
    """An answer that was given, as it was given."""

    id: str
    question: Said
    answer: str


def mismatch(given: Sequence[Given], told: Sequence[Told]) -> str:
    """What does not go together; empty when every answer that was given is told once, and no other.

    An answer with an id is found by it, and its text must be a part of what was given (tools
    divide reasoning from answers). One without is found by question and answer.
    """
    left_by_id = {each.id: each for each in given}
    left_by_text = Counter(_key(each.question, each.answer) for each in given)
    for each in told:
        if each.id:
            found = left_by_id.pop(each.id, None)
            if found is None or not _holds(found.answer, each.answer.strip()):
                return f"{each.row} tells of an answer that was not given here: {_short(each)}"
            left_by_text[_key(found.question, found.answer)] -= 1
            continue
        key = _key(each.question, each.answer)
        if left_by_text[key] <= 0:
            return f"{each.row} tells of an answer that was not given here: {_short(each)}"
        left_by_text[key] -= 1
    missing = sum(left_by_text.values())
    if missing:
        return f"{missing} of {len(given)} answers that were given are in no row of its file"
    return ""


def _holds(answer: str, part: str) -> bool:
    """Whether a text is a part of the answer; no text is one of an empty answer only."""
    return part in answer and (bool(part) or not answer.strip())


def _key(question: Said, answer: str) -> tuple[Said, str]:
    return tuple((role, text.strip()) for role, text in question), answer.strip()


def _short(told: Told) -> str:
    text = " ".join(told.answer.split())
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…")
