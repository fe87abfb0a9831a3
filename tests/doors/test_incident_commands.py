"""`outcome`, `incident`, `explain` and `resume` by their output and exit code."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from doubles.answers_that_left import CHARTER, Answers
from doubles.leaky_desk import LeakyDesk
from doubles.live_system import CHAT, write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.acting import key_of
from roadworthy.cli.dispatch import run
from roadworthy.domain import AccessError, Verdict
from roadworthy.ledger import revoke
from roadworthy.wiring.loop import loop_of

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answers:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    changes: dict[str, str | None] = {"charter.yaml": CHARTER}
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1", changes)
    return Answers(loop_of(loop.workspace))


@pytest.fixture
def deciding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """A system that decides between labels."""
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    candidate = str(CHAT["candidate.yaml"]).replace(
        "task: chat", "task: decision\ndecision: {labels: [fine, rude]}"
    )
    changes: dict[str, str | None] = {"charter.yaml": CHARTER, "candidate.yaml": candidate}
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
    assert "no case yet" in desk.types("resume", incident, "DIR", *people, ends=3)
    answers.learned()
    lifted = desk.json("resume", incident, "DIR", *people)
    assert (lifted["lifted"], lifted["standing"]) == ([first.id, second.id], [])
    said = desk.types("resume", incident, "DIR", *people, ends=1)
    assert f"no kill of incident {incident} stands" in said


async def test_several_ids_are_lifted_together_or_not_at_all(answers: Answers, desk: Desk) -> None:
    seen = await answers.leave()
    said = desk.json("outcome", "add", seen.id, "DIR", "--violation", "rude", "--as", "bob")
    people = ("--as", "bob", "--as", "cleo", "--reason", "mended")
    answers.learned()
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


async def test_adding_an_outcome_says_what_became_of_the_reports_that_waited(
    deciding: Answers, desk: Desk
) -> None:
    seen = await deciding.leave()
    for claim in ({"event": "insults"}, {"event": "", "label": "fine"}):
        label = claim.get("label", "")
        said = deciding.says(seen, claim["event"], reporter="tenant:acme", label=label)
        await deciding.learn(said, kind="report")
    deciding.control().round()
    rude, fine = (each["id"] for each in desk.json("outcome", "list", "DIR", "--waiting"))
    add = ("outcome", "add", seen.id, "DIR", "--as", "bob")
    said = desk.types(*add, "--label", "rude")
    assert f"{fine}" in said and f"{rude}" in said and "accepted" not in said
    assert f"roadworthy outcome accept REPORT {desk.root}" in said
    told = desk.json(*add, "--violation", "insults")
    bob = deciding.acting("bob").key.key_id
    assert told["reports"] == [
        {"report": rude, "reporter": "tenant:acme", "state": "accepted", "by": f"person:{bob}"},
        {"report": fine, "reporter": "tenant:acme", "state": "waiting", "by": ""},
    ]
    again = desk.json(*add, "--violation", "insults")["reports"]
    assert [each["report"] for each in again] == [fine]


async def test_adding_a_violation_says_in_words_whose_report_it_accepted(
    answers: Answers, desk: Desk
) -> None:
    seen = await answers.leave()
    await answers.learn(answers.says(seen, "insults", reporter="tenant:acme"), kind="report")
    answers.control().round()
    (report,) = desk.json("outcome", "list", "DIR", "--waiting")
    said = desk.types("outcome", "add", seen.id, "DIR", "--violation", "insults", "--as", "bob")
    assert f"Report {report['id']} of tenant:acme waited: accepted by bob" in said


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


async def test_a_label_that_comes_with_a_violation_is_kept_too(
    deciding: Answers, desk: Desk
) -> None:
    answers = deciding
    seen = await answers.leave()
    both = ("--violation", "insults", "--label", "fine", "--note", "it shouted")
    said = desk.types("outcome", "add", seen.id, "DIR", *both, "--as", "bob")
    assert "Stopped: system" in said and "the right answer was 'fine'" in said
    (right,) = answers.loop.ledger.entries(kind="outcome.added", subject=seen.id)
    assert right.payload["label"] == "fine"
    assert right.actor == f"person:{answers.acting('bob').key.key_id}"
    assert len(answers.entered("violation.recorded")) == 1
    (wrote,) = desk.json("explain", seen.id, "DIR")["notes"]
    assert (wrote["text"], wrote["label"]) == ("it shouted", "fine")
    shown = desk.types("explain", seen.id, "DIR")
    bob = f"bob ({answers.acting('bob').key.key_id})"
    assert f"{bob} wrote" in shown and f"{bob} named the right answer" in shown


@pytest.mark.parametrize("kind", ["outcome", "report"])
async def test_a_label_that_was_posted_with_a_violation_is_kept_too(
    answers: Answers, desk: Desk, kind: Literal["outcome", "report"]
) -> None:
    seen = await answers.leave()
    who = "tenant:reviewers" if kind == "outcome" else "tenant:acme"
    await answers.learn(answers.says(seen, "insults", reporter=who, label="fine"), kind=kind)
    answers.control().round()
    if kind == "report":
        (report,) = desk.json("outcome", "list", "DIR", "--waiting")
        assert (report["never_event"], report["label"]) == ("insults", "fine")
        told = desk.types("outcome", "accept", report["id"], "DIR", "--as", "bob")
        assert "the right answer was 'fine'" in told
    answers.control().round()
    assert len(answers.entered("violation.recorded")) == len(answers.kills()) == 1
    (right,) = answers.loop.ledger.entries(kind="outcome.added", subject=seen.id)
    assert right.payload["label"] == "fine"
    assert "fine" in [note["label"] for note in desk.json("explain", seen.id, "DIR")["notes"]]


async def test_what_a_second_reporter_says_of_the_same_violation_is_kept(
    answers: Answers, desk: Desk
) -> None:
    seen = await answers.leave()
    for name in ("bob", "cleo"):
        words = ("--violation", "insults", "--note", f"{name} heard it", "--as", name)
        desk.types("outcome", "add", seen.id, "DIR", *words)
    assert len(answers.entered("incident.opened")) == 1 and len(answers.kills()) == 1
    shown = desk.types("incident", "show", answers.entered("incident.opened")[0], "DIR")
    assert "bob heard it" in shown and "cleo heard it" in shown


async def test_closing_and_activating_say_what_is_still_stopped_and_how_it_is_lifted(
    answers: Answers, desk: Desk, tmp_path: Path
) -> None:
    lift = f"roadworthy resume {{}} {desk.root} --as A --as B --reason TEXT"
    seen = await answers.leave()
    said = desk.json("outcome", "add", seen.id, "DIR", "--violation", "insults", "--as", "bob")
    (bundle,) = (tmp_path / ".roadworthy" / "bundles").iterdir()
    activate = ("release", "activate", str(bundle), "--dir", "DIR", "--as", "cleo")
    assert "no case yet" in desk.types(*activate, ends=3)
    answers.learned()
    told = desk.types(*activate)
    assert f"still stopped: system ({said['kill']})" in told and lift.format(said["kill"]) in told
    said_again = desk.json(*activate)
    assert (said_again["standing"], said_again["owes"]) == (said["kills"], [])
    answers.lift(said["kill"])
    assert "still stopped" not in desk.types(*activate)


async def test_closing_an_incident_says_what_is_still_stopped(
    tmp_path: Path, capsys: Capture
) -> None:
    leaky = LeakyDesk(tmp_path / "leaky")
    leaky.promoted()
    assert (await leaky.cured()).decision is Verdict.PASS
    (kill,) = leaky.found.kills
    told = Desk(leaky.desk.root, capsys).types(
        "incident", "close", leaky.incident, "DIR", "--as", "dora"
    )
    assert f"still stopped: system ({kill})" in told
    lift = f"roadworthy resume {leaky.incident} {leaky.desk.root} --as A --as B --reason TEXT"
    assert lift in told


def test_the_key_that_somebody_acts_with_is_one_that_holds_now(answers: Answers) -> None:
    trust, now = answers.loop.trust, answers.now()
    assert key_of("bob", trust, now).name == "bob"
    with pytest.raises(AccessError, match=r"begins at .*, and here it is 2020"):
        key_of("bob", trust, "2020-01-01T00:00:00.000000Z")
    after = revoke(trust, "bob", at="2100-01-01T00:00:00.000000Z")
    with pytest.raises(AccessError, match="ended at 2100"):
        key_of("bob", after, now)  # whatever this machine's clock was set to


@pytest.mark.parametrize(
    "words",
    [
        ("outcome", "add", "OBS", "DIR", "--violation", "insults"),
        ("incident", "promote", "INC", "DIR"),
        ("incident", "close", "INC", "DIR"),
        ("record", "training_record", "FILE", "DIR"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
async def test_a_person_whose_key_ended_is_refused_and_not_misspelt(
    answers: Answers, desk: Desk, words: tuple[str, ...]
) -> None:
    seen = await answers.leave()
    said = desk.json("outcome", "add", seen.id, "DIR", "--violation", "insults", "--as", "cleo")
    desk.types("people", "revoke", "bob", "DIR", "--as", "ann", "--reason", "left")
    means = {"OBS": seen.id, "INC": said["incident"], "FILE": f"{desk.root}/charter.yaml"}
    typed = [means.get(word, word) for word in words]
    assert "the key of bob ended at" in desk.types(*typed, "--as", "bob", ends=3)
    assert "machine is a machine" in desk.types(*typed, "--as", "machine", ends=3)
    assert "bbo has no key" in desk.types(*typed, "--as", "bbo", ends=1)


async def test_a_stop_by_somebody_whose_key_ended_still_stops(
    answers: Answers, desk: Desk, capsys: Capture
) -> None:
    desk.types("people", "revoke", "dan", "DIR", "--as", "ann", "--reason", "left")
    desk.types("kill", "system", "DIR", "--reason", "it must stop", "--as", "dan")
    assert [flag.by for flag in answers.kills()] == ["operator"]


async def test_a_strangers_words_never_drive_the_terminal(answers: Answers, desk: Desk) -> None:
    evil = "DE\x1b[2J\x1b]0;owned\x07\nStopped: nothing."
    seen = await answers.leave(facets={"jurisdiction": evil})
    rude = ("--violation", "rude", "--note", evil, "--as", "bob")
    shown = [desk.types("outcome", "add", seen.id, "DIR", *rude)]
    (incident,) = answers.entered("incident.opened")
    why = ("--reason", evil, "--as", "bob", "--as", "cleo")
    answers.learned()
    shown += [desk.types("resume", incident, "DIR", *why)]
    shown += [desk.types("incident", "dismiss", incident, "DIR", *why)]
    shown += [
        desk.types("incident", "show", incident, "DIR"),
        desk.types("incident", "list", "DIR"),
    ]
    shown += [desk.types("explain", seen.id, "DIR", "--texts")]
    shown += [desk.types("kill", f"tenant:{evil}", "DIR", "--reason", evil)]
    for text in shown:
        assert "\x1b" not in text and "\x07" not in text
        assert "Stopped: nothing." not in text.splitlines()
