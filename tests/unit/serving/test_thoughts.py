"""Thoughts beside an answer: known shapes whole, anything else not at all."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.serving import thought_text, thoughts, without_thoughts

SEEN = {"type": "thinking", "thinking": "Hm.", "signature": "EqQB+/=_-"}
SEALED = {"type": "redacted_thinking", "data": "Emw="}


def test_they_keep_their_order_and_lose_what_nobody_knows() -> None:
    deltas = [{"thoughts": [{**SEEN, "more": "words"}]}, {"tool_calls": []}, {"thoughts": [SEALED]}]
    assert thoughts(deltas) == (SEEN, SEALED)
    assert thought_text(thoughts(deltas)) == "Hm."
    assert without_thoughts(deltas) == [{"tool_calls": []}]


@pytest.mark.parametrize(
    "wrong",
    [
        {**SEEN, "signature": "words that somebody could read"},
        {**SEALED, "data": "DE89 3704"},
        {**SEEN, "thinking": 5},
        {"type": "thinking", "thinking": "no signature"},
        {"type": "hologram", "thinking": "x"},
        "words",
    ],
)
def test_one_of_another_shape_keeps_all_of_them_in(wrong: Any) -> None:
    assert thoughts([{"thoughts": [SEEN, wrong]}]) == ()
