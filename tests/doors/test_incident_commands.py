"""`outcome`, `incident`, `explain` and `resume` by their output and exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.wiring.loop import loop_of

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answers:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    changes: dict[str, str | None] = {"charter.yaml": CHARTER}
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1", changes)
    return Answers(loop_of(loop.workspace))


class Desk:
    """Types commands about one system."""

    def __init__(self, root: Path, capture: Capture) -> None:
        self.root = str(root)
        self._capture = capture

    def types(self, *words: str, ends: int = 0) -> str:
        code = run(VERBS, [self.root if word == "DIR" else word for word in words])
        said = self._capture.readouterr()
        assert code == ends, said.out + said.err
        return said.out if ends == 0 else said.out + said.err

    def json(self, *words: str) -> Any:
        return msgspec.json.decode(self.types(*words, "--json"))


@pytest.fixture
def desk(tmp_path: Path, capsys: Capture) -> Desk:
    return Desk(tmp_path, capsys)


async def test_every_kill_is_named_with_the_one_command_that_lifts_them(
    answers: Answers, desk: Desk
) -> None:
    seen = await answers.leave()
    add = ("outcome", "add", seen.id, "DIR", "--violation", "rude", "--as", "bob")
    said = desk.types(*add, "--note", "it told her to go away")
    first, second = answers.kills()
    assert f"slice:jurisdiction=DE ({first.id}), slice:supplier=S-9 ({second.id})" in said
    (incident,) = answers.entered("incident.opened")
    assert f"roadworthy resume {incident} {desk.root} --as A --as B --reason TEXT" in said
    people = ("--as", "bob", "--as", "cleo", "--reason", "mended")
    lifted = desk.json("resume", incident, "DIR", *people)
    assert (lifted["lifted"], lifted["standing"]) == ([first.id, second.id], [])
    said = desk.types("resume", incident, "DIR", *people, ends=1)
    assert f"no kill of incident {incident} stands" in said


async def test_several_ids_are_lifted_together_or_not_at_all(answers: Answers, desk: Desk) -> None:
    seen = await answers.leave()
    said = desk.json("outcome", "add", seen.id, "DIR", "--violation", "rude", "--as", "bob")
    people = ("--as", "bob", "--as", "cleo", "--reason", "mended")
    desk.types("resume", *said["kills"], "kill-0", "DIR", *people, ends=1)
    assert len(answers.kills()) == 2
    said_of_one = desk.types("resume", said["kills"][0], "DIR", *people)
    assert f"still stopped: slice:supplier=S-9 ({said['kills'][1]})" in said_of_one
    assert "no kill id" in desk.types("resume", "nonsense", "DIR", *people, ends=1)
    desk.types("resume", "slice:supplier=S-9", "DIR", *people)
    assert answers.kills() == ()


async def test_an_incident_shows_who_wrote_what_what_stands_and_what_comes_next(
    answers: Answers, desk: Desk
) -> None:
    seen = await answers.leave()
    note = ("--note", "it told her to go away")
    said = desk.json("outcome", "add", seen.id, "DIR", "--violation", "rude", "--as", "bob", *note)
    shown = desk.types("incident", "show", said["incident"], "DIR")
    bob = f"bob ({answers.acting('bob').key.key_id}) wrote"
    assert bob in shown and "it told her to go away" in shown
    explained = desk.types("explain", seen.id, "DIR")
    assert bob in explained and "it told her to go away" in explained
    (wrote,) = desk.json("explain", seen.id, "DIR")["notes"]
    assert wrote["who"] in bob and wrote["reporter"].startswith("person:")
    assert all(kill in shown for kill in said["kills"])
    assert f"Next: roadworthy incident promote {said['incident']} {desk.root}" in shown
    assert f"roadworthy incident dismiss {said['incident']}" in shown
    assert f"roadworthy resume {said['incident']} {desk.root}" in shown


async def test_a_claim_is_listed_with_its_note_and_accepted(answers: Answers, desk: Desk) -> None:
    seen = await answers.leave()
    note = "it said\x1b[2J [red]you fool[/red]\nand worse"
    said = answers.says(seen, "insults", reporter="tenant:acme", note=note)
    await answers.learn(said, kind="report")
    answers.control().round()
    waits = f"1 report waits for a person: roadworthy outcome list {desk.root} --waiting"
    assert waits in desk.types("incident", "list", "DIR")
    (report,) = desk.json("outcome", "list", "DIR", "--waiting")
    assert (report["observation"], report["note"]) == (seen.id, note)
    shown = desk.types("outcome", "list", "DIR")
    assert "[red]you fool[/red] and worse" in shown and "\x1b" not in shown
    done = desk.json("outcome", "accept", report["id"], "DIR", "--as", "bob")
    assert done["state"] == "acted" and done["kills"] == [flag.id for flag in answers.kills()]
    assert "report waits" not in desk.types("incident", "list", "DIR")
    assert "was accepted" in desk.types(
        "outcome", "reject", report["id"], "DIR", "--as", "bob", "--reason", "no", ends=1
    )
    assert "it said" in desk.types("incident", "show", done["incident"], "DIR")


async def test_a_rejected_claim_stays_with_its_reason(answers: Answers, desk: Desk) -> None:
    seen = await answers.leave()
    await answers.learn(answers.says(seen, "insults", reporter="tenant:acme"), kind="report")
    answers.control().round()
    (report,) = desk.json("outcome", "list", "DIR")
    reject = ("outcome", "reject", report["id"], "DIR", "--as", "bob")
    assert desk.json(*reject, "--reason", "a quotation")["state"] == "rejected"
    assert desk.json("outcome", "list", "DIR", "--waiting") == []
    (report,) = desk.json("outcome", "list", "DIR")
    assert (report["state"], report["reason"]) == ("rejected", "a quotation")
    assert answers.kills() == ()
    desk.types("outcome", "accept", "rep-0", "DIR", "--as", "bob", ends=1)


async def test_two_people_dismiss_and_the_incident_stays_listed(
    answers: Answers, desk: Desk
) -> None:
    seen = await answers.leave()
    said = desk.json("outcome", "add", seen.id, "DIR", "--violation", "insults", "--as", "bob")
    dismiss = ("incident", "dismiss", said["incident"], "DIR", "--reason", "it quoted a play")
    assert "2 people together" in desk.types(*dismiss, "--as", "bob", ends=1)
    desk.types(*dismiss, "--as", "ann", "--as", "bob", ends=3)
    told = desk.types(*dismiss, "--as", "bob", "--as", "cleo")
    assert "still stopped: system" in told and f"roadworthy resume {said['incident']}" in told
    (listed,) = desk.json("incident", "list", "DIR")
    assert (listed["state"], listed["reason"]) == ("dismissed", "it quoted a play")
    shown = desk.types("incident", "show", said["incident"], "DIR")
    assert "dismissed: it quoted a play" in shown and "Next:" not in shown
    desk.types(*dismiss, "--as", "bob", "--as", "cleo", ends=1)


async def test_an_answer_is_explained_and_its_texts_only_when_asked_for(
    answers: Answers, desk: Desk
) -> None:
    seen = await answers.leave("a secret answer")
    said = desk.json("outcome", "add", seen.id, "DIR", "--violation", "insults", "--as", "bob")
    shown = desk.types("explain", seen.id, "DIR")
    for fact in (seen.release, "tenant acme", "supplier=S-9", "answered", said["incident"]):
        assert fact in shown
    assert "a secret answer" not in shown and "sealed under a key of this workspace" in shown
    assert "a secret answer" in desk.types("explain", seen.id, "DIR", "--texts")
    assert desk.json("explain", seen.id, "DIR")["texts"] is None
    answers.vault.erase(tenant="acme")
    assert "erased" in desk.types("explain", seen.id, "DIR", "--texts")
    assert "has no observation" in desk.types("explain", "0190", "DIR", ends=1)


async def test_a_label_that_the_system_does_not_have_is_refused(
    answers: Answers, desk: Desk
) -> None:
    seen = await answers.leave()
    add = ("outcome", "add", seen.id, "DIR", "--label", "nonsense", "--as", "bob")
    assert "no label of letters" in desk.types(*add, ends=1)
    assert answers.entered("outcome.added") == []
