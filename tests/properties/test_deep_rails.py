"""However a stream is cut, a rail that asks outside gives the verdict and text of the plain answer.

And nothing that it objects to is ever partly sent.
"""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from doubles.asked_outside import Outside, Speaks, a_call, a_deep_rail, a_service, walked
from roadworthy.domain import Rail

FRAGMENTS = ["bad", "ba", "d", " ", "b", "fool", "fo", "ol", "jane@example.org ", "x\n", "é"]
texts = st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=10).map("".join)
ACTIONS = ["block", "redact", "flag", "hold", "replace", "label"]


def seen(verdicts: tuple[Any, ...]) -> list[Any]:
    return [(v.rail, v.outcome, v.kinds, v.score, v.reason) for v in verdicts]


async def every_cut(text: str, rails: list[Rail]) -> None:
    def service(*pieces: str) -> Any:
        return a_service(Speaks(*pieces), *rails, ask=lambda rail: Outside())

    _, plain = await walked(service(text), a_call())
    for at in range(len(text) + 1):
        left, reply = await walked(service(text[:at], text[at:]), a_call(stream=True))
        assert seen(reply.observation.rails) == seen(plain.observation.rails)
        assert reply.observation.action == plain.observation.action
        assert "".join(left) + reply.rest == reply.text
        only_tells = rails[0].action in ("flag", "label")
        if plain.observation.action == "answered":
            assert reply.text == plain.text
        elif not only_tells:
            assert left == []
        if not only_tells:
            assert not left


@settings(max_examples=60, deadline=None)
@given(texts, st.sampled_from(ACTIONS), st.sampled_from(["block", "redact"]))
def test_every_split_gives_the_plain_answer(text: str, action: Any, near: Any) -> None:
    rails = [
        a_deep_rail(action=action, replacement="[r]"),
        Rail(id="w", detector="deny", options={"words": ["fool"]}, action=near, on="output"),
        Rail(id="p", detector="pii", action="redact", on="output"),
    ]
    asyncio.run(every_cut(text, rails))
