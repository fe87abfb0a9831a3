"""Two releases of the live system, told apart by how many tokens they ask for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from doubles.dialects import Door
from doubles.live_system import CHAT, make_release
from doubles.recorded_answer import RecordedAnswer
from roadworthy.domain import Rolling
from roadworthy.flows.rollouts.moving import start_rollout
from roadworthy.flows.workspace.loop import Loop
from roadworthy.gateway.wire import Request
from roadworthy.wiring.loop import loop_of

OLD, NEW = 64, 32
"""`max_tokens` of the live release, and of the one that is rolled out."""

CANARY = """\
strategy: canary
sticky: session
steps:
- {weight_percent: 50, bake: 1s}
- {weight_percent: 100, bake: 1s}
analysis: {indicators: [error_rate, blocked], margin: 0.1}
"""


def second_release(root: Path, loop: Loop, plan: str = CANARY) -> tuple[Path, str]:
    """Write the other candidate with its plan, and sign it."""
    candidate = str(CHAT["candidate.yaml"]).replace(f"max_tokens: {OLD}", f"max_tokens: {NEW}")
    (root / "candidate.yaml").write_text(candidate)
    (root / "rollout.yaml").write_text(plan)
    return make_release(root, loop)


def roll_out(root: Path, loop: Loop, plan: str = CANARY) -> Rolling:
    """Make the second release and begin to roll it out."""
    path, _ = second_release(root, loop, plan)
    loop = loop_of(loop.workspace)
    return start_rollout(path, loop, root=root, signer=loop.keyring.signer("cleo"))


async def taken(door: Door, ready: Callable[[], bool]) -> None:
    """Wait until the worker has taken the newest table."""
    for _ in range(200):
        door.gateway.look_at_table()
        if ready():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the worker did not take the table")


async def ask(door: Door, text: str = "Where is my bill?", **headers: str) -> RecordedAnswer:
    """Ask the system by chat, with headers."""
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    path = "/v1/chat/completions"
    request = Request("POST", path, {b"authorization": f"Bearer {door.key}".encode(), **named})
    messages = [{"role": "user", "content": text}]
    request.body = msgspec.json.encode({"model": "letters", "messages": messages})
    door.app.admit(request)
    answer = RecordedAnswer()
    await door.app.answer(request, answer)
    return answer


def release_of(answer: RecordedAnswer) -> str:
    """Which release the answer says it is by."""
    return dict(answer.headers)[b"x-roadworthy-release"].decode()


def tokens_of(body: dict[str, Any]) -> int:
    """By which release the upstream was asked."""
    return int(body["max_tokens"])
