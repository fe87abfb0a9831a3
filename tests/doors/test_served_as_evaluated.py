"""One conversation at the door and in an evaluation: the model is asked the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from doubles.fake_upstream import FakeUpstream
from doubles.fake_upstream import Reply as Said
from doubles.live_system import CHAT, a_key, write_live_system
from doubles.recorded_answer import RecordedAnswer
from roadworthy.domain import Case, CaseTool, ToolResult
from roadworthy.flows.runs.case_target import PathTarget
from roadworthy.gateway.app import App
from roadworthy.gateway.wire import Request
from roadworthy.manifests import load_system
from roadworthy.release import pin
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.plan import Plan
from roadworthy.wiring.service import build_service

CHANGES = {
    "charter.yaml": f"{CHAT['charter.yaml']}behaviour:\n  history: {{turns: 1}}\n",
    "candidate.yaml": f"""\
{CHAT["candidate.yaml"]}tools:
- name: look_up
  needs_approval: false
  description: Finds a letter.
  schema: {{type: object, properties: {{id: {{type: string}}}}}}
""",
}
CALL = {
    "id": "c1", "type": "function", "function": {"name": "look_up", "arguments": '{"id": "A1"}'},
}  # fmt: skip
SCRIPT = [
    Said(text="first"), Said(text="second"),
    Said(text="", message={"tool_calls": [CALL]}, finish_reason="tool_calls"),
    Said(text="third"),
]  # fmt: skip


async def test_what_is_evaluated_is_what_is_served(tmp_path: Path) -> None:
    async with FakeUpstream() as upstream:
        loop = loop_of(write_live_system(tmp_path, upstream.url, dict(CHANGES)).workspace)
        upstream.script = list(SCRIPT)
        await evaluated(tmp_path)
        asked = [request.body for request in upstream.requests]
        upstream.requests.clear()
        upstream.script = list(SCRIPT)
        said = await served(tmp_path, loop, a_key(loop))
        assert [request.body for request in upstream.requests] == asked
    assert [message["role"] for message in asked[3]["messages"]] == [
        "system", "user", "assistant", "user", "assistant", "tool",
    ]  # fmt: skip
    assert [message["content"] for message in asked[3]["messages"][:4]] == [
        "Answer the letter.", "two", "second", "three",
    ]  # fmt: skip
    assert asked[0]["tools"][0]["function"]["description"] == "Finds a letter."
    assert said[-1]["content"] == "third"


async def evaluated(root: Path) -> None:
    system = load_system(root)
    content = pin(system)
    service = build_service(
        content, content.candidate_digest, deployment=system.deployment, clock=SystemClock(),
        root=system.root,
    )  # fmt: skip
    case = Case(
        id="c", input="one", turns=[{"user": "two"}, {"user": "three"}],
        tools=[CaseTool(name="look_up", results=[ToolResult(result="found")])],
    )  # fmt: skip
    row = await PathTarget(service, SystemClock(), new_id).answer(case, suite="s", repeat=0)
    await service.provider.aclose()
    assert (row.status, row.output) == ("ok", "third")


async def served(root: Path, loop: Any, key: str) -> list[dict[str, Any]]:
    """The same conversation by a client that sends all that was said, each time."""
    gateway = Gateway(
        Plan(workspace=str(loop.workspace.root), roots={"": str(root)}), SystemClock()
    )
    await gateway.start()
    app = App(gateway, new_id, max_in_flight=4)
    messages: list[dict[str, Any]] = []
    try:
        for words in ("one", "two", "three"):
            messages.append({"role": "user", "content": words})
            answer = await knock(app, key, messages)
            messages.append(answer)
            if answer.get("tool_calls"):
                messages[-1] = {**answer, "content": ""}
                messages.append({"role": "tool", "tool_call_id": "c1", "content": "found"})
                messages.append(await knock(app, key, messages))
    finally:
        await gateway.aclose()
    return messages


async def knock(app: App, key: str, messages: list[dict[str, Any]]) -> dict[str, Any]:
    headers = {b"authorization": f"Bearer {key}".encode()}
    request, answer = Request("POST", "/v1/chat/completions", headers), RecordedAnswer()
    app.admit(request)
    request.body = msgspec.json.encode({"model": "letters", "messages": messages})
    await app.answer(request, answer)
    assert answer.status == 200, answer.data
    found: dict[str, Any] = msgspec.json.decode(answer.data)["choices"][0]["message"]
    return {name: found[name] for name in ("role", "content", "tool_calls") if found.get(name)}
