"""Feedback with the official SDKs as they are: by the id of the answer that they show."""

from __future__ import annotations

from pathlib import Path

import anthropic
import openai

from doubles.fake_upstream import FakeUpstream
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import RunningGateway
from roadworthy.flows.objectives.live_indicators import measured
from roadworthy.journal import Wanted
from roadworthy.wiring.loop import loop_of


async def test_users_words_are_joined_by_the_answers_own_id_on_every_api(tmp_path: Path) -> None:
    async with FakeUpstream(answer="It is on its way") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway:
            one = openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0)
            two = anthropic.AsyncAnthropic(base_url=gateway.base, api_key=key, max_retries=0)
            async with one, two:
                chat = await one.chat.completions.create(
                    model="letters", messages=[{"role": "user", "content": "Where is my bill?"}]
                )
                response = await one.responses.create(model="letters", input="Where is my bill?")
                message = await two.messages.create(
                    model="letters", max_tokens=64, messages=[{"role": "user", "content": "Bill?"}]
                )
                for given, said in ((chat.id, "up"), (response.id, "down")):
                    taken = await one.post(
                        "/outcomes", body={"observation": given, "feedback": said}, cast_to=object
                    )
                    assert given.endswith(taken["observation"])  # type: ignore[index]
                await two.post(
                    "/v1/outcomes", body={"observation": message.id, "feedback": "4/5"},
                    cast_to=object,
                )  # fmt: skip
        found = measured(loop.workspace, Wanted(), loop_of(loop.workspace)).indicators
        (score,) = [each for each in found if each.name == "feedback_score"]
        assert (score.n, score.value) == (3, (1.0 + 0.0 + 0.75) / 3)
