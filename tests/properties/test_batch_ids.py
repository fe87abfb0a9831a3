"""An answer's id says of which line of which batch it is, and is an id like any other."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from roadworthy.domain import BatchState
from roadworthy.flows.batches.files import ID
from roadworthy.flows.batches.ids import (
    MOST_LINES,
    MOST_TRIES,
    answer_id,
    answer_prefix,
    line_of,
    result_id,
)


def batch(number: int, at: str = "2026-11-22T10:00:00.123000Z") -> BatchState:
    return BatchState(
        id=f"batch-{number:032x}", tenant="acme", key="", endpoint="", input_file="", window="24h",
        created_at=at, expires_at=at,
    )  # fmt: skip


@given(st.integers(0, 2**64), st.integers(0, MOST_LINES - 1), st.integers(0, MOST_TRIES - 1))
def test_line_and_try_are_read_back(number: int, line: int, turn: int) -> None:
    state = batch(number)
    made = answer_id(state, line, turn)
    assert line_of(state, made) == (line, turn) and made.startswith(answer_prefix(state))
    parsed = uuid.UUID(made)
    assert str(parsed) == made and parsed.version == 7 and parsed.variant == uuid.RFC_4122
    assert parsed.int >> 80 == 1_795_341_600_123


@given(st.integers(0, 2**64), st.integers(0, 2**64), st.integers(0, MOST_LINES - 1))
def test_another_batchs_answer_is_none_of_this_one(one: int, other: int, line: int) -> None:
    if one != other:
        assert line_of(batch(one), answer_id(batch(other), line, 0)) is None
        assert result_id(batch(one), "output") != result_id(batch(other), "output")
    assert result_id(batch(one), "output") != result_id(batch(one), "errors")
    assert ID.fullmatch(result_id(batch(one), "output"))


@given(st.text(max_size=40))
def test_any_text_is_an_id_or_none(text: str) -> None:
    assert line_of(batch(1), text) is None
    assert line_of(batch(1), str(uuid.uuid4())) is None
    assert line_of(batch(1), f"{answer_prefix(batch(1))}z{text}") is None
