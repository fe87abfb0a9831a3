"""`roadworthy journal query` by its output and exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.flows.people import add_person
from roadworthy.journal import segments
from roadworthy.wiring.loop import loop_of

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answers:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1", {"charter.yaml": CHARTER})
    return Answers(loop_of(loop.workspace))


class Desk:
    """Types `journal` commands about one system."""

    def __init__(self, root: Path, capture: Capture) -> None:
        self.root = str(root)
        self._capture = capture

    def types(self, verb: str, *words: str, ends: int = 0) -> str:
        code = run(VERBS, ["journal", verb, self.root, *words])
        said = self._capture.readouterr()
        assert code == ends, said.out + said.err
        return said.out if ends == 0 else said.out + said.err

    def json(self, verb: str, *words: str, ends: int = 0) -> Any:
        return msgspec.json.decode(self.types(verb, *words, "--json", ends=ends))


@pytest.fixture
def desk(tmp_path: Path, capsys: Capture) -> Desk:
    return Desk(tmp_path, capsys)


async def test_answers_are_told_without_a_text(answers: Answers, desk: Desk) -> None:
    seen = await answers.leave("said to Ann")
    await answers.learn(answers.says(seen, label="fine", note="Ann was glad"))
    said = desk.json("query", "--facet", "supplier=S-9")
    (row,) = said["observations"]
    assert (row["observation"]["id"], row["closed"]) == (seen.id, True)
    assert [each["label"] for each in row["learned"]] == ["fine"]
    assert (said["count"], said["complete"]) == (1, True)
    assert "Ann" not in desk.types("query", "--json") + desk.types("query")
    assert answers.entered("journal.texts_read") == []
    assert desk.json("query", "--tenant", "nobody") == {
        "observations": [], "count": 0, "complete": True,
    }  # fmt: skip


async def test_texts_are_for_those_who_may_and_the_ledger_says_who(
    answers: Answers, desk: Desk
) -> None:
    await answers.leave("said to Ann")
    add_person(answers.loop, name="eve", roles=["engineer"], by=answers.acting("ann"))
    assert "this needs" in desk.types("query", "--texts", "--as", "eve", ends=3)
    assert answers.entered("journal.texts_read") == []
    (row,) = desk.json("query", "--texts", "--as", "bob", "--tenant", "acme")["observations"]
    assert (row["texts"]["output"], row["erased"]) == ("said to Ann", False)
    (entry,) = answers.loop.ledger.entries(kind="journal.texts_read")
    assert entry.payload["asked"] == {"tenant": "acme"}
    assert entry.actor == f"person:{answers.acting('bob').key.key_id}"
    answers.vault.erase(tenant="acme")
    (row,) = desk.json("query", "--texts", "--as", "bob")["observations"]
    assert (row["texts"], row["erased"]) == (None, True)
    assert "erased" in desk.types("query", "--texts", "--as", "bob")


async def test_the_first_n(answers: Answers, desk: Desk) -> None:
    first = await answers.leave()
    await answers.leave()
    said = desk.json("query", "--limit", "1")
    assert [row["observation"]["id"] for row in said["observations"]] == [first.id]
    assert "2 observations" in desk.types("query")


async def test_a_changed_record_ends_with_5_and_a_whole_document(
    answers: Answers, desk: Desk
) -> None:
    await answers.leave()
    seen = await answers.leave()
    path = segments(answers.loop.workspace.journal)[-1]
    path.write_bytes(path.read_bytes().replace(seen.id.encode(), b"x" * len(seen.id)))
    said = desk.json("query", ends=5)
    assert (said["complete"], "checksum" in said["error"]) == (False, True)
    assert path.stem in said["error"]


@pytest.mark.parametrize("words", [("--since", "soon"), ("--facet", "supplier")])
async def test_what_cannot_be_asked_is_said(
    answers: Answers, desk: Desk, words: tuple[str, ...]
) -> None:
    assert "write" in desk.types("query", *words, ends=1)


async def test_an_erasure_under_hold_is_refused_and_listed(answers: Answers, desk: Desk) -> None:
    seen = await answers.leave(end_user="ann@example.org")
    held = desk.json("hold", "--observation", seen.id, "--reason", "a court asked", "--as", "cleo")
    ask = ("--tenant", "acme", "--subject", "ann@example.org", "--reason", "she asked")
    assert held["id"] in desk.types("erase", *ask, "--as", "bob", ends=3)
    listed = desk.json("holds")
    assert [each["id"] for each in listed["holds"]] == [held["id"]]
    (waiting,) = listed["waiting"]
    assert waiting["scope"] == {"tenant": "acme", "subject": seen.end_user}
    assert "waits: erasure of tenant acme" in desk.types("holds")
    both = ("--as", "bob", "--as", "ann", "--reason", "over")
    code = run(VERBS, ["journal", "release-hold", held["id"], desk.root, *both])
    assert code == 0
    said = desk.types("erase", *ask, "--as", "bob")
    assert "the texts of 1 answers" in said
    assert "ann@example.org" not in "".join(
        str(entry.payload) + entry.subject for entry in answers.loop.ledger.entries()
    )
    assert desk.json("holds") == {"holds": [], "waiting": []}
    assert desk.json("retain")["retention_days"] == 183


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("erase", "--reason", "x", "--as", "bob"), "what is to be erased"),
        (("erase", "--reason", "x", "--as", "bob", "--subject", "ann"), "--tenant"),
        (("erase", "--reason", "x", "--as", "bob", "--day", "soon"), "no day"),
        (("hold", "--reason", "x", "--as", "bob"), "what is to be held"),
        (("hold", "--reason", "x", "--as", "bob", "--observation", "nothing"), "no observation"),
    ],
)
async def test_what_cannot_be_kept_or_erased_is_said(
    answers: Answers, desk: Desk, words: tuple[str, ...], said: str
) -> None:
    assert said in desk.types(*words, ends=1)
