"""`roadworthy sentinel`: its exit codes, and what it says to people and to scripts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.desk import Desk
from doubles.fake_upstream import FakeUpstream, Reply
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.flows.workspace.people import add_person

Capture = pytest.CaptureFixture[str]


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    async with FakeUpstream("as ever") as found:
        yield found


@pytest.fixture
def desk(upstream: FakeUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    desk = Desk(tmp_path / "desk")
    desk.write(
        "candidate.yaml",
        "task: chat\nmodel: {provider: openai_compatible, name: big, upstream: lab}\n",
    )
    desk.write("roadworthy.toml", f'[upstreams.lab]\nurl = "{upstream.url}"\nretries = 0\n')
    return desk


async def asked(desk: Desk, *words: str) -> int:
    return await asyncio.to_thread(run, VERBS, ["sentinel", str(desk.root), *words])


async def test_the_exit_code_says_same_changed_or_undecided(
    desk: Desk, upstream: FakeUpstream, capsys: Capture
) -> None:
    assert await asked(desk) == 0
    assert "RECORDED: the first answers are entered: 0 of 160 differed" in capsys.readouterr().out
    assert await asked(desk) == 0
    said = capsys.readouterr().out
    assert "SAME: 0 of 80 answers differ from the first ones: at most 10%" in said
    assert "Look 1 since entry 1" in said
    assert await asked(desk, "--within", "0.01") == 4
    assert "80 cases prove too little: 299 would do" in " ".join(capsys.readouterr().out.split())
    upstream.answer = "as never"
    assert await asked(desk) == 3
    said = " ".join(capsys.readouterr().out.split())
    assert "CHANGED: 80 of 80 answers differ" in said
    assert "answer: 80 cases" in said
    assert "and 70 more" in said


async def test_scripts_get_json(desk: Desk, upstream: FakeUpstream, capsys: Capture) -> None:
    assert await asked(desk, "--json", "--alpha", "0.05", "--suite", "main") == 0
    found = msgspec.json.decode(capsys.readouterr().out)
    assert (found["verdict"], found["needed"]) == ("recorded", 40.0)
    upstream.standing = lambda body: Reply(status=500, body="down")
    assert await asked(desk, "--json", "--suite", "main") == 4
    found = msgspec.json.decode(capsys.readouterr().out)
    assert (found["verdict"], found["asked"], found["failed"]) == ("undecided", 0, 80)


async def test_a_new_baseline_needs_a_person_and_a_reason(desk: Desk, capsys: Capture) -> None:
    assert await asked(desk) == 0
    assert await asked(desk, "--renew") == 1
    assert await asked(desk, "--reason", "so") == 1
    capsys.readouterr()
    refused = await asked(desk, "--renew", "--reason", "the new model is wanted")
    assert refused == 3
    assert "renewed by a person" in capsys.readouterr().err
    add_person(desk.loop(), name="ann", roles=["admin"])
    words: list[Any] = ["--renew", "--reason", "the new model is wanted", "--as", "ann"]
    assert await asked(desk, *words) == 0
