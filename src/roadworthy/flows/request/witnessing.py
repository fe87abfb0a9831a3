"""What the journal seals of an exchange: the texts, and how it was asked."""

from __future__ import annotations

import msgspec

from roadworthy.domain import Call, Witness, asked_in
from roadworthy.serving import input_text

from .called import calls_kept
from .trace import Reply


def asked_of(call: Call) -> Witness:
    """What the journal seals of a call that nothing has answered yet."""
    text = input_text(call)
    return Witness(input=text, output="", given=_given(call, text))


def _given(call: Call, text: str) -> str:
    """How it was asked, where the text alone does not say it, or where nothing can write it."""
    asked = asked_in(call)
    if asked.input == text and not asked.turns:
        return ""
    try:
        return msgspec.json.encode(asked).decode()
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return ""


def witness(reply: Reply, call: Call) -> Witness:
    """What the journal seals: the texts, and how it was asked."""
    seen = reply.observation
    return Witness(
        input=reply.asked,
        given=_given(call, reply.asked),
        output=reply.text,
        raw_output=seen.raw_output,
        error=seen.error if seen.quoted else "",
        called=calls_kept(reply.deltas) if reply.deltas else "",
    )
