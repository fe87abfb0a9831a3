"""However an answer is cut, the caller's own data is in it again, and no half name ever leaves."""

from __future__ import annotations

import asyncio
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from doubles.asked_outside import Speaks, a_call, a_service, walked
from roadworthy.domain import Chunk, Egress, ModelRequest, Rail, Rails, Upstream
from roadworthy.serving import Pseudonyms, compile_border

VALUES = ["jane@example.org", "joe@example.org", "4111 1111 1111 1111"]
WORDS = ["<", ">", "<EMAIL", "_1>", "<EMAIL_1>", "<EMAIL_2>", "<EMAIL_3>", "<PAYMENT_CARD_1>"]
WORDS += ["EMAIL_", "1", " ", "x", "é", "<<", "\n"]
texts = st.lists(st.sampled_from(WORDS), max_size=12).map("".join)


def some_names() -> Pseudonyms:
    names = Pseudonyms([])
    for kind, value in (("EMAIL", VALUES[0]), ("EMAIL", VALUES[1]), ("PAYMENT_CARD", VALUES[2])):
        names.name(kind, value)
    return names


def by_hand(text: str) -> str:
    """The text with each name replaced from left to right."""
    known = {"<EMAIL_1>": VALUES[0], "<EMAIL_2>": VALUES[1], "<PAYMENT_CARD_1>": VALUES[2]}
    out, at = [], 0
    while at < len(text):
        name = next((each for each in known if text.startswith(each, at)), None)
        out.append(known[name] if name else text[at])
        at += len(name) if name else 1
    return "".join(out)


@settings(max_examples=400, deadline=None)
@given(texts, st.data())
def test_every_cut_gives_the_same_text(text: str, data: Any) -> None:
    at = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[a:b] for a, b in zip([0, *at], [*at, len(text)], strict=True)]
    names = some_names()
    left = [names.feed(piece) for piece in pieces]
    assert "".join(left) + names.rest() == by_hand(text)
    letters = some_names()
    assert "".join(letters.feed(each) for each in text) + letters.rest() == by_hand(text)


def asked(request: ModelRequest) -> str:
    return str(request.messages[-1]["content"])


async def every_split(said: str, rails: list[Rail]) -> None:
    """The model repeats what it was asked; so does the caller's answer, in every split."""

    def service(cut: int | None) -> Any:
        def says(request: ModelRequest) -> list[Chunk]:
            text = f"You wrote: {asked(request)}"
            assert not any(value in str(request) for value in VALUES)
            pieces = [text] if cut is None else [text[:cut], text[cut:]]
            return [Chunk(text=piece) for piece in pieces]

        made = a_service(Speaks(says=says), *rails)
        egress = Egress(regions=["EU"], personal_data="pseudonymise")
        content = structs.replace(made.content, rails=Rails(egress=egress))
        made.border = compile_border(content, "lab", Upstream(url="http://far"))
        return made

    _, plain = await walked(service(None), a_call(said))
    assert plain.observation.action == "answered"
    if not rails:
        assert plain.text == f"You wrote: {said}"
    for cut in range(len(plain.text) + 1):
        left, reply = await walked(service(cut), a_call(said, stream=True))
        assert (reply.text, "".join(left) + reply.rest) == (plain.text, plain.text)
        assert reply.observation.rails == plain.observation.rails


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from([*VALUES, "hello", ", ", " and ", "<EMAIL_1>"]), max_size=5),
    st.booleans(),
)
def test_a_caller_gets_its_own_data_back_at_every_split(parts: list[str], railed: bool) -> None:
    rails = [Rail(id="w", detector="deny", options={"words": ["hello"]}, action="redact")]
    asyncio.run(every_split(" ".join(parts), rails if railed else []))
