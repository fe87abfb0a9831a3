"""The official OpenAI SDK's completions of one text, against the gateway as a real process."""

from __future__ import annotations

from pathlib import Path

import openai
import pytest

from doubles.fake_upstream import FakeUpstream
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import RunningGateway
from roadworthy.journal import Vault, open_master_key, read_journal, unseal


async def test_plain_and_streamed_with_either_prompt(tmp_path: Path) -> None:
    async with FakeUpstream(answer="It is on its way") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with (
            RunningGateway(tmp_path) as gateway,
            openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0) as client,
        ):
            for model in ("letters", "small"):
                said = await client.completions.create(model=model, prompt="Where is", logprobs=2)
                assert said.choices[0].text == "It is on its way"
                assert said.object == "text_completion" and said.usage is not None
                stream = await client.completions.create(
                    model=model,
                    prompt="Where is",
                    stream=True,
                    stream_options={"include_usage": True},
                )
                chunks = [chunk async for chunk in stream]
                text = "".join(chunk.choices[0].text for chunk in chunks if chunk.choices)
                assert text == "It is on its way"
                assert chunks[-1].usage == said.usage
            blocked = await client.completions.create(model="small", prompt="xyzzy")
            assert blocked.choices[0].finish_reason == "content_filter"
            assert blocked.choices[0].text == "A person will read your letter."
            with pytest.raises(openai.BadRequestError) as several:
                await client.completions.create(model="small", prompt=["a", "b"])
            assert several.value.param == "prompt"
        managed, own = upstream.requests[0], upstream.requests[2]
        assert managed.path == "/v1/chat/completions"
        assert managed.body["messages"][1]["content"] == "Where is"
        assert own.path == "/v1/completions"
        assert own.body["prompt"] == "Where is" and own.body["logprobs"] == 2
        vault = Vault(loop.workspace.journal / "keys", open_master_key(loop.workspace.keys))
        kept = [r for r in read_journal(loop.workspace.journal) if r.kind == "close"]
        texts = [unseal(record, vault) for record in kept]
        assert [each.input.partition("\n")[0] for each in texts if each] == ["Where is"] * 4 + [
            "xyzzy"
        ]
