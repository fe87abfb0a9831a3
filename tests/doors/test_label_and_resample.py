"""Two more things that follow from a finding: people are told, or the model is asked again."""

from __future__ import annotations

from pathlib import Path

import pytest

from doubles.dialects import APIS, Api, Door, a_door, chat_whole
from doubles.fake_upstream import Reply
from roadworthy.domain import Charter, Endpoint, ManifestError, Observation, Rail, Rails, Use
from roadworthy.flows.request_path import AGAIN_TEMPERATURE, MOST_AGAIN
from roadworthy.journal import read_journal, unseal
from roadworthy.serving import RailLine

CHAT_API = APIS[0]
ASK = "May I keep the deposit?"
SAID = "You may keep it under section 535."
TOLD = "This is no legal advice."
LABEL = {
    "rails.yaml": f"""\
rails:
- id: law
  detector: deny
  on: output
  action: label
  replacement: {TOLD}
  options: {{words: [section]}}
- id: court
  detector: deny
  on: output
  action: label
  replacement: {TOLD}
  options: {{words: [keep]}}
"""
}
RESAMPLE = {
    "rails.yaml": """\
rails:
- {id: rude, detector: deny, on: output, action: resample, options: {words: [idiot]}}
- {id: names, detector: deny, on: output, action: block, options: {words: [mallory]}}
"""
}
each_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)


def seen(door: Door) -> Observation:
    *_, last = [one for one in read_journal(door.loop.workspace.journal) if one.kind == "close"]
    assert last.observation is not None
    return last.observation


@each_api
async def test_people_are_told_behind_the_answer_in_every_api_plain_and_streamed(
    tmp_path: Path, api: Api
) -> None:
    async with a_door(tmp_path, LABEL) as door:
        body = {"model": "letters", **api.body(ASK)}
        door.upstream.script = [Reply(text=SAID)]
        plain = api.whole((await door.ask(api.path, body)).data)
        assert plain.text == f"{SAID}\n\n{TOLD}" and plain.about["labels"] == [TOLD]
        assert plain.about["action"] == "answered"
        for at in range(0, len(SAID) + 1, 5):
            pieces = [piece for piece in (SAID[:at], SAID[at:]) if piece]
            door.upstream.script = [Reply(text=SAID, pieces=pieces)]
            streamed = api.streamed((await door.ask(api.path, {**body, "stream": True})).data)
            assert (streamed.text, streamed.about["labels"]) == (plain.text, [TOLD])
        assert [one.outcome for one in seen(door).rails if one.rail == "law"] == ["label"]


async def test_nothing_is_put_behind_what_a_program_reads(tmp_path: Path) -> None:
    async with a_door(tmp_path, LABEL) as door:
        door.upstream.script = [Reply(text=SAID)]
        body = {"model": "small", **CHAT_API.body(ASK), "response_format": {"type": "json_object"}}
        read = chat_whole((await door.ask(CHAT_API.path, body)).data)
    assert (read.text, read.about["labels"]) == (SAID, [TOLD])


async def test_a_harmless_answer_has_no_label(tmp_path: Path) -> None:
    async with a_door(tmp_path, LABEL) as door:
        read = chat_whole(
            (await door.ask(CHAT_API.path, {"model": "letters", **CHAT_API.body(ASK)})).data
        )
    assert read.text == "It is on its way" and "labels" not in read.about


@pytest.mark.parametrize("stream", [False, True])
async def test_the_model_is_asked_again_and_what_it_said_first_goes_nowhere(
    tmp_path: Path, stream: bool
) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    async with a_door(tmp_path, RESAMPLE) as door:
        door.upstream.script = [
            Reply(text="Ask your lawyer, idiot", usage=usage),
            Reply(text="Ask a lawyer", usage=usage),
        ]
        body = {"model": "letters", **CHAT_API.body(ASK), "stream": stream}
        answer = await door.ask(CHAT_API.path, body)
        first, second = (request.body for request in door.upstream.requests)
        (record,) = [r for r in read_journal(door.loop.workspace.journal) if r.kind == "close"]
        texts = unseal(record, door.gateway.vault)
    assert b"idiot" not in answer.data and b"Ask a lawyer" in answer.data
    assert second["seed"] != first["seed"] and second["temperature"] >= AGAIN_TEMPERATURE
    kept = record.observation
    assert kept is not None and texts is not None
    assert (kept.action, kept.attributes["turns"]) == ("answered", 2)
    assert (kept.usage.input_tokens, kept.usage.output_tokens) == (20, 10), "both were paid for"
    assert [one.outcome for one in kept.rails if one.rail == "rude"] == ["resample", "passed"]
    assert texts.raw_output == ""


async def test_it_is_asked_a_bounded_number_of_times_and_then_blocked(tmp_path: Path) -> None:
    async with a_door(tmp_path, RESAMPLE) as door:
        door.upstream.standing = lambda body: Reply(text="You idiot")
        read = chat_whole(
            (await door.ask(CHAT_API.path, {"model": "letters", **CHAT_API.body(ASK)})).data
        )
        assert read.text == "A person will read your letter." and read.reason == "content_filter"
        assert door.upstream.served == 1 + MOST_AGAIN
        assert seen(door).action == "blocked"


async def test_what_another_rail_blocks_is_not_asked_again(tmp_path: Path) -> None:
    async with a_door(tmp_path, RESAMPLE) as door:
        door.upstream.standing = lambda body: Reply(text="Mallory is an idiot")
        await door.ask(CHAT_API.path, {"model": "letters", **CHAT_API.body(ASK)})
        assert door.upstream.served == 1 and seen(door).action == "blocked"


@pytest.mark.parametrize(
    ("side", "action", "says", "fault"),
    [
        ("both", "label", TOLD, "`label` is for answers"),
        ("output", "label", " ", "`label` has nothing to say"),
        ("input", "resample", "", "`resample` is for answers"),
    ],
)
def test_what_cannot_follow_is_a_fault(side: str, action: str, says: str, fault: str) -> None:
    rail = Rail(
        id="a", detector="deny", on=side, action=action, replacement=says,  # type: ignore[arg-type]
        options={"words": ["w"]},
    )  # fmt: skip
    charter = Charter(
        system="s", title="S", owners={}, human_goal="g", use=Use(intended_purpose="p"),
        endpoints=[Endpoint(id="e", fallback="f")],
    )  # fmt: skip
    with pytest.raises(ManifestError) as refused:
        RailLine.compile(rails=Rails(rails=[rail]), charter=charter, assets={})
    assert [one for one in refused.value.faults if fault in one.message]
