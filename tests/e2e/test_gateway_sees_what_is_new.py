"""A real gateway looks at answers after they left, and goes on where a killed process stopped."""

from __future__ import annotations

import json
from pathlib import Path

import openai

from doubles.fake_upstream import FakeUpstream
from doubles.live_system import CHAT, a_key, write_live_system
from doubles.running_gateway import RunningGateway, eventually
from doubles.systems import write_system
from doubles.topics import texts_of
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import Outcome
from roadworthy.journal import read_journal, seal_segment, segments

STRANGE = "hoist axle crane derrick"


def fitted(root: Path, upstream: str) -> dict[str, str | None]:
    """The files of a release that names a reference."""
    write_system(root, {**CHAT, "roadworthy.toml": f'[upstreams.lab]\nurl = "{upstream}"\n'})
    past = root / "past.jsonl"
    texts = [text for topic in (0, 1) for text in texts_of(topic, 80)]
    past.write_text("".join(json.dumps({"input": text}) + "\n" for text in texts))
    assert run(VERBS, ["ood", "fit", str(root), "--from", str(past), "--words-only"]) == 0
    named = f"{CHAT['candidate.yaml']}ood: reference.json\n"
    return {"candidate.yaml": named, "reference.json": (root / "reference.json").read_text()}


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
