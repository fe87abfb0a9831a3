"""The late rules look at what left: also at the pieces of a stream that was stopped after them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import a_key, write_live_system
from doubles.recorded_answer import RecordedAnswer
from roadworthy.domain import Charter, Endpoint, Observation, Use
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.flows.late.late_looking import what_left
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.gateway.app import App
from roadworthy.gateway.wire import Request
from roadworthy.journal import read_journal
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.control import Control
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.plan import Plan

PROMISE = "you will get 900 euro. " + "All of it is on its way to you now. " * 20
IBAN = "Here it is: DE89370400440532013000"


async def asked(root: Path, *pieces: str, stream: bool) -> tuple[Loop, str, Observation]:
    """One answer through a worker, and the control process's round after it."""
    async with FakeUpstream(answer="unused") as upstream:
        loop = loop_of(write_live_system(root, upstream.url).workspace)
        upstream.script = [Reply(text="".join(pieces), pieces=list(pieces))]
        key = a_key(loop)
        plan = Plan(workspace=str(loop.workspace.root), roots={"": str(root)})
        gateway = Gateway(plan, SystemClock())
        await gateway.start()
        try:
            app = App(gateway, new_id, max_in_flight=4)
            request = Request(
                "POST", "/v1/chat/completions", {b"authorization": f"Bearer {key}".encode()}
            )
            app.admit(request)
            question = [{"role": "user", "content": "Where is my money?"}]
            request.body = msgspec.json.encode(
                {"model": "letters", "messages": question, "stream": stream}
            )
            answer = RecordedAnswer()
            await app.answer(request, answer)
        finally:
            await gateway.aclose()
    Control(plan).round()
    (seen,) = [
        record.observation
        for record in read_journal(loop.workspace.journal)
        if record.kind == "close" and record.observation is not None
    ]
    return loop_of(loop.workspace), bytes(answer.data).decode(), seen


async def test_a_piece_that_left_before_the_block_is_a_violation(tmp_path: Path) -> None:
    loop, said, seen = await asked(tmp_path, PROMISE, IBAN, stream=True)
    assert seen.action == "blocked" and "900 euro" in said and "DE89" not in said
    (incident,) = incidents_of(loop).values()
    assert (incident.never_event, incident.observations) == ("promises-money", (seen.id,))
    (flag,) = read_table(loop.workspace.routing).kills
    assert (flag.scope, flag.value) == ("tenant", "acme")


async def test_a_plain_answer_that_was_blocked_left_nothing(tmp_path: Path) -> None:
    loop, said, seen = await asked(tmp_path, PROMISE, IBAN, stream=False)
    assert seen.action == "blocked" and "900 euro" not in said
    assert incidents_of(loop) == {} and read_table(loop.workspace.routing).kills == ()


CHARTER = Charter(
    system="desk", title="Desk", owners={}, human_goal="g", use=Use(intended_purpose="p"),
    endpoints=[Endpoint(id="e", fallback="A person will look."), Endpoint(id="f", fallback="f")],
)  # fmt: skip


@pytest.mark.parametrize(
    ("action", "output", "left"),
    [
        ("answered", "yes", "yes"), ("answered", "", ""),
        ("blocked", "A person will look.", None), ("held", "A person will look.", None),
        ("blocked", "900 euroA person will look.", "900 euro"),
        ("held", "900 euroA person will look.", "900 euro"),
        ("fallback", "900 euroA person will look.", "900 euro"),
        ("blocked", "A person will look.A person will look.", "A person will look."),
        ("killed", "900 eu", "900 eu"), ("error", "900 eu", "900 eu"),
        ("killed", "", None), ("error", "", None),
        ("blocked", "what is no fallback", "what is no fallback"),
    ],
)  # fmt: skip
def test_what_left_of_the_models_answer(action: str, output: str, left: str | None) -> None:
    seen = Observation(
        id="o", time="", system="desk", release="r", stage="live", endpoint="e",
        action=action,  # type: ignore[arg-type]
    )  # fmt: skip
    assert what_left(seen, output, CHARTER) == left
