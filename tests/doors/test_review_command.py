"""`roadworthy review` by its output and exit code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.held_answers import SORTER, HeldDesk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

Capture = pytest.CaptureFixture[str]

EVIL = "\x1b[2J\x1b]0;owned\x07\x9b2J\u202e<b>@ann"


class Typed:
    """Types `review` commands about one system."""

    def __init__(self, root: Path, capture: Capture) -> None:
        self._root = str(root)
        self._capture = capture

    def types(self, verb: str, *words: str, ends: int = 0) -> str:
        about = words[:1] if verb != "list" else ()
        code = run(VERBS, ["review", verb, *about, self._root, *words[len(about) :]])
        said = self._capture.readouterr()
        assert code == ends, said.out + said.err
        return said.out + said.err

    def json(self, verb: str, *words: str, ends: int = 0) -> Any:
        return msgspec.json.decode(self.types(verb, *words, "--json", ends=ends))


@pytest.fixture
def typed(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> Typed:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    return Typed(tmp_path, capsys)


async def test_the_queue_is_listed_without_a_text(tmp_path: Path, typed: Typed) -> None:
    desk = HeldDesk(tmp_path)
    assert "Nothing waits" in typed.types("list")
    seen = await desk.hold("the secret answer", asked="the secret question")
    (item,) = typed.json("list")
    assert (item["id"], item["state"], item["overdue"]) == (f"review-{seen.id}", "waiting", False)
    said = typed.types("list")
    assert "ask-a-person" in said and "secret" not in said + str(item)
    assert desk.entered("journal.texts_read") == []


async def test_what_is_past_its_time_ends_with_4(tmp_path: Path, typed: Typed) -> None:
    desk = HeldDesk(tmp_path)
    await desk.hold()
    assert typed.json("list", "--overdue") == []
    late = await desk.hold(hours_ago=25)
    (item,) = typed.json("list", "--overdue", ends=4)
    assert item["observation"] == late.id
    assert "OVERDUE" in typed.types("list", "--overdue", ends=4)
    assert len(typed.json("list")) == 2


async def test_look_then_decide(tmp_path: Path, typed: Typed) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold("the answer", asked="the question")
    shown = typed.types("show", f"review-{seen.id}", "--as", "rosa")
    assert "the question" in shown and "the answer" in shown and "review decide" in shown
    typed.types("assign", seen.id, "--to", "ravi", "--as", "bob")
    assert typed.json("list")[0]["assigned"] == "ravi"
    assert len(typed.json("list", "--assigned", "ravi", "--system", "letters")) == 1
    for other in (("--assigned", "nobody"), ("--assigned", "rosa"), ("--system", "desk")):
        assert typed.json("list", *other) == []
    done = typed.json("decide", seen.id, "--approve", "--as", "ravi")
    assert (done["state"], done["decided"]["decision"]) == ("decided", "approve")
    assert "answer" not in done["decided"] and "mark" not in done["decided"]
    assert "was decided by ravi" in typed.types(
        "decide", seen.id, "--approve", "--as", "rosa", ends=1
    )
    assert typed.json("list") == [] and len(typed.json("list", "--all")) == 1
    assert typed.json("show", seen.id, "--as", "rosa")["released"] == "the answer"


async def test_who_may_not_ends_with_3_and_who_is_unknown_with_1(
    tmp_path: Path, typed: Typed
) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold()
    assert "this needs reviewer" in typed.types("show", seen.id, "--as", "cleo", ends=3)
    assert "no key" in typed.types("decide", seen.id, "--approve", "--as", "nobody", ends=1)
    assert "no held answer" in typed.types("show", "review-x", "--as", "rosa", ends=1)
    left = await desk.leave()
    assert "no held answer" in typed.types("decide", left.id, "--approve", "--as", "rosa", ends=1)


async def test_one_thing_is_decided(tmp_path: Path, typed: Typed) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold()
    for words in ((), ("--approve", "--refuse"), ("--edit", "x", "--approve")):
        assert "say one thing" in typed.types("decide", seen.id, *words, "--as", "rosa", ends=1)
    text = tmp_path / "answer.txt"
    text.write_bytes(b"\xff")
    words = ("--edit-file", str(text), "--reason", "r", "--as", "rosa")
    assert "UTF-8" in typed.types("decide", seen.id, *words, ends=1)
    text.write_text("Über the counter.", "utf-8")
    assert "Decided" in typed.types("decide", seen.id, *words)


async def test_a_second_person_is_waited_for_with_4(tmp_path: Path, typed: Typed) -> None:
    desk = HeldDesk(tmp_path, impact="high")
    seen = await desk.hold()
    said = typed.types("decide", seen.id, "--approve", "--as", "rosa", ends=4)
    assert "2 people must agree" in said
    why = ("--refuse", "--reason", "wrong", "--as", "ravi")
    assert "do not agree" in typed.types("decide", seen.id, *why, ends=4)
    assert "approve" in typed.types("show", seen.id, "--as", "bob"), "who settles it sees both"
    assert "Decided" in typed.types("decide", seen.id, "--approve", "--as", "bob")


async def test_blind_first_the_own_judgement(tmp_path: Path, typed: Typed) -> None:
    desk = HeldDesk(tmp_path, review="blind: true, ", changes=SORTER)
    seen = await desk.hold("motor", decision="motor")
    assert "motor" not in typed.types("show", seen.id, "--as", "rosa") + typed.types("list")
    assert "own judgement" in typed.types("decide", seen.id, "--approve", "--as", "rosa", ends=4)
    typed.types("judge", seen.id, "--label", "home", "--as", "rosa")
    assert "motor" in typed.types("show", seen.id, "--as", "rosa")
    done = typed.json("decide", seen.id, "--approve", "--as", "rosa")
    assert (done["decided"]["blind"], done["decided"]["overturned"]) == (True, True)


async def test_a_never_event_is_refused_with_3(tmp_path: Path, typed: Typed) -> None:
    desk = HeldDesk(tmp_path)
    seen = await desk.hold("You fool.")
    said = typed.types("decide", seen.id, "--approve", "--as", "rosa", ends=3)
    assert "never:insults stops" in said and "not approved away" in said


async def test_explain_says_what_people_decided(
    tmp_path: Path, typed: Typed, capsys: Capture
) -> None:
    desk = HeldDesk(tmp_path)
    seen, left = await desk.hold(), await desk.leave()

    def explained(about: str) -> str:
        assert run(VERBS, ["explain", about, str(tmp_path)]) == 0
        return capsys.readouterr().out

    assert f"waits for people: roadworthy review show review-{seen.id}" in explained(seen.id)
    typed.types("decide", seen.id, "--refuse", "--reason", "no advice", "--as", "rosa")
    assert "refuse by rosa" in explained(seen.id) and "no advice" in explained(seen.id)
    assert "review" not in explained(left.id)


async def test_no_word_drives_the_terminal(tmp_path: Path, typed: Typed) -> None:
    desk = HeldDesk(tmp_path)
    evil = {"tenant": EVIL, "facets": {EVIL: EVIL}}
    seen = await desk.hold(EVIL, asked=EVIL, changes=evil)
    words = ("--edit", f"better {EVIL}", "--reason", EVIL, "--as", "rosa")
    said = [
        typed.types("list"),
        typed.types("show", seen.id, "--as", "rosa"),
        typed.types("decide", seen.id, *words),
        typed.types("show", seen.id, "--as", "bob"),
        typed.types("show", seen.id, "--as", "bob", "--json"),
        typed.types("list", "--all", "--json"),
    ]
    assert re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", "".join(said)) is None


async def test_a_damaged_journal_is_said_with_5(tmp_path: Path, typed: Typed) -> None:
    from roadworthy.journal import segments

    desk = HeldDesk(tmp_path)
    seen = await desk.hold()
    path = segments(desk.loop.workspace.journal)[-1]
    path.write_bytes(path.read_bytes().replace(seen.id.encode(), b"x" * len(seen.id)))
    assert "checksum" in typed.types("list", ends=5)


def test_a_folder_without_anything_is_left_as_it_is(tmp_path: Path, typed: Typed) -> None:
    from doubles.systems import write_system

    write_system(tmp_path)
    assert typed.json("list") == []
    assert not (tmp_path / ".roadworthy").exists()
