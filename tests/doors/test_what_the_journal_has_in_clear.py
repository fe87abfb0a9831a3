"""What a caller or an upstream says beside the texts: what of it lies in the journal unsealed."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import msgspec

from doubles.fake_upstream import FakeUpstream
from doubles.live_system import a_key, write_live_system
from doubles.recorded_answer import RecordedAnswer
from roadworthy.gateway.app import App
from roadworthy.gateway.wire import Request
from roadworthy.journal import read_journal, segments
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.plan import Plan

BODY = {"model": "letters", "messages": [{"role": "user", "content": "Where is my bill?"}]}


async def test_a_session_is_a_pseudonym_of_its_tenant(tmp_path: Path) -> None:
    async with FakeUpstream(answer="It is on its way") as upstream:
        loop = loop_of(write_live_system(tmp_path, upstream.url).workspace)
        keys = [a_key(loop), a_key(loop, "beta")]
        plan = Plan(workspace=str(loop.workspace.root), roots={"": str(tmp_path)})
        gateway = Gateway(plan, SystemClock())
        await gateway.start()
        async with aclosing(gateway):
            app = App(gateway, new_id, max_in_flight=4)
            for key in (keys[0], keys[0], keys[1]):
                headers = {
                    b"authorization": f"Bearer {key}".encode(),
                    b"x-session-id": b"ann@example.org",
                }
                request = Request("POST", "/v1/chat/completions", headers)
                app.admit(request)
                request.body = msgspec.json.encode(BODY)
                await app.answer(request, RecordedAnswer())
    folder = loop.workspace.journal
    assert not [path for path in segments(folder) if b"ann@example.org" in path.read_bytes()]
    closed = [one.observation for one in read_journal(folder) if one.kind == "close"]
    sessions = [seen.session for seen in closed if seen is not None]
    assert sessions[0] == sessions[1] != sessions[2]
    assert all(name.startswith("se-") for name in sessions)
