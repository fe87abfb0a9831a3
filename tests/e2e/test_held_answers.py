"""A held answer through real processes: pending, decided by a command, given to its tenant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2

from doubles.fake_upstream import FakeUpstream
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import CONTROL, RunningGateway, eventually, roadworthy
from roadworthy.cli.acting import find_acting
from roadworthy.flows.workspace.people import add_person
from roadworthy.wiring.loop import loop_of

RAILS = """\
rails:
- {id: ask, detector: deny, on: output, action: hold, options: {words: [lawyer]}}
"""
ANSWER = "Please ask your lawyer."


async def test_held_pending_decided_given(tmp_path: Path) -> None:
    async with FakeUpstream(answer=ANSWER) as upstream:
        loop = write_live_system(tmp_path, upstream.url, {"rails.yaml": RAILS})
        add_person(loop, name="rosa", roles=["reviewer"], by=find_acting(loop.workspace, "ann"))
        headers = {"authorization": f"Bearer {a_key(loop_of(loop.workspace))}"}
        async with RunningGateway(tmp_path, workers=2) as gateway, httpx2.AsyncClient() as http:

            async def asks(stream: bool = False) -> Any:
                body = {
                    "model": "letters", "stream": stream,
                    "messages": [{"role": "user", "content": "Who can help?"}],
                }  # fmt: skip
                return await http.post(
                    f"{gateway.url}/chat/completions", json=body, headers=headers
                )

            async def review(name: str) -> Any:
                return await http.get(f"{gateway.url}/reviews/{name}", headers=headers)

            held = await asks()
            assert "lawyer" not in held.text
            name = held.json()["roadworthy"]["review_id"]
            streamed = await asks(stream=True)
            assert "lawyer" not in streamed.text
            seen = (await review(name)).json()
            assert (seen["status"], seen["answer"]) == ("pending", None)

            code, items, _ = await roadworthy("review", "list", str(tmp_path), "--json")
            assert (code, len(items), items[0]["id"]) == (0, 2, name)
            decide = ("review", "decide", name, str(tmp_path), "--as", "rosa", "--json")
            code, done, _ = await roadworthy(*decide, "--approve")
            assert (code, done["state"]) == (0, "decided")

            for _ in range(4):  # whichever worker is asked
                seen = (await review(name)).json()
                assert (seen["status"], seen["outcome"]) == ("decided", "approved")
                assert (seen["answer"], seen["ai_generated"]) == (ANSWER, True)

            # workers need no control process for it
            gateway.kill_9(CONTROL)
            other = f"review-{streamed.headers['x-roadworthy-observation']}"
            edit = ("review", "decide", other, str(tmp_path), "--as", "rosa", "--json")
            words = ("--edit", "Please call us.", "--reason", "no advice")
            assert (await roadworthy(*edit, *words))[0] == 0
            assert (await review(other)).json()["answer"] == "Please call us."

        code, said, errors = await roadworthy("journal", "verify", str(tmp_path), "--json")
        assert code in (0, 4), errors
        assert said["ok"], said
        code, said, _ = await roadworthy("verify", str(tmp_path), "--json")
        assert (code, said["ok"]) == (0, True)
        code, found, _ = await roadworthy(
            "journal", "query", str(tmp_path), "--indicators", "--json"
        )
        by_name = {each["name"]: each for each in found["indicators"]}
        assert by_name["overturn_rate"]["value"] == 0.5
        assert by_name["time_to_review"]["n"] == 2


async def test_a_reviewer_who_dies_while_deciding_leaves_it_open_or_decided(tmp_path: Path) -> None:
    """Killed at whatever moment: the entry holds the text, so there is no half of it."""
    import asyncio
    import sys

    async with FakeUpstream(answer=ANSWER) as upstream:
        loop = write_live_system(tmp_path, upstream.url, {"rails.yaml": RAILS})
        add_person(loop, name="rosa", roles=["reviewer"], by=find_acting(loop.workspace, "ann"))
        headers = {"authorization": f"Bearer {a_key(loop_of(loop.workspace))}"}
        async with RunningGateway(tmp_path) as gateway, httpx2.AsyncClient() as http:
            body = {"model": "letters", "messages": [{"role": "user", "content": "Who?"}]}
            for wait in (0.25, 0.45, 0.6, 0.75):
                held = await http.post(
                    f"{gateway.url}/chat/completions", json=body, headers=headers
                )
                name = held.json()["roadworthy"]["review_id"]
                words = (
                    "review", "decide", name, str(tmp_path), "--approve", "--as", "rosa",
                )  # fmt: skip
                process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "roadworthy", *words,
                    stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
                )  # fmt: skip
                try:
                    await asyncio.wait_for(process.wait(), wait)
                except TimeoutError:
                    process.kill()
                    await process.wait()
                answer = await http.get(f"{gateway.url}/reviews/{name}", headers=headers)
                said = answer.json()
                known = {"pending": None, "decided": ANSWER}
                assert answer.status_code == 200 and said["answer"] == known[said["status"]]
                if said["status"] == "pending":
                    assert (await roadworthy(*words))[0] == 0, "nobody else holds it up"

            async def none_waits() -> bool:
                code, items, _ = await roadworthy("review", "list", str(tmp_path), "--json")
                return code == 0 and items == []

            await eventually(none_waits)
