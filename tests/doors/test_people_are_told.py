"""People learn that they talk to an AI system, at the latest with the first answer (Article 50)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.dialects import APIS, Api, Door, a_door, chat_whole
from doubles.fake_upstream import Reply
from doubles.live_system import CHAT
from doubles.recorded_answer import RecordedAnswer
from roadworthy.domain import sha256
from roadworthy.gateway.wire import Request
from roadworthy.journal import read_journal, unseal

SENTENCE = "You are talking to an AI system."
IN_GERMAN = "Sie sprechen mit einem KI-System."
TELLS = f"""\
behaviour:
  identifies_as_ai: {SENTENCE}
  disclosure:
    sentences: {{de: {IN_GERMAN}, pt-BR: Oi}}
"""
TOLD = {"charter.yaml": CHAT["charter.yaml"] + TELLS}  # type: ignore[operator]
each_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.path)
CHAT_API = APIS[0]
ASK = "Where is my bill?"
ANSWER = "It is on its way"


async def ask(door: Door, body: dict[str, Any], **headers: str) -> RecordedAnswer:
    """Ask by chat, with headers."""
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    request = Request(
        "POST", CHAT_API.path, {b"authorization": f"Bearer {door.key}".encode(), **named}
    )
    request.body = msgspec.json.encode({"model": "letters", **body})
    door.app.admit(request)
    answer = RecordedAnswer()
    await door.app.answer(request, answer)
    return answer


async def text_of(door: Door, body: dict[str, Any], **headers: str) -> str:
    return chat_whole((await ask(door, body, **headers)).data).text


@each_api
async def test_the_first_answer_begins_with_it_in_every_api(tmp_path: Path, api: Api) -> None:
    async with a_door(tmp_path, TOLD) as door:
        body = {"model": "letters", **api.body(ASK)}
        whole = await door.ask(api.path, body)
        plain = api.whole(whole.data)
        assert plain.text == f"{SENTENCE}\n\n{ANSWER}"
        told = {"sentence": SENTENCE, "language": "en", "where": "answer"}
        assert plain.about["notice"] == told and plain.about["ai_generated"] is True
        assert (b"x-roadworthy-ai-generated", b"true") in whole.headers
        for at in range(len(ANSWER) + 1):
            pieces = [piece for piece in (ANSWER[:at], ANSWER[at:]) if piece]
            door.upstream.script = [Reply(text=ANSWER, pieces=pieces)]
            answer = await door.ask(api.path, {**body, "stream": True})
            streamed = api.streamed(answer.data)
            assert (streamed.text, streamed.about["notice"]) == (plain.text, told)
            assert (b"x-roadworthy-ai-generated", b"true") in answer.headers


async def test_the_record_says_what_was_told_and_what_left(tmp_path: Path) -> None:
    async with a_door(tmp_path, TOLD) as door:
        await ask(door, CHAT_API.body(ASK))
        (record,) = [
            one for one in read_journal(door.loop.workspace.journal) if one.kind == "close"
        ]
        seen, texts = record.observation, unseal(record, door.gateway.vault)
    assert seen is not None and texts is not None
    assert seen.notice_given and seen.attributes["notice"]["where"] == "answer"
    assert texts.output == f"{SENTENCE}\n\n{ANSWER}" and texts.raw_output == ANSWER
    assert seen.output_digest == sha256(texts.output.encode())


async def test_whoever_was_answered_before_is_not_told_again(tmp_path: Path) -> None:
    said = {"role": "assistant", "content": "Which one?"}
    look = {"name": "look", "arguments": "{}"}
    calls = [{"id": "a", "type": "function", "function": look}]
    called = {"role": "assistant", "content": None, "tool_calls": calls}
    begin, go_on = {"role": "user", "content": ASK}, {"role": "user", "content": "The blue one"}
    async with a_door(tmp_path, TOLD) as door:
        assert await text_of(door, {"messages": [begin, said, go_on]}) == ANSWER
        result = {"role": "tool", "tool_call_id": "a", "content": "2 bills"}
        body = {"model": "small", "messages": [begin, called, result]}
        assert (await text_of(door, body)).startswith(SENTENCE), "nobody was told by a tool call"


async def test_a_session_is_told_once_and_another_tenants_of_that_name_too(tmp_path: Path) -> None:
    async with a_door(tmp_path, TOLD) as door:
        body = CHAT_API.body(ASK)
        assert (await text_of(door, body, x_session_id="s1")).startswith(SENTENCE)
        assert await text_of(door, body, x_session_id="s1") == ANSWER
        assert (await text_of(door, body, x_session_id="s2")).startswith(SENTENCE)


async def test_a_session_whose_first_answer_was_a_tool_call_is_told_with_the_next(
    tmp_path: Path,
) -> None:
    call = {"tool_calls": [{"index": 0, "id": "a", "type": "function",
                            "function": {"name": "look", "arguments": "{}"}}]}  # fmt: skip
    async with a_door(tmp_path, TOLD) as door:
        door.upstream.script = [Reply(text="", message=call)]
        body = {"model": "small", "messages": [{"role": "user", "content": ASK}]}
        first = chat_whole((await ask(door, body, x_session_id="s")).data)
        assert (first.text, first.about["notice"]["where"]) == ("", "field")
        assert (await text_of(door, body, x_session_id="s")).startswith(SENTENCE)


@pytest.mark.parametrize(
    "wished",
    [
        {"response_format": {"type": "json_object"}},
        {"guided_choice": ["a", "b"]},
    ],
)
async def test_nothing_is_added_to_what_a_program_reads(
    tmp_path: Path, wished: dict[str, Any]
) -> None:
    async with a_door(tmp_path, TOLD) as door:
        body = {"model": "small", **CHAT_API.body(ASK), **wished}
        read = chat_whole((await ask(door, body)).data)
    assert read.text == ANSWER
    assert read.about["notice"] == {"sentence": SENTENCE, "language": "en", "where": "field"}


async def test_a_text_that_is_continued_stays_as_it_is(tmp_path: Path) -> None:
    completions = APIS[-1]
    async with a_door(tmp_path, TOLD) as door:
        answer = await door.ask(completions.path, {"model": "small", **completions.body(ASK)})
    read = completions.whole(answer.data)
    assert (read.text, read.about["notice"]["where"]) == (ANSWER, "field")


@pytest.mark.parametrize(
    ("languages", "begins"),
    [
        ("de-AT,en;q=0.5", IN_GERMAN),
        ("fr, de;q=0.3, en;q=0.9", SENTENCE),
        ("pt", SENTENCE),
        ("pt-BR", "Oi"),
        ("de;q=0", SENTENCE),
        (";;q=,,=;q=nan, de;q=inf", SENTENCE),
        ("", SENTENCE),
    ],
)
async def test_it_is_said_in_the_callers_language(
    tmp_path: Path, languages: str, begins: str
) -> None:
    async with a_door(tmp_path, TOLD) as door:
        text = await text_of(door, CHAT_API.body(ASK), accept_language=languages)
    assert text == f"{begins}\n\n{ANSWER}"


async def test_where_the_interface_tells_header_and_field_say_it(tmp_path: Path) -> None:
    told = TELLS.replace("disclosure:\n", "disclosure:\n    where: interface\n    why: a banner\n")
    async with a_door(tmp_path, {"charter.yaml": CHAT["charter.yaml"] + told}) as door:  # type: ignore[operator]
        read = chat_whole((await ask(door, CHAT_API.body(ASK))).data)
    assert (read.text, read.about["notice"]["where"]) == (ANSWER, "field")


async def test_a_fallback_tells_too_and_is_not_called_a_models(tmp_path: Path) -> None:
    async with a_door(tmp_path, TOLD) as door:
        answer = await ask(door, CHAT_API.body("xyzzy"))
    read = chat_whole(answer.data)
    assert read.text == f"{SENTENCE}\n\nA person will read your letter."
    assert "ai_generated" not in read.about
    assert all(name != b"x-roadworthy-ai-generated" for name, _ in answer.headers)


async def test_the_model_is_told_how_to_behave(tmp_path: Path) -> None:
    async with a_door(tmp_path, TOLD) as door:
        await ask(door, CHAT_API.body(ASK))
        await ask(door, {"model": "small", **CHAT_API.body(ASK)})
        managed, own = (request.body["messages"] for request in door.upstream.requests)
    assert managed[0]["role"] == "system"
    first, _, rest = managed[0]["content"].partition("\n\n")
    assert "You are an AI system." in first and rest.strip() == "Answer the letter."
    assert own == [{"role": "user", "content": ASK}], "who owns the prompt owns all of it"


PUBLIC = "A model wrote this text."
PUBLISHED = (
    f"behaviour:\n  identifies_as_ai: {SENTENCE}\n  disclosure:\n    public_interest:\n"
    f"      sentence: {PUBLIC}\n      sentences: {{de: Ein Modell schrieb dies.}}\n"
)
INFORMS = {"charter.yaml": CHAT["charter.yaml"] + PUBLISHED}  # type: ignore[operator]


@each_api
async def test_a_text_that_informs_the_public_says_each_time_that_a_model_wrote_it(
    tmp_path: Path, api: Api
) -> None:
    async with a_door(tmp_path, INFORMS) as door:
        body = {"model": "letters", **api.body(ASK)}
        for stream in (False, True):
            answer = await door.ask(api.path, {**body, "stream": stream})
            spoken = (api.streamed if stream else api.whole)(answer.data)
            assert spoken.text == f"{SENTENCE}\n\n{PUBLIC}\n\n{ANSWER}"


async def test_it_says_so_in_the_second_answer_too_and_in_the_readers_language(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path, INFORMS) as door:
        body = CHAT_API.body(ASK)
        assert (await text_of(door, body, x_session_id="s1")).startswith(SENTENCE)
        assert await text_of(door, body, x_session_id="s1") == f"{PUBLIC}\n\n{ANSWER}"
        german = await text_of(door, body, x_session_id="s1", accept_language="de")
        assert german == f"Ein Modell schrieb dies.\n\n{ANSWER}"
        said = {"role": "assistant", "content": "Which one?"}
        talk = {
            "messages": [
                {"role": "user", "content": ASK},
                said,
                {"role": "user", "content": "Blue"},
            ]
        }
        assert await text_of(door, talk, x_session_id="s2") == f"{PUBLIC}\n\n{ANSWER}"
        # an answer that told of the text alone told nobody that this is an AI system
        assert (await text_of(door, body, x_session_id="s2")).startswith(SENTENCE)


async def test_a_fallback_that_people_wrote_is_not_called_a_models(tmp_path: Path) -> None:
    async with a_door(tmp_path, INFORMS) as door:
        blocked = await text_of(door, CHAT_API.body("xyzzy"), x_session_id="s1")
        assert PUBLIC not in blocked and blocked.startswith(SENTENCE)
        again = await text_of(door, CHAT_API.body("xyzzy"), x_session_id="s1")
        assert again == "A person will read your letter."


async def test_nothing_is_said_where_a_person_holds_editorial_responsibility(
    tmp_path: Path,
) -> None:
    charter = INFORMS["charter.yaml"]
    start = charter.index("  disclosure:")
    edited = charter[:start] + "  disclosure: {public_interest: {editor: Ada Lovelace}}\n"
    async with a_door(tmp_path, {"charter.yaml": edited}) as door:
        body = CHAT_API.body(ASK)
        assert await text_of(door, body, x_session_id="s") == f"{SENTENCE}\n\n{ANSWER}"
        assert await text_of(door, body, x_session_id="s") == ANSWER
