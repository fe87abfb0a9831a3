"""A judge in the real control process: what left is looked at by a model, and its yes stops."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai

from doubles.answers_that_left import CHARTER
from doubles.fake_upstream import FakeUpstream
from doubles.judge_prompts import answer_in
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import RunningGateway, eventually
from roadworthy.flows.workspace.routing import read_table

JUDGED = """\
- id: cold
  statement: It is cold to somebody who mourns.
  scope: tenant
  rule:
    judge:
      rubric: Is the answer cold?
      model: {provider: openai_compatible, name: big, upstream: lab, version: "1"}
"""


def says(body: dict[str, Any]) -> str:
    """The system is cold; the judge sees it."""
    if body["model"] != "big":
        return "Then bury him and send the form."
    return "1" if "bury him" in answer_in(body["messages"][-1]["content"]) else "2"


async def test_what_a_judge_finds_stops_its_scope_on_the_road(tmp_path: Path) -> None:
    async with FakeUpstream(answer=says) as upstream:
        charter = CHARTER.replace("use: {", JUDGED + "use: {", 1)
        loop = write_live_system(tmp_path, upstream.url, {"charter.yaml": charter})
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway:
            client = openai.AsyncOpenAI(base_url=f"{gateway.base}/v1", api_key=key, max_retries=0)
            said = await client.chat.completions.create(
                model="letters", messages=[{"role": "user", "content": "My father died."}]
            )
            assert "bury him" in str(said.choices[0].message.content)

            async def stopped() -> bool:
                """Whether the judge's yes is in the table."""
                return bool(read_table(loop.workspace.routing).kills)

            await eventually(stopped)
            (flag,) = read_table(loop.workspace.routing).kills
            assert (flag.scope, flag.value) == ("tenant", "acme")
            await client.close()
