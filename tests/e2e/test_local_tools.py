"""Tools of the real local model: in an evaluation, and through the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.live_system import CHAT, a_key, write_live_system
from doubles.recorded_answer import RecordedAnswer
from roadworthy.domain import Case, CaseTool, Model, ToolResult, UsageError
from roadworthy.flows.runs.case_target import PathTarget
from roadworthy.gateway.app import App
from roadworthy.gateway.wire import Request
from roadworthy.manifests import load_system
from roadworthy.providers.local import make_local
from roadworthy.release import pin
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.plan import Plan
from roadworthy.wiring.service import build_service

pytestmark = [pytest.mark.model, pytest.mark.slow]

MODEL = """\
model:
  provider: local
  name: gemma-3-270m-q4_k_m
  options: {call_first: true}
"""
CHANGES = {
    "candidate.yaml": (CHAT["candidate.yaml"] or "").replace(
        "model:\n  provider: openai_compatible\n  name: small\n  upstream: lab\n", MODEL
    )
    + """\
tools:
- name: look_up
  needs_approval: false
  description: Finds a letter by its number.
  schema: {type: object, properties: {number: {type: integer}}, required: [number]}
""",
}
ASKED = "Please look up letter number 17."


async def test_the_local_model_calls_a_tool_in_an_evaluation_and_at_the_gateway(
    tmp_path: Path,
) -> None:
    pytest.importorskip("xllamacpp", reason="pip install 'roadworthy[local]'")
    try:
        make_local(Model(provider="local", name="gemma-3-270m"), ".")
    except UsageError as error:
        pytest.skip(str(error))
    loop = loop_of(write_live_system(tmp_path, "http://127.0.0.1:9/v1", dict(CHANGES)).workspace)
    made = await evaluated(tmp_path)
    assert made["tool"] == "look_up"
    assert isinstance(made["arguments"]["number"], int)
    message = await served(tmp_path, loop)
    (call,) = message["tool_calls"]
    assert call["function"]["name"] == made["tool"]
    assert msgspec.json.decode(call["function"]["arguments"]) == made["arguments"]


async def evaluated(root: Path) -> dict[str, Any]:
    system = load_system(root)
    content = pin(system)
    service = build_service(
        content, content.candidate_digest, deployment=system.deployment, clock=SystemClock(),
        root=system.root,
    )  # fmt: skip
    case = Case(
        id="c", input=ASKED, tools=[CaseTool(name="look_up", results=[ToolResult(result="here")])]
    )
    try:
        row = await PathTarget(service, SystemClock(), new_id).answer(case, suite="s", repeat=0)
    finally:
        await service.provider.aclose()
    # What a model of this size says after the tool is another matter; the call was made.
    call: dict[str, Any] = row.attributes["trajectory"]["calls"][0]
    assert call["outcome"] == "answered"
    return call


async def served(root: Path, loop: Any) -> dict[str, Any]:
    key = a_key(loop)
    gateway = Gateway(
        Plan(workspace=str(loop.workspace.root), roots={"": str(root)}), SystemClock()
    )
    await gateway.start()
    try:
        app = App(gateway, new_id, max_in_flight=4)
        headers = {b"authorization": f"Bearer {key}".encode()}
        request, answer = Request("POST", "/v1/chat/completions", headers), RecordedAnswer()
        app.admit(request)
        messages = [{"role": "user", "content": ASKED}]
        request.body = msgspec.json.encode({"model": "letters", "messages": messages})
        await app.answer(request, answer)
        choice: dict[str, Any] = msgspec.json.decode(answer.data)["choices"][0]
    finally:
        await gateway.aclose()
    assert (answer.status, choice["finish_reason"]) == (200, "tool_calls"), answer.data
    message: dict[str, Any] = choice["message"]
    return message
