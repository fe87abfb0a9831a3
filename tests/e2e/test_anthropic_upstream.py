"""A gateway in front of Anthropic's Messages API: both official SDKs, unmodified, behave the same.

The gateway is a real process; the upstream speaks the API as it is documented, over real sockets,
and refuses what the API refuses.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anthropic
import openai
import pydantic
import pytest

from doubles.fake_anthropic import FakeAnthropic, Said, problem
from doubles.live_system import CHAT, a_key, write_live_system
from doubles.running_gateway import RunningGateway
from roadworthy.flows.workspace.loop import Loop
from roadworthy.journal import Vault, open_master_key, read_journal, unseal

ASK: Any = [{"role": "user", "content": "Where is my bill?"}]
SAID = "It is on its way to you"
LOOK = {"type": "tool_use", "id": "toolu_01A", "name": "look", "input": {"at": "bill"}}
TEXT = {"type": "text", "text": "I look.", "citations": None}
STOP = "stop_sequence"
SCHEMA = {"type": "object", "properties": {"at": {"type": "string"}}}
EPHEMERAL = {"cache_control": {"type": "ephemeral"}}
CANDIDATE = CHAT["candidate.yaml"] or ""


def live(root: Path, upstream: FakeAnthropic, **changes: str) -> tuple[Loop, str]:
    """The chat system in front of that upstream, and a key; `options` are the model's."""
    candidate = CANDIDATE.replace("provider: openai_compatible", "provider: anthropic")
    if "options" in changes:
        candidate = candidate.replace(
            "  upstream: lab\n", f"  upstream: lab\n  options: {changes.pop('options')}\n"
        )
    toml = f'[upstreams.lab]\nurl = "{upstream.url}"\ncredential = "file:key"\n'
    root.mkdir(exist_ok=True)
    (root / "key").write_text("sk-ant-secret")
    own = {"candidate.yaml": candidate, "roadworthy.toml": toml + changes.pop("toml", "")}
    loop = write_live_system(root, upstream.url, {**own, **changes})
    return loop, a_key(loop)


def claude(gateway: RunningGateway, key: str) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=gateway.base, api_key=key, max_retries=0)


def gpt(gateway: RunningGateway, key: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0)


