"""`triage list|decide`: bad feedback and failed fact checks wait until a person decides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import Observation
from roadworthy.wiring.loop import loop_of

Capture = pytest.CaptureFixture[str]
BOB = ("--as", "bob", "--reason", "the mill said so")


class Room:
    def __init__(self, root: Path, capture: Capture) -> None:
        made = write_live_system(root, "http://127.0.0.1:9/v1", {"charter.yaml": CHARTER})
        self.answers = Answers(loop_of(made.workspace))
        self.root, self._capture = root, capture

    def types(self, *words: str, ends: int = 0) -> str:
        code = run(VERBS, [str(self.root) if word == "DIR" else word for word in words])
        said = self._capture.readouterr()
        assert code == ends, said.out + said.err
        return said.out + (said.err if ends else "")

    def waiting(self, *more: str) -> Any:
        return msgspec.json.decode(self.types("triage", "list", "DIR", *more, "--json"))

    async def told(self, seen: Observation, feedback: str = "", **business: str) -> None:
        said = replace(self.answers.says(seen), feedback=feedback, business=business)
        await self.answers.learn(said)


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Room:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    return Room(tmp_path, capsys)


async def test_what_is_bad_waits_and_what_is_good_does_not(room: Room) -> None:
    bad, good, wrong, silent, probe = [
        await room.answers.leave(stage="probe" if number == 4 else "live") for number in range(5)
    ]
    await room.told(bad, "down")
    await room.told(good, "up", fact_check="yes")
    await room.told(wrong, fact_check="no")
    await room.told(silent, resolved="no")
    await room.told(probe, "down")
    found = {(each["observation"], each["kind"]) for each in room.waiting()}
    assert found == {(bad.id, "feedback"), (wrong.id, "fact_check")}
    assert [each["observation"] for each in room.waiting("--kind", "fact_check")] == [wrong.id]
    assert "Next: roadworthy triage decide" in room.types("triage", "list", "DIR")


async def test_a_case_is_redacted_and_says_what_would_have_been_right(room: Room) -> None:
    seen = await room.answers.leave(asked="Pay to DE89370400440532013000", end_user="ann")
    await room.told(seen, "down")
    decide = ("triage", "decide", seen.id, "DIR", *BOB)
    said = room.types(*decide, "--becomes", "case", ends=1)
    assert "--label" in said and room.waiting(), "a case without what is right is none"
    room.types(*decide, "--becomes", "case", "--text", "in two days")
    (case,) = (room.root / "suites" / "triage.jsonl").read_text().splitlines()
    assert "<IBAN>" in case and "DE89" not in case and '"text":"in two days"' in case
    assert seen.id not in case and seen.end_user not in case
    assert (room.root / "suites" / "triage.yaml").exists() and room.waiting() == []
    assert "ann" not in room.types("check", "DIR")


async def test_it_stays_decided_until_somebody_says_more(room: Room) -> None:
    seen = await room.answers.leave()
    await room.told(seen, "down")
    room.types("triage", "decide", seen.id, "DIR", *BOB, "--becomes", "nothing")
    assert room.waiting() == []
    assert "nothing of that answer waits" in room.types(
        "triage", "decide", seen.id, "DIR", *BOB, "--becomes", "nothing", ends=1
    )
    await room.told(seen, "down")
    assert [each["observation"] for each in room.waiting()] == [seen.id]


async def test_it_opens_an_incident_or_joins_one(room: Room) -> None:
    first, second = await room.answers.leave(), await room.answers.leave()
    await room.told(first, "down")
    await room.told(second, "1/5", fact_check="no")
    room.types("triage", "decide", first.id, "DIR", *BOB, "--becomes", "incident")
    (opened,) = msgspec.json.decode(room.types("incident", "list", "DIR", "--json"))
    assert (opened["title"], opened["evidence"]) == ("the mill said so", [first.id])
    join = ("--becomes", "incident", "--incident", opened["id"])
    room.types("triage", "decide", second.id, "DIR", *BOB, *join)
    (joined,) = msgspec.json.decode(room.types("incident", "list", "DIR", "--json"))
    assert joined["evidence"] == [first.id, second.id]
    assert room.waiting() == [], "both of its words are decided"


async def test_a_decision_needs_a_reason(room: Room) -> None:
    seen = await room.answers.leave()
    await room.told(seen, "down")
    room.types("triage", "decide", seen.id, "DIR", "--as", "bob", "--reason", " ",
               "--becomes", "nothing", ends=1)  # fmt: skip
    assert room.waiting()
