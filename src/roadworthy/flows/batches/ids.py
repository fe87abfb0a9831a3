"""Ids of what a batch makes: known before anything is asked, so that it is found again after.

An answer's id says of which line of which batch it is, and at which try: whoever goes on after a
crash reads in the journal what was answered, without a note of what was being asked.
"""

from __future__ import annotations

import hashlib

from roadworthy.domain import BatchState, parse_instant

_BATCH_BITS, _LINE_BITS, _TRY_BITS = 20, 26, 16
"""62 bits, all that a UUIDv7 leaves free beside its time and 12 more (RFC 9562, section 5.7)."""

MOST_LINES = 1 << _LINE_BITS
MOST_TRIES = 1 << _TRY_BITS


def answer_prefix(state: BatchState) -> str:
    """How the ids of all answers of a batch begin."""
    made = int(parse_instant(state.created_at).timestamp() * 1000)
    at = f"{made:012x}"
    return f"{at[:8]}-{at[8:]}-7{_digest(state.id)[:3]}-"


def answer_id(state: BatchState, number: int, turn: int) -> str:
    """The id of the answer to a line at its try of that number."""
    free = _tag(state) << _LINE_BITS | number
    digits = f"{0b10 << 62 | free << _TRY_BITS | turn:016x}"
    return f"{answer_prefix(state)}{digits[:4]}-{digits[4:]}"


def line_of(state: BatchState, id_: str) -> tuple[int, int] | None:
    """Line and try of an answer; None where it is none of the batch."""
    prefix = answer_prefix(state)
    if not id_.startswith(prefix):
        return None
    try:
        bits = int(id_[len(prefix) :].replace("-", ""), 16) & (1 << 62) - 1
    except ValueError:
        return None
    number = bits >> _TRY_BITS & MOST_LINES - 1
    if bits >> _TRY_BITS + _LINE_BITS != _tag(state):
        return None
    return number, bits & MOST_TRIES - 1


def result_id(state: BatchState, which: str) -> str:
    """The id of a file of results: of a batch there is one of each."""
    return f"file-{_digest(f'{state.id} {which}')[:32]}"


def _tag(state: BatchState) -> int:
    return int(_digest(state.id)[3:8], 16) & (1 << _BATCH_BITS) - 1


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
