"""With any emergency rail and any cut of a stream, nothing that it names is ever partly sent.

A rail may have been there before the call, or come at any piece of it; then nothing more of what
it names leaves than had left when it came.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from doubles.dialects import Door, a_door
from doubles.emergency import a_rail, newest, stand
from roadworthy.detectors import make_detector
from roadworthy.domain import Call, Chunk, EmergencyRail, ModelRequest, TextContext, Usage
from roadworthy.flows.request.trace import Reply
from roadworthy.flows.request_path import serve
from roadworthy.wiring.clock import new_id

FALLBACK = "A person will read your letter."
IBAN = "DE89370400440532013000"
CARD = "4111 1111 1111 1111"
LOOKS: dict[str, dict[str, Any]] = {
    "word": {"options": {"words": ["mauve parcel"]}},
    "pattern": {"detector": "pattern", "options": {"patterns": ["par+cel [0-9]{3}"]}},
    "card": {"detector": "pii", "options": {"kinds": ["PAYMENT_CARD"]}},
    "secret": {"detector": "secrets", "options": {}},
}
NAMED = {
    "word": "mauve parcel",
    "pattern": "parrrcel 123",
    "card": CARD,
    "secret": "ghp_" + "aB3dE5gH7jK9mN1pQ3rS5tU7vW9xY1zA2bC4",
}
HARMLESS = [
    "hello",
    "mauve",
    "parcel",
    "par",
    "cel 12",
    "4111 1111",
    "ghp_",
    "\u00e9t\u00e9",
    "",
    "\n",
]


class Scripted:
    """A model that says its pieces, and lets the test act before any of them."""

    name = "scripted"

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.deltas: list[dict[str, Any]] = []
        self.before: Callable[[int], None] = lambda place: None

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        for place, piece in enumerate(self.pieces):
            self.before(place)
            yield Chunk(text=piece)
        self.before(len(self.pieces))
        for delta in self.deltas:
            yield Chunk(delta=delta)
        yield Chunk(finish_reason="stop", usage=Usage(input_tokens=1, output_tokens=1))

    async def aclose(self) -> None:
        """Nothing is held."""


def a_text(draw: random.Random, named: str) -> str:
    words = draw.choices(HARMLESS, k=draw.randint(1, 7))
    if draw.random() < 0.6:
        words.insert(draw.randint(0, len(words)), named)
    return " ".join(words)


def cut(text: str, draw: random.Random) -> list[str]:
    if draw.random() < 0.3:
        return list(text)
    places = sorted(draw.choices(range(len(text) + 1), k=draw.randint(0, 7)))
    ends = [0, *places, len(text)]
    return [text[a:b] for a, b in itertools.pairwise(ends) if a < b]


def first(rail: EmergencyRail, text: str) -> tuple[int, str]:
    """Where what it names begins, by its detector on the whole text, and the text without it."""
    looked = TextContext(side="output", input="")
    found = make_detector(rail.detector, rail.options, {}).detect(text, looked)
    spans = sorted((one.start, one.end, one.kind) for one in found)
    redacted, at = "", 0
    for start, end, kind in spans:
        redacted, at = redacted + text[at:start] + f"<{kind}>", end
    return (spans[0][0] if spans else -1), redacted + text[at:]


async def walked(
    door: Door, model: Scripted, rail: EmergencyRail, *, comes: int
) -> tuple[str, str, str]:
    """What left before the rail came, all that left, and what became of it."""
    sent: list[str] = []
    before: list[str] = []

    def come(place: int) -> None:
        if place == comes:
            before.append("".join(sent))
            stand(door, rail)

    stand(door)
    come(-1)
    model.before = come
    call = Call(
        id=new_id(), system="letters", tenant="acme", managed=True, stream=True,
        variables={"input": "Where is it?"}, stage="live",
    )  # fmt: skip
    end: Reply | None = None
    async for item in serve(call, door.gateway.path):
        if isinstance(item, str):
            sent.append(item)
        else:
            end = item
    assert end is not None
    assert end.text == "".join(sent) + end.rest
    seen = newest(door)
    assert seen.output_digest == end.observation.output_digest
    return before[0], "".join(sent) + end.rest, seen.action


@pytest.mark.parametrize("action", ["block", "hold", "redact"])
@pytest.mark.parametrize("kind", LOOKS)
async def test_nothing_that_it_names_is_ever_partly_sent(
    tmp_path: Path, kind: str, action: str
) -> None:
    draw, named = random.Random(f"{kind} {action}"), NAMED[kind]
    rail = a_rail(on="output", action=action, **LOOKS[kind])
    actions, model = set(), Scripted()
    async with a_door(tmp_path) as door:
        door.gateway.fronts["letters"].service.provider = model
        for _ in range(40):
            text = a_text(draw, named)
            model.pieces = pieces = cut(text, draw)
            at, redacted = first(rail, text)
            _, left, became = await walked(door, model, rail, comes=-1)
            actions.add(became)
            if at < 0:
                assert (left, became) == (text, "answered")
            elif action == "redact":
                assert (left, became) == (redacted, "answered")
            else:
                assert became == ("held" if action == "hold" else "blocked")
                free = "" if action == "hold" else text[:at]
                assert free.startswith(left.removesuffix(FALLBACK)) and left.endswith(FALLBACK)
            comes = draw.randint(0, len(pieces))
            before, left, became = await walked(door, model, rail, comes=comes)
            if at < 0:
                assert (left, became) == (text, "answered")
                continue
            assert became == ("held" if action == "hold" else "blocked")
            gone = left.removesuffix(FALLBACK)
            assert text.startswith(gone) and gone.startswith(before)
            assert len(gone) <= max(at, len(before)), (pieces, before, left)
    assert "answered" in actions


async def test_a_tool_call_under_way_does_not_leave_with_what_it_names(tmp_path: Path) -> None:
    rail, model = a_rail(on="output", **LOOKS["word"]), Scripted()
    async with a_door(tmp_path) as door:
        service = door.gateway.fronts["letters"].service
        service.provider = model
        service.tools = frozenset({"send"})
        for word, became in (("mauve parcel", "blocked"), ("grey parcel", "answered")):
            function = {"name": "send", "arguments": '{"text": "the ' + word + '"}'}
            model.deltas = [{"tool_calls": [{"index": 0, "id": "c1", "function": function}]}]
            _, left, action = await walked(door, model, rail, comes=0)
            assert (left.removesuffix(FALLBACK), action) == ("", became)


async def test_an_answer_under_way_does_not_leave_where_the_question_is_named(
    tmp_path: Path,
) -> None:
    model = Scripted()
    async with a_door(tmp_path) as door:
        door.gateway.fronts["letters"].service.provider = model
        model.pieces = ["on ", "its ", "way"]
        asked = a_rail(on="input", options={"words": ["Where"]})
        before, left, became = await walked(door, model, asked, comes=2)
        assert became == "blocked" and left == before + FALLBACK
        elsewhere = a_rail(on="input", options={"words": ["Where"]}, scope="tenant", value="x")
        assert (await walked(door, model, elsewhere, comes=2))[1:] == ("on its way", "answered")


async def test_a_damaged_rail_cuts_off_what_is_under_way_in_its_scope(tmp_path: Path) -> None:
    model = Scripted()
    async with a_door(tmp_path) as door:
        door.gateway.fronts["letters"].service.provider = model
        model.pieces = ["on ", "its ", "way"]
        damaged = structs.replace(a_rail(), options={"words": ["other"]})
        before, left, became = await walked(door, model, damaged, comes=2)
        assert (left, became) == (before, "killed")
