"""Decisions on the request path: what names no label, or is unsure, goes to a person."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest

from roadworthy.domain import (
    Call,
    Candidate,
    Charter,
    Chunk,
    Decision,
    Endpoint,
    Model,
    ModelRequest,
    Rails,
    ReleaseContent,
    SloFile,
    TokenLogprob,
    Use,
)
from roadworthy.flows.request.service import Service
from roadworthy.flows.request.trace import Reply
from roadworthy.flows.request_path import answer
from roadworthy.prompting import Composer
from roadworthy.serving import RailLine
from roadworthy.wiring.clock import SystemClock

Confidence = Literal["logprob", "verbalised", "agreement"]


class Says:
    """A provider that says one thing."""

    name = "says"

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self.asked: list[ModelRequest] = []

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        self.asked.append(request)
        yield self._chunk

    async def aclose(self) -> None:
        return


async def decided(
    chunk: Chunk,
    accept: float = 0.0,
    confidence: Confidence = "logprob",
    provider: Says | None = None,
) -> Reply:
    charter = Charter(
        system="desk", title="Desk", owners={"product": "a"}, human_goal="g",
        use=Use(intended_purpose="p"), endpoints=[Endpoint(id="e", fallback="a person reads it")],
    )  # fmt: skip
    candidate = Candidate(
        task="decision", model=Model(provider="rule", name="m"),
        decision=Decision(labels=["motor", "home"], accept=accept, confidence=confidence),
        logprobs=True,
    )  # fmt: skip
    content = ReleaseContent(
        system="desk", charter=charter, candidate=candidate, prompt=None, rails=Rails(),
        candidate_digest="sha256:c", slos=SloFile(slos=[]),
    )  # fmt: skip
    service = Service(
        content=content, digest="sha256:c", composer=Composer(candidate, None, charter),
        rails=RailLine.compile(rails=Rails(), charter=charter, assets={}),
        provider=provider or Says(chunk), pricing=lambda usage, at: None,
    )  # fmt: skip
    items = [
        item
        async for item in answer(
            Call(id="o", system="desk", variables={"input": "x"}), service, SystemClock()
        )
    ]
    (reply,) = items
    assert isinstance(reply, Reply)
    return reply


@pytest.mark.parametrize("text", ["", "I cannot say", "motor or home"])
async def test_an_answer_that_names_no_label_goes_to_a_person(text: str) -> None:
    reply = await decided(Chunk(text=text, finish_reason="stop"))
    assert reply.observation.action == "held"
    assert reply.text == "a person reads it"
    assert reply.observation.rails[-1].reason == "the model named none of the labels"


async def test_a_label_in_words_stands() -> None:
    reply = await decided(Chunk(text=" Motor.", finish_reason="stop"))
    assert (reply.text, reply.observation.decision) == ("motor", "motor")


async def test_less_sure_than_accepted_goes_to_a_person() -> None:
    chunk = Chunk(text="motor", finish_reason="stop", label_logprobs={"motor": -0.5, "home": -0.9})
    assert (await decided(chunk, accept=0.9)).observation.action == "held"
    assert (await decided(chunk, accept=0.5)).observation.action == "answered"


async def test_no_confidence_is_less_than_any_accepted_one() -> None:
    reply = await decided(Chunk(text="motor", finish_reason="stop"), accept=0.1)
    assert reply.observation.action == "held"


async def test_a_missing_label_probability_is_an_error_and_never_a_guess() -> None:
    chunk = Chunk(text="motor", finish_reason="stop", label_logprobs={"motor": -0.5})
    reply = await decided(chunk)
    assert reply.observation.status == "error"
    assert reply.text == "a person reads it"


async def test_a_confidence_in_words_decides_whether_the_decision_stands() -> None:
    chunk = Chunk(text="motor, confidence: 80 %", finish_reason="stop")
    reply = await decided(chunk, accept=0.7, confidence="verbalised")
    assert (reply.text, reply.observation.decision, reply.observation.confidence) == (
        "motor", "motor", 0.8,
    )  # fmt: skip
    assert (await decided(chunk, accept=0.9, confidence="verbalised")).observation.action == "held"


async def test_who_does_not_say_how_sure_is_less_sure_than_any_threshold() -> None:
    chunk = Chunk(text="motor, confidence: very high", finish_reason="stop")
    reply = await decided(chunk, accept=0.1, confidence="verbalised")
    assert (reply.observation.action, reply.observation.confidence) == ("held", None)


async def test_a_model_that_must_say_how_sure_it_is_may_say_more_than_a_label() -> None:
    provider = Says(Chunk(text="motor", finish_reason="stop"))
    await decided(Chunk(), confidence="verbalised", provider=provider)
    await decided(Chunk(), provider=provider)
    assert [request.labels for request in provider.asked] == [(), ("motor", "home")]


async def test_the_tokens_probabilities_are_kept_as_their_number_and_sum() -> None:
    tokens = tuple(TokenLogprob(token=text, logprob=-0.25) for text in ("mo", "tor"))
    reply = await decided(Chunk(text="motor", finish_reason="stop", logprobs=tokens))
    assert reply.observation.attributes == {"logprobs": {"tokens": 2, "sum": -0.5}}
    assert (await decided(Chunk(text="motor", finish_reason="stop"))).observation.attributes == {}