async def test_the_upstream_of_these_tests_speaks_what_the_sdk_reads() -> None:
    blocks = [
        {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"},
        {"type": "redacted_thinking", "data": "Emw"}, TEXT, LOOK,
    ]  # fmt: skip
    async with FakeAnthropic() as upstream:
        base = upstream.url.removesuffix("/v1")
        async with anthropic.AsyncAnthropic(base_url=base, api_key="k", max_retries=0) as client:
            upstream.script = [Said(blocks=blocks, stop_reason="tool_use")] * 2
            ask: Any = {"model": "m", "max_tokens": 9, "messages": ASK}
            plain = await client.messages.create(**ask)
            async with client.messages.stream(**ask) as stream:
                streamed = await stream.get_final_message()
            for said in (plain, streamed):
                assert [block.type for block in said.content] == [b["type"] for b in blocks]
                assert said.content[3].model_dump()["input"] == {"at": "bill"}
                assert (said.stop_reason, said.usage.output_tokens) == ("tool_use", 7)
            upstream.script = [problem(529, "Overloaded")]
            with pytest.raises(anthropic.InternalServerError) as overloaded:
                await client.messages.create(**ask)
            assert overloaded.value.type == "overloaded_error"
            with pytest.raises(anthropic.BadRequestError, match="Extra inputs"):
                await client.messages.create(**ask, extra_body={"logprobs": True})


async def test_both_sdks_plain_and_streamed_with_either_prompt(tmp_path: Path) -> None:
    usage = {"input_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 10}
    async with FakeAnthropic(SAID) as upstream:
        upstream.standing = lambda _body: Said(usage=usage)
        loop, key = live(tmp_path, upstream, toml=PRICES)
        async with (
            RunningGateway(tmp_path) as gateway,
            claude(gateway, key) as one,
            gpt(gateway, key) as two,
        ):
            for model in ("letters", "small"):
                ask: Any = {"model": model, "messages": ASK, "max_tokens": 33}
                message = await one.messages.create(**ask)
                assert message.content[0].text == SAID  # type: ignore[union-attr]
                assert message.stop_reason == "end_turn"
                counted = message.usage
                assert (counted.input_tokens, counted.cache_read_input_tokens) == (5, 100)
                assert (counted.cache_creation_input_tokens, counted.output_tokens) == (10, 7)
                async with one.messages.stream(**ask) as stream:
                    pieces = [text async for text in stream.text_stream]
                    final = await stream.get_final_message()
                assert len(pieces) > 1 and "".join(pieces) == SAID
                assert final.content[0].text == SAID and final.stop_reason == "end_turn"  # type: ignore[union-attr]

                completion = await two.chat.completions.create(**ask)
                choice = completion.choices[0]
                assert (choice.message.content, choice.finish_reason) == (SAID, "stop")
                assert completion.usage is not None and completion.usage.prompt_tokens == 115
                chunks = [
                    chunk
                    async for chunk in await two.chat.completions.create(
                        **ask, stream=True, stream_options={"include_usage": True}
                    )
                ]
                texts = [c.choices[0].delta.content or "" for c in chunks if c.choices]
                assert len([text for text in texts if text]) > 1 and "".join(texts) == SAID
                assert chunks[-1].usage == completion.usage
                response = await two.responses.create(model=model, input="Where is my bill?")
                assert response.output_text == SAID
    managed, own = upstream.requests[0].body, upstream.requests[5].body
    assert managed["system"].startswith("Answer the letter")
    assert managed["max_tokens"] == 64  # the release's own
    assert own["max_tokens"] == 33 and own["messages"] == ASK and "system" not in own
    seen = [r.observation for r in read_journal(loop.workspace.journal) if r.kind == "close"]
    assert len(seen) == 10
    for each in seen:
        assert each is not None and each.usage.raw["cache_read_input_tokens"] == 100
        assert (each.cost, each.currency) == ("0.0000625", "EUR")
        # 5 x 1 + 100 x 0.1 + 10 x 1.25 + 7 x 5, of a million


PRICES = """
[[prices]]
model = "small"
since = "2026-01-01"
input = 1.0
cached_input = 0.1
cache_write = 1.25
output = 5.0
currency = "EUR"
"""


async def test_a_round_of_tools_with_both_sdks(tmp_path: Path) -> None:
    async with FakeAnthropic("Your bill is in the post.") as upstream:
        _loop, key = live(tmp_path, upstream)
        async with (
            RunningGateway(tmp_path) as gateway,
            claude(gateway, key) as one,
            gpt(gateway, key) as two,
        ):
            for streamed in (False, True):
                upstream.requests.clear()
                upstream.script = [Said(blocks=[TEXT, LOOK], stop_reason="tool_use")]
                tool: Any = {"name": "look", "description": "Look.", "input_schema": SCHEMA}
                ask: Any = {
                    "model": "small", "max_tokens": 64, "messages": ASK, "tools": [tool],
                    "system": "Mine.", "tool_choice": {"type": "any"},
                }  # fmt: skip
                if streamed:
                    async with one.messages.stream(**ask) as stream:
                        said = await stream.get_final_message()
                else:
                    said = await one.messages.create(**ask)
                assert said.stop_reason == "tool_use"
                assert said.content[0].model_dump() == TEXT
                use = said.content[1]
                assert use.type == "tool_use" and use.input == {"at": "bill"}
                result = {"type": "tool_result", "tool_use_id": use.id, "content": "in the post"}
                turns: Any = [
                    *ASK,
                    {"role": "assistant", "content": [b.model_dump() for b in said.content]},
                    {"role": "user", "content": [result]},
                ]
                last = await one.messages.create(**{**ask, "messages": turns})
                assert last.content[0].text == "Your bill is in the post."  # type: ignore[union-attr]
                first, second = (request.body for request in upstream.requests)
                assert (first["system"], first["tools"]) == ("Mine.", [tool])
                assert first["tool_choice"] == {"type": "any"}
                assert second["messages"][2]["content"] == [result]

                upstream.requests.clear()
                upstream.script = [Said(blocks=[TEXT, LOOK], stop_reason="tool_use")]
                function = {"name": "look", "description": "Look.", "parameters": SCHEMA}
                chat: Any = {
                    "model": "small", "messages": [{"role": "system", "content": "Mine."}, *ASK],
                    "tools": [{"type": "function", "function": function}],
                    "tool_choice": "required", "parallel_tool_calls": False,
                }  # fmt: skip
                if streamed:
                    async with two.chat.completions.stream(**chat) as talk:
                        choice = (await talk.get_final_completion()).choices[0]
                else:
                    choice = (await two.chat.completions.create(**chat)).choices[0]
                assert choice.finish_reason == "tool_calls"
                assert choice.message.content == "I look."
                calls = choice.message.tool_calls or []
                assert calls[0].function.name == "look"  # type: ignore[union-attr]
                back: Any = [
                    *chat["messages"],
                    choice.message.model_dump(exclude_none=True, exclude={"parsed"}),
                    {"role": "tool", "tool_call_id": calls[0].id, "content": "in the post"},
                ]
                for call in back[2]["tool_calls"]:
                    call["function"].pop("parsed_arguments", None)
                done = await two.chat.completions.create(**{**chat, "messages": back})
                assert done.choices[0].message.content == "Your bill is in the post."
                first, second = (request.body for request in upstream.requests)
                assert (first["system"], first["tools"]) == ("Mine.", [tool])
                assert first["tool_choice"] == {"type": "any", "disable_parallel_tool_use": True}
                assert second["messages"][1]["content"] == [
                    {"type": "text", "text": "I look."}, {**LOOK, "id": calls[0].id},
                ]  # fmt: skip


class Letter(pydantic.BaseModel):
    """What is wanted of an answer."""

    desk: str


async def test_structured_output_with_both_sdks(tmp_path: Path) -> None:
    async with FakeAnthropic('{"desk": "bills"}') as upstream:
        _loop, key = live(tmp_path, upstream)
        async with (
            RunningGateway(tmp_path) as gateway,
            claude(gateway, key) as one,
            gpt(gateway, key) as two,
        ):
            parsed = await one.messages.parse(
                model="small", max_tokens=64, messages=ASK, output_format=Letter
            )
            assert parsed.parsed_output == Letter(desk="bills")
            completion = await two.chat.completions.parse(
                model="small", messages=ASK, response_format=Letter
            )
            assert completion.choices[0].message.parsed == Letter(desk="bills")
            response = await two.responses.parse(
                model="small", input="Where is my bill?", text_format=Letter
            )
            assert response.output_parsed == Letter(desk="bills")
        for request in upstream.requests:
            wanted = request.body["output_config"]["format"]
            assert wanted["type"] == "json_schema"
            assert wanted["schema"]["properties"]["desk"]["type"] == "string"


async def test_what_only_anthropic_knows_goes_through_untouched(tmp_path: Path) -> None:
    thought = {"type": "thinking", "thinking": "I should look.", "signature": SIGNATURE}
    hidden = {"type": "redacted_thinking", "data": SIGNATURE}
    ask: Any = {
        "model": "small", "max_tokens": 2000,
        "system": [{"type": "text", "text": "Mine.", **EPHEMERAL}],
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Where?", **EPHEMERAL}]},
            {"role": "assistant", "content": [thought, hidden, {**LOOK, **EPHEMERAL}]},
            {"role": "user", "content": [{
                "type": "tool_result", "tool_use_id": LOOK["id"], "is_error": True, **EPHEMERAL,
                "content": [{"type": "text", "text": "lost"}],
            }]},
        ],
        "tools": [{"name": "look", "input_schema": SCHEMA, **EPHEMERAL}],
        "thinking": {"type": "enabled", "budget_tokens": 1024},
        "output_config": {"effort": "high"},
        "service_tier": "standard_only",
        "stop_sequences": ["###"],
        **EPHEMERAL,
    }  # fmt: skip
    async with FakeAnthropic(SAID) as upstream:
        _loop, key = live(tmp_path, upstream)
        async with RunningGateway(tmp_path) as gateway, claude(gateway, key) as client:
            said = await client.messages.create(**ask, metadata={"user_id": "ann@x.org"})
            assert said.content[0].text == SAID  # type: ignore[union-attr]
    assert upstream.requests[0].body == {**ask, "stream": False}  # and nobody is named


SIGNATURE = (
    "EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pkiMOYds1B8vVbnK4v7BxWcpQzQ0Hq5fLr1fKb+Qw=="
)


async def test_a_pseudonym_goes_along_and_does_not_part_answers(tmp_path: Path) -> None:
    charter = (CHAT["charter.yaml"] or "") + "behaviour:\n  cache: {max_age_s: 60}\n"
    async with FakeAnthropic(SAID) as upstream:
        _loop, key = live(
            tmp_path, upstream, options="{user_id: true}", **{"charter.yaml": charter}
        )
        async with (
            RunningGateway(tmp_path) as gateway,
            claude(gateway, key) as one,
            gpt(gateway, key) as two,
        ):
            for user in ("ann@x.org", "bob@x.org"):
                await one.messages.create(
                    model="letters", max_tokens=9, messages=ASK, metadata={"user_id": user}
                )
            await two.chat.completions.create(model="letters", messages=ASK, user="cleo")
    assert len(upstream.requests) == 1
    told = upstream.requests[0].body["metadata"]["user_id"]
    assert told.startswith("eu-") and "ann" not in told


WISHES: list[tuple[dict[str, Any], str]] = [
    ({"logprobs": True}, "logprobs"),
    ({"n": 2}, "n"),
    ({"seed": 7}, "seed"),
    ({"response_format": {"type": "json_object"}}, "response_format"),
    ({"frequency_penalty": 0.5}, "frequency_penalty"),
    ({"temperature": 1.4}, "temperature"),
    ({"temperature": 0.2}, "temperature"),
    ({"extra_body": {"top_k": 3}}, "top_k"),
    ({"logit_bias": {"50256": -100}}, "logit_bias"),
    ({"extra_body": {"tools": True}}, "tools"),
    ({"extra_body": {"mcp_servers": [{"url": "https://x"}]}}, "mcp_servers"),
]


async def test_what_has_no_counterpart_is_refused_and_nobody_is_asked(tmp_path: Path) -> None:
    async with FakeAnthropic(SAID) as upstream:
        _loop, key = live(tmp_path, upstream)
        async with RunningGateway(tmp_path) as gateway, gpt(gateway, key) as client:
            for wish, named in WISHES:
                with pytest.raises(openai.BadRequestError) as refused:
                    await client.chat.completions.create(model="small", messages=ASK, **wish)
                assert refused.value.param == named
                assert named in refused.value.message
                managed = {name: value for name, value in wish.items() if name != "n"}
                await client.chat.completions.create(model="letters", messages=ASK, **managed)
    assert [request.body["model"] for request in upstream.requests] == ["small"] * len(WISHES)
    assert all(request.body["system"].startswith("Answer") for request in upstream.requests)


async def test_refusals_of_what_an_anthropic_caller_wants(tmp_path: Path) -> None:
    async with FakeAnthropic(SAID) as upstream:
        _loop, key = live(tmp_path, upstream)
        async with RunningGateway(tmp_path) as gateway, claude(gateway, key) as client:
            ask: Any = {"model": "small", "max_tokens": 2000, "messages": ASK}
            for wish, named in (
                ({"extra_body": {"mcp_servers": [{"type": "url", "url": "https://x"}]}}, "mcp"),
                ({"extra_body": {"temperature": 0.3}}, "temperature"),
                ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools"),
                ({"extra_body": {"top_k": 3, "thinking": {"type": "adaptive"}}}, "top_k"),
            ):
                with pytest.raises(anthropic.BadRequestError, match=named):
                    await client.messages.create(**ask, **wish)  # type: ignore[arg-type]
            assert not upstream.requests
            await client.messages.create(**ask)
            assert "temperature" not in upstream.requests[0].body


async def test_why_an_answer_ended_reaches_both(tmp_path: Path) -> None:
    details = {"type": "refusal", "category": "bio", "explanation": "No."}
    rows = (
        ({"stop_reason": STOP, "stop_sequence": "###"}, (STOP, "###"), "stop"),
        ({"stop_reason": STOP, "stop_sequence": "own"}, ("end_turn", None), "stop"),
        ({"stop_reason": "max_tokens"}, ("max_tokens", None), "length"),
        ({"stop_reason": "pause_turn"}, ("pause_turn", None), "length"),
        ({"stop_reason": "model_context_window_exceeded"},
         ("model_context_window_exceeded", None), "length"),
        ({"stop_reason": "refusal", "stop_details": details, "text": "I will not."},
         ("refusal", None), "content_filter"),
    )  # fmt: skip
    async with FakeAnthropic(SAID) as upstream:
        _loop, key = live(tmp_path, upstream)
        async with (
            RunningGateway(tmp_path) as gateway,
            claude(gateway, key) as one,
            gpt(gateway, key) as two,
        ):
            for how, mine, theirs in rows:
                upstream.script = [Said(**how) for _ in range(3)]  # type: ignore[arg-type]
                ask: Any = {"model": "small", "messages": ASK, "max_tokens": 9}
                said = await one.messages.create(**ask, stop_sequences=["###"])
                async with one.messages.stream(**ask, stop_sequences=["###"]) as stream:
                    final = await stream.get_final_message()
                for each in (said, final):
                    assert (each.stop_reason, each.stop_sequence) == mine
                    assert each.content[0].text == how.get("text", SAID)  # type: ignore[union-attr]
                completion = await two.chat.completions.create(**ask, stop="###")
                assert completion.choices[0].finish_reason == theirs
                assert completion.choices[0].message.content == how.get("text", SAID)


async def test_a_busy_upstream_is_asked_again_and_a_broken_one_gives_the_fallback(
    tmp_path: Path,
) -> None:
    busy = problem(529, "Overloaded")
    told = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    async with FakeAnthropic(SAID) as upstream:
        loop, key = live(tmp_path, upstream)
        async with (
            RunningGateway(tmp_path) as gateway,
            claude(gateway, key) as one,
            gpt(gateway, key) as two,
        ):
            upstream.script = [busy, problem(500, "Internal server error")]
            ask: Any = {"model": "letters", "messages": ASK, "max_tokens": 9}
            said = await one.messages.create(**ask)
            assert said.content[0].text == SAID  # type: ignore[union-attr]
            assert len(upstream.requests) == 3
            upstream.script = [problem(400, "max_tokens: too many")]
            refused = await one.messages.create(**ask)
            assert refused.stop_reason == "refusal"
            assert refused.content[0].text == "A person will read your letter."  # type: ignore[union-attr]
            assert len(upstream.requests) == 4
            for how in ({"between": [told]}, {"done": False}, {"reset_after": 900}):
                upstream.script = [Said(piece_delay_s=0.02, **how)]  # type: ignore[arg-type]
                stream = await two.chat.completions.create(**{**ask, "model": "small"}, stream=True)
                chunks = [chunk async for chunk in stream]
                text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
                assert text.endswith("A person will read your letter.")
                assert chunks[-1].choices[0].finish_reason == "content_filter"
    kept = [r.observation for r in read_journal(loop.workspace.journal) if r.kind == "close"]
    errors = [each.error for each in kept if each is not None and each.status == "error"]
    assert "HTTP 400" in errors[0] and "req_011CSHoEeqs5C35K2UUqR7Fy" in errors[0]
    assert "(529)" in errors[1] and "message_stop" in errors[2]
    assert "sk-ant-secret" not in "".join(errors)


async def test_personal_data_does_not_leave_to_it_either(tmp_path: Path) -> None:
    rails = (CHAT["rails.yaml"] or "") + "egress: {regions: [EU], personal_data: pseudonymise}\n"
    async with FakeAnthropic(lambda body: str(body["messages"][-1]["content"])) as upstream:
        _loop, key = live(tmp_path, upstream, **{"rails.yaml": rails})
        async with RunningGateway(tmp_path) as gateway, claude(gateway, key) as client:
            asked: Any = [{"role": "user", "content": "Write to ann@example.org"}]
            said = await client.messages.create(model="small", max_tokens=9, messages=asked)
            assert "ann@example.org" in said.content[0].text  # type: ignore[union-attr]
    assert b"ann@example.org" not in upstream.received
    assert "<EMAIL_1>" in upstream.requests[0].body["messages"][0]["content"]


THOUGHT = {"type": "thinking", "thinking": "I should look.", "signature": SIGNATURE}
SEALED = {"type": "redacted_thinking", "data": SIGNATURE}


async def test_thoughts_that_were_asked_for_come_before_the_answer_and_go_back_whole(
    tmp_path: Path,
) -> None:
    async with FakeAnthropic("Your bill is in the post.") as upstream:
        loop, key = live(tmp_path, upstream)
        async with RunningGateway(tmp_path) as gateway, claude(gateway, key) as client:
            ask: Any = {
                "model": "small", "max_tokens": 2000, "messages": ASK,
                "tools": [{"name": "look", "input_schema": SCHEMA}],
                "thinking": {"type": "enabled", "budget_tokens": 1024},
            }  # fmt: skip
            blocks = [THOUGHT, SEALED, TEXT, LOOK]
            for streamed in (False, True):
                upstream.requests.clear()
                upstream.script = [Said(blocks=blocks, stop_reason="tool_use")]
                if streamed:
                    async with client.messages.stream(**ask) as stream:
                        said = await stream.get_final_message()
                else:
                    said = await client.messages.create(**ask)
                got = [block.model_dump(exclude_none=True) for block in said.content]
                assert [each["type"] for each in got] == [each["type"] for each in blocks]
                assert got[:2] == [THOUGHT, SEALED]
                back: Any = [
                    *ASK,
                    {"role": "assistant", "content": [
                        {k: v for k, v in each.items() if k != "parsed_output"} for each in got
                    ]},
                    {"role": "user", "content": [
                        {"type": "tool_result", "tool_use_id": LOOK["id"], "content": "in the post"}
                    ]},
                ]  # fmt: skip
                await client.messages.create(**{**ask, "messages": back})
                assert upstream.requests[1].body["messages"][1]["content"][:2] == [THOUGHT, SEALED]
            upstream.script = [Said(blocks=blocks[:3]), Said(blocks=blocks[:3])]
            without = {name: value for name, value in ask.items() if name != "thinking"}
            plain = await client.messages.create(**without)
            assert [block.type for block in plain.content] == ["text"], "nobody asked for them"
            managed = await client.messages.create(**{**ask, "model": "letters"})
            assert [block.type for block in managed.content] == ["text"]
            upstream.script = [Said(blocks=blocks[:3])]
            async with gpt(gateway, key) as other:
                await other.chat.completions.create(
                    model="small", messages=ASK, extra_body={"thinking": ask["thinking"]}
                )
    vault = Vault(loop.workspace.journal / "keys", open_master_key(loop.workspace.keys))
    kept = [unseal(r, vault) for r in read_journal(loop.workspace.journal) if r.kind == "close"]
    assert kept[0] is not None and "I should look." in kept[0].called
    assert [each.called for each in kept[4:] if each is not None] == ["", "", ""]


async def test_a_thought_that_a_rail_minds_stays_and_the_answer_leaves(tmp_path: Path) -> None:
    rails = (CHAT["rails.yaml"] or "") + (
        "- {id: no-plan, detector: deny, on: output, action: block, options: {words: [plan]}}\n"
    )
    secret = {**THOUGHT, "thinking": "My plan is to look."}
    readable = {**THOUGHT, "signature": "words that somebody could read"}
    async with FakeAnthropic(SAID) as upstream:
        _loop, key = live(tmp_path, upstream, **{"rails.yaml": rails})
        async with RunningGateway(tmp_path) as gateway, claude(gateway, key) as client:
            ask: Any = {
                "model": "small", "max_tokens": 2000, "messages": ASK,
                "thinking": {"type": "adaptive"},
            }  # fmt: skip
            for thought in (secret, readable):
                for streamed in (False, True):
                    upstream.script = [Said(blocks=[thought, TEXT])]
                    if streamed:
                        async with client.messages.stream(**ask) as stream:
                            said = await stream.get_final_message()
                    else:
                        said = await client.messages.create(**ask)
                    assert [block.type for block in said.content] == ["text"]
                    assert said.content[0].text == "I look."  # type: ignore[union-attr]
            upstream.script = [Said(blocks=[THOUGHT, {**TEXT, "text": "The plan."}])]
            async with client.messages.stream(**ask) as stream:
                final = await stream.get_final_message()
            assert final.stop_reason == "refusal"
            assert [block.type for block in final.content] == ["text"]
