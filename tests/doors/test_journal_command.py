"""`roadworthy journal query` by its output and exit code."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.flows.workspace.people import add_person
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


async def sealed(answers: Answers) -> Path:
    """A segment that the ledger vouches for."""
    await answers.leave()
    answers.control().round()
    assert answers.entered("journal.sealed")
    return segments(answers.loop.workspace.journal)[0]


async def test_a_whole_journal_verifies(answers: Answers, desk: Desk) -> None:
    await sealed(answers)
    await answers.leave(tenant="other")
    said = desk.json("verify")
    assert (said["ok"], said["segments"], said["records"], said["torn"]) == (True, 2, 6, [])
    assert said["keys"] == {"standing": 2, "erased": 0, "returned": [], "lost": []}
    assert said["ledger"]["journal"]["sealed"] == 1
    desk.types("erase", "--tenant", "acme", "--reason", "asked", "--as", "bob")
    keys = desk.json("verify")["keys"]
    assert (keys["standing"], keys["erased"]) == (1, 1)
    assert "the journal is whole" in desk.types("verify")


async def test_a_changed_sealed_segment_is_named(answers: Answers, desk: Desk) -> None:
    path = await sealed(answers)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    said = desk.json("verify", ends=5)
    assert path.stem in said["fault"] and said["ok"] is False
    assert len(said["faults"]) == 1


async def test_a_missing_sealed_segment_is_named(answers: Answers, desk: Desk) -> None:
    path = await sealed(answers)
    path.unlink()
    assert f"{path.stem} of the journal" in desk.json("verify", ends=5)["fault"]


def copied(answers: Answers) -> str:
    """A segment lies there under a second name too."""
    (path,) = segments(answers.loop.workspace.journal)
    shutil.copy(path, path.with_name(f"2{path.name}"))
    return path.stem


async def test_a_copy_of_a_segment_is_named_and_counts_nothing_twice(
    answers: Answers, desk: Desk
) -> None:
    seen = await answers.leave()
    await answers.learn(answers.says(seen, label="fine"))
    for path in segments(answers.loop.workspace.journal)[1:]:
        path.unlink()
    answers.control().round()
    name = copied(answers)
    said = desk.json("query")
    assert said["count"] == 1
    found = desk.json("verify", ends=5)
    assert found["faults"] == [
        f"segment 2{name} of the journal has the records of sealed segment {name}: it is a copy"
    ]
    assert found["records"] == 3, "each record once"


async def test_a_copy_that_is_not_whole_is_named_too(answers: Answers, desk: Desk) -> None:
    await answers.leave()
    answers.control().round()
    name = copied(answers)
    copy = answers.loop.workspace.journal / f"2{name}.rwj"
    copy.write_bytes(copy.read_bytes()[:-20])
    (fault,) = desk.json("verify", ends=5)["faults"]
    assert fault == f"segment 2{name} of the journal is segment {name} by its first record"
    assert desk.json("query")["count"] == 1


async def test_a_segment_under_another_name_alone_is_read_and_named(
    answers: Answers, desk: Desk
) -> None:
    await answers.leave()
    (path,) = segments(answers.loop.workspace.journal)
    path.rename(path.with_name(f"2{path.name}"))
    assert desk.json("query")["count"] == 1
    assert "by its first record" in desk.types("verify", ends=5)


async def test_segments_that_nothing_vouches_for_yet_are_said(answers: Answers, desk: Desk) -> None:
    await answers.leave()
    assert "1 segments not sealed yet: nothing vouches for them" in desk.types("verify")


async def test_a_changed_segment_that_nothing_vouches_for_is_named(
    answers: Answers, desk: Desk
) -> None:
    await answers.leave()
    (path,) = segments(answers.loop.workspace.journal)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    said = desk.types("verify", ends=5)
    assert path.stem in said and "checksum" in said


async def test_a_torn_end_waits_for_recovery(answers: Answers, desk: Desk) -> None:
    await answers.leave()
    (path,) = segments(answers.loop.workspace.journal)
    with path.open("ab") as file:
        file.write(b"\x99\x00\x00\x00torn")
    said = desk.json("verify", ends=4)
    assert said["torn"] == [{"segment": path.stem, "size_bytes": 8, "worker_lives": False}]
    assert path.stem in said["waiting"][0]
    with path.open("rb") as worker:
        fcntl.flock(worker, fcntl.LOCK_EX)
        assert desk.json("verify")["torn"][0]["worker_lives"] is True


async def test_a_key_that_is_gone_without_an_entry_is_a_fault(answers: Answers, desk: Desk) -> None:
    await answers.leave()
    (key,) = answers.vault.kept()
    folder = answers.loop.workspace.journal / "keys"
    data = (folder / f"{key.name}.json").read_bytes()
    (folder / f"{key.name}.json").unlink()
    assert f"key {key.name}" in desk.json("verify", ends=5)["fault"]
    (folder / f"{key.name}.json").write_bytes(data)
    desk.types("erase", "--tenant", "acme", "--reason", "asked", "--as", "bob")
    (folder / f"{key.name}.json").write_bytes(data)
    assert key.name in desk.json("verify", ends=4)["waiting"][0]
    desk.types("retain")
    assert desk.json("verify")["keys"]["erased"] == 1


async def test_a_journal_without_its_keys_is_no_pass(answers: Answers, desk: Desk) -> None:
    await answers.leave()
    shutil.rmtree(answers.loop.workspace.journal / "keys")
    assert desk.json("verify", ends=4)["keys"] is None
    assert "not checked" in desk.types("verify", ends=4)
