"""A real gateway looks at answers after they left, and goes on where a killed process stopped."""

from __future__ import annotations

from pathlib import Path

import openai

from doubles.fake_upstream import FakeUpstream
from doubles.fitted_reference import STRANGE, fitted
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import RunningGateway, eventually
from doubles.topics import texts_of
from roadworthy.domain import Outcome
from roadworthy.journal import read_journal, seal_segment, segments


def seen(journal: Path) -> list[Outcome]:
    said = [record.outcome for record in read_journal(journal) if record.kind == "outcome"]
    return [each for each in said if each is not None and each.reporter == "look:shift"]


async def test_a_killed_control_process_forgets_no_answer(tmp_path: Path) -> None:
    async with FakeUpstream(answer="fine") as upstream:
        files = fitted(tmp_path / "fitted", upstream.url)
        loop = write_live_system(tmp_path / "system", upstream.url, files)
        key, journal = a_key(loop), loop.workspace.journal
        async with RunningGateway(tmp_path / "system") as gateway:
            client = openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0)

            async def ask(text: str) -> None:
                messages = [{"role": "user", "content": text}]
                await client.chat.completions.create(model="letters", messages=messages)  # type: ignore[arg-type]

            await ask(texts_of(0, 1, seed=3)[0])
            await eventually(lambda: len(seen(journal)) == 1)
            assert gateway.kill_9("roadworthy.gateway.control")
            await ask(STRANGE)
            await eventually(lambda: len({each.observation for each in seen(journal)}) == 2)
            await client.close()
        shifts = {each.observation: each.shift for each in seen(journal)}
        flags = [each.flagged for each in shifts.values() if each is not None]
        assert sorted(map(bool, flags)) == [False, True]
        assert not any(STRANGE.encode() in path.read_bytes() for path in segments(journal))
        ended = [seal_segment(path) for path in segments(journal) if "-looks-" in path.name]
        assert any(ended)
