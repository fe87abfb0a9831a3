"""Rails that ask outside: after all others, before anything leaves, closed when nobody answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec import UNSET

from doubles.asked_outside import FALLBACK, Outside, Speaks, a_call, a_deep_rail, a_service, walked
from roadworthy.domain import Chunk, DetectorError, Finding, Rail, RailVerdict
from roadworthy.flows.request_path import MOST_AGAIN


def deny(*words: str, **given: Any) -> Rail:
    given.setdefault("on", "output")
    return Rail(id="words", detector="deny", options={"words": list(words)}, **given)


def verdict_of(verdicts: tuple[RailVerdict, ...], rail: str = "deep") -> RailVerdict:
    (found,) = [each for each in verdicts if each.rail == rail]
    return found


async def test_what_it_finds_in_an_answer_never_leaves() -> None:
    outside = Outside()
    service = a_service(Speaks("so ", "ba", "d"), a_deep_rail(), ask=lambda rail: outside)
    pieces, reply = await walked(service, a_call(stream=True))
    assert (pieces, reply.text) == ([], FALLBACK)
    found = verdict_of(reply.observation.rails)
    assert (found.outcome, found.kinds, found.score) == ("block", ("BAD",), 1.0)
    assert found.ms is not UNSET and found.ms >= 0.0


async def test_what_it_lets_pass_leaves_and_the_time_it_took_is_recorded() -> None:
    service = a_service(Speaks("so ", "good"), a_deep_rail(), ask=lambda rail: Outside())
    pieces, reply = await walked(service, a_call(stream=True))
    assert ("".join(pieces), reply.rest) == ("", "so good")
    found = verdict_of(reply.observation.rails)
    assert found.outcome == "passed"
    assert found.ms is not UNSET


@pytest.mark.parametrize("side", ["input", "output"])
@pytest.mark.parametrize(
    "fault", [DetectorError("it does not answer"), ValueError("jane@example.org")]
)
async def test_a_rail_that_gets_no_word_closes(side: Any, fault: Exception) -> None:
    model = Speaks("fine")
    service = a_service(model, a_deep_rail(on=side), ask=lambda rail: Outside(fault=fault))
    _, reply = await walked(service, a_call())
    assert (reply.observation.action, reply.text) == ("blocked", FALLBACK)
    found = verdict_of(reply.observation.rails)
    assert found.outcome == "not_checked"
    assert "jane" not in found.reason
    assert len(model.asked) == (0 if side == "input" else 1)


async def test_a_rail_that_nothing_can_ask_closes() -> None:
    _, reply = await walked(a_service(Speaks("fine"), a_deep_rail()), a_call())
    assert reply.observation.action == "blocked"
    assert verdict_of(reply.observation.rails).reason == "nothing here can ask it"


async def test_an_open_rail_that_gets_no_word_passes_and_says_so() -> None:
    fault = DetectorError("it does not answer")
    rail = a_deep_rail(on_timeout="open")
    service = a_service(Speaks("fine"), rail, ask=lambda rail: Outside(fault=fault))
    _, reply = await walked(service, a_call())
    assert (reply.text, reply.observation.action) == ("fine", "answered")
    assert verdict_of(reply.observation.rails).outcome == "not_checked"


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -0.1, 1.1])
async def test_a_score_that_is_none_closes(score: float) -> None:
    class Odd(Outside):
        async def inspect(self, text: str, context: Any) -> Any:
            return [Finding(kind="BAD", start=0, end=1, score=score)]

    service = a_service(Speaks("fine"), a_deep_rail(), ask=lambda rail: Odd())
    _, reply = await walked(service, a_call())
    assert reply.observation.action == "blocked"
    assert verdict_of(reply.observation.rails).outcome == "not_checked"


async def test_a_finding_beyond_the_text_closes() -> None:
    class Odd(Outside):
        async def inspect(self, text: str, context: Any) -> Any:
            return [Finding(kind="BAD", start=0, end=len(text) + 1)]

    service = a_service(Speaks("fine"), a_deep_rail(action="redact"), ask=lambda rail: Odd())
    _, reply = await walked(service, a_call())
    assert reply.observation.action == "blocked"


async def test_what_a_rail_here_stops_is_sent_nowhere() -> None:
    outside = Outside()
    ask = {"ask": lambda rail: outside}
    service = a_service(Speaks("a fool"), deny("fool"), a_deep_rail(on="both"), **ask)
    _, reply = await walked(service, a_call())
    assert [text for text, _ in outside.asked] == ["hello"]
    found = [each for each in reply.observation.rails if each.rail == "deep"][-1]
    assert (found.outcome, found.reason) == ("not_checked", "stopped first by words")
    service = a_service(Speaks("x"), deny("fool", on="input"), a_deep_rail(on="both"), **ask)
    _, reply = await walked(service, a_call("you fool"))
    assert len(outside.asked) == 1
    assert verdict_of(reply.observation.rails).reason == "stopped first by words"


async def test_what_a_rail_here_redacts_is_not_sent_either() -> None:
    outside = Outside()
    rails = (deny("fool", action="redact", replacement="[x]", on="both"), a_deep_rail(on="both"))
    service = a_service(Speaks("you fo", "ol too"), *rails, ask=lambda rail: outside)
    _, reply = await walked(service, a_call("you fool", stream=True))
    assert [text for text, _ in outside.asked] == ["you [x]", "you [x] too"]
    assert reply.text == "you [x] too"


async def test_it_redacts_what_came_in_before_the_model_reads_it() -> None:
    model = Speaks("fine")
    rail = a_deep_rail(on="input", action="redact")
    service = a_service(model, rail, ask=lambda rail: Outside())
    call = a_call(
        messages=({"role": "user", "content": "a bad day"}, {"role": "user", "content": "bad\nno"})
    )
    _, reply = await walked(service, call)
    assert [each["content"] for each in model.asked[0].messages] == ["a <BAD> day", "<BAD>\nno"]
    assert verdict_of(reply.observation.rails).outcome == "redact"


async def test_what_it_finds_across_two_texts_is_blocked_and_not_half_changed() -> None:
    model = Speaks("fine")
    rail = a_deep_rail(on="input", action="redact")
    service = a_service(model, rail, ask=lambda rail: Outside("one\ntwo"))
    call = a_call(messages=({"role": "user", "content": "one"}, {"role": "user", "content": "two"}))
    _, reply = await walked(service, call)
    assert (reply.observation.action, model.asked) == ("blocked", [])


@pytest.mark.parametrize("action", ["flag", "label"])
async def test_a_rail_that_only_tells_lets_the_stream_flow(action: Any) -> None:
    rail = a_deep_rail(action=action, replacement="This is no advice.")
    service = a_service(Speaks("so ", "bad"), rail, ask=lambda rail: Outside())
    pieces, reply = await walked(service, a_call(stream=True))
    assert "".join(pieces) + reply.rest == reply.text
    assert pieces[0] == "so "
    assert reply.text.startswith("so bad")
    assert verdict_of(reply.observation.rails).outcome == action
    assert ("This is no advice." in reply.text) == (action == "label")


async def test_it_has_an_answer_drawn_again() -> None:
    model = Speaks(says=lambda request: ["bad" if request.sampling.seed == 0 else "good"])
    service = a_service(model, a_deep_rail(action="resample"), ask=lambda rail: Outside())
    _, reply = await walked(service, a_call())
    assert (reply.text, reply.observation.attributes["turns"]) == ("good", 2)
    always = Speaks("bad")
    service = a_service(always, a_deep_rail(action="resample"), ask=lambda rail: Outside())
    _, reply = await walked(service, a_call())
    assert (len(always.asked), reply.observation.action) == (1 + MOST_AGAIN, "blocked")


async def test_it_holds_for_a_person_and_replaces() -> None:
    service = a_service(Speaks("bad"), a_deep_rail(action="hold"), ask=lambda rail: Outside())
    assert (await walked(service, a_call()))[1].observation.action == "held"
    rail = a_deep_rail(action="replace", replacement="Ask a person.")
    service = a_service(Speaks("bad"), rail, ask=lambda rail: Outside())
    assert (await walked(service, a_call()))[1].text == "Ask a person."


async def test_tool_calls_are_asked_about_too() -> None:
    call = {"id": "c", "function": {"name": "send", "arguments": '{"to": "b\\u0061d"}'}}
    delta = {"tool_calls": [{"index": 0, **call}]}
    model = Speaks(says=lambda request: [Chunk(delta=delta)])
    service = a_service(model, a_deep_rail(), ask=lambda rail: Outside())
    _, reply = await walked(service, a_call())
    assert (reply.observation.action, reply.deltas) == ("blocked", ())
    service = a_service(model, a_deep_rail(), ask=lambda rail: Outside("worse"))
    _, reply = await walked(service, a_call())
    assert reply.deltas[0]["tool_calls"][0]["id"] == "c"


async def test_escapes_in_what_came_in_are_read_through() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '"b\\u0061d"'}}
    messages = (
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
    )
    service = a_service(Speaks("x"), a_deep_rail(on="input"), ask=lambda rail: Outside())
    _, reply = await walked(service, a_call(messages=messages))
    assert reply.observation.action == "blocked"


async def test_all_rails_of_a_side_are_asked_at_once() -> None:
    gate = asyncio.Event()
    both = {name: Outside() for name in ("one", "two")}
    for each in both.values():
        each.gate = gate
    rails = [a_deep_rail(id=name) for name in both]
    service = a_service(Speaks("fine"), *rails, ask=lambda rail: both[rail.id])
    task = asyncio.ensure_future(walked(service, a_call()))
    while not all(each.asked for each in both.values()):
        await asyncio.sleep(0)
    gate.set()
    _, reply = await task
    assert reply.text == "fine"


async def test_it_is_told_the_question_and_the_variables() -> None:
    outside = Outside()
    service = a_service(Speaks("fine"), a_deep_rail(), ask=lambda rail: outside)
    await walked(service, a_call("why?", variables={"sources": "s"}, context={"k": 1}))
    _, context = outside.asked[0]
    assert (context.side, context.input) == ("output", "why?")
    assert context.context == {"sources": "s", "k": 1}


async def test_a_service_that_ends_lets_go_of_what_its_rails_ask() -> None:
    outside = Outside()
    service = a_service(Speaks("fine"), a_deep_rail(on="both"), ask=lambda rail: outside)
    await service.aclose()
    assert outside.closed
