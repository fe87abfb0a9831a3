"""A gateway that runs scores a sample after its answers left, by a scorer and a judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.judge_prompts import answer_in
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import CONTROL, RunningGateway, eventually, roadworthy
from roadworthy.domain import Drawn
from roadworthy.journal import segments, told
from roadworthy.manifests import check_system

SLOS = """\
slos:
- {name: kind_7d, metric: kind, target: ">= 0.5", window: 7d, at: [runtime]}
online:
- {scorer: refusal, name: no_refusal, share: 1.0}
- scorer: rubric
  name: kind
  share: 1.0
  options:
    question: Is the answer kind?
    levels: ["no", "yes"]
    model: {provider: openai_compatible, name: big, upstream: lab, version: "1"}
"""


def says(body: dict[str, Any]) -> Reply:
    """The model answers at once; who judges takes its time."""
    asked = str(body["messages"][-1]["content"])
    if body["model"] != "big":
        return Reply(text="dear friend")
    return Reply(text="2" if "dear" in answer_in(asked) else "1", delay_s=0.5)


async def test_scores_come_after_the_answers_and_survive_a_restart(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        upstream.standing = says
        loop = write_live_system(tmp_path, upstream.url, {"safety-slos.yaml": SLOS})
        assert [each for each in check_system(tmp_path) if each.severity == "error"] == []
        key = a_key(loop)

        def drawn(observation: str) -> dict[str, Drawn]:
            records = told(loop.workspace.journal, observation)
            said = [each.outcome.drawn or () for each in records if each.outcome is not None]
            return {each.score: each for few in said for each in few}

        async with RunningGateway(tmp_path, workers=2) as gateway, httpx2.AsyncClient() as http:

            async def ask() -> str:
                answer = await http.post(
                    f"{gateway.url}/chat/completions",
                    json={"model": "letters", "messages": [{"role": "user", "content": "Hello"}]},
                    headers={"authorization": f"Bearer {key}"},
                )
                assert answer.status_code == 200
                return str(answer.headers["x-roadworthy-observation"])

            asked = [await ask() for _ in range(4)]
            for each in asked:
                found = await eventually(lambda each=each: drawn(each), within_s=30)
                assert found["no_refusal"].value == 1.0
                assert (found["kind"].value, found["kind"].judge["said"]) == (1.0, "yes")
            gateway.kill_9(CONTROL)
            later = await ask()
            assert (await eventually(lambda: drawn(later), within_s=40))["kind"].value == 1.0
        code, said, errors = await roadworthy(
            "journal", "query", str(tmp_path), "--indicators", "--json"
        )
        assert code == 0, errors
        named = {each["name"]: each for each in said["indicators"]}
        assert (named["no_refusal"]["n"], named["no_refusal"]["value"]) == (5, 1.0)
        assert named["kind"]["low"] is None, "a judge is not believed by itself"
        assert any("-online-" in path.name for path in segments(loop.workspace.journal))
