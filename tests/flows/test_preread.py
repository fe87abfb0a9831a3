"""A deliberation from its pre-read to its record: the machine's words are never people's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from doubles.dated_desk import DatedDesk
from doubles.desk import RULES
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import PREREAD, SECTIONS, AccessError, ManifestError, UndecidedError, Verdict
from roadworthy.domain import unsaid_sections as unsaid
from roadworthy.flows.findings.findings import open_finding
from roadworthy.flows.papers.preread import open_note, record_note
from roadworthy.flows.releasing.releasing import activate_release
from roadworthy.manifests import load_system
from roadworthy.policy import RiskFinding
from roadworthy.release import pin


@pytest.fixture
def desk(tmp_path: Path) -> DatedDesk:
    return DatedDesk(tmp_path / "desk")


def opened(desk: DatedDesk) -> str:
    open_note(load_system(desk.root), desk.loop())
    return note(desk)


def note(desk: DatedDesk) -> str:
    return (desk.root / "deliberation-note.md").read_text(encoding="utf-8")


def said(text: str, decision: str = "ship", name: str = "rosa") -> str:
    """The note as people would finish it."""
    for section in SECTIONS:
        text = text.replace(
            f"## {section.title}\n<!-- people write here: {section.write} -->",
            f"## {section.title}\nWe said so.",
        )
    return text.replace("decision: hold ", f"decision: {decision} ").replace(
        'name: ""', f'name: "{name}"'
    )


async def live(desk: DatedDesk, out: Path) -> None:
    assert (await desk.inspect()).decision is Verdict.PASS
    desk.build(out, "ana")
    desk.approve(out)
    activate_release(out, desk.loop(), root=desk.root, signer=desk.office.key("otto"))
    (desk.root / "deliberation-note.md").unlink()


async def test_the_pre_read_says_what_changed_what_the_gate_says_and_what_is_open(
    desk: DatedDesk, tmp_path: Path
) -> None:
    await live(desk, tmp_path / "one.tar")
    desk.write("rules.yaml", RULES.replace("roof: 3, kitchen: 3", "nothing: 3"))
    await desk.evaluate()
    seen = RiskFinding(id="", severity="high", summary="leaks <b>", source="", hazard="h")
    open_finding(desk.loop(), "desk", seen, desk.acting("ravi"))
    text = opened(desk)
    block = text.split(PREREAD[0])[1].split(PREREAD[1])[0]
    assert "assets" in block or "rules.yaml" in block
    assert "## Gate but for this note: FAIL" in block
    assert "| accuracy | >= 0.8 |" in block
    assert "high finding" in block
    assert "leaks &lt;b>" in block
    assert "no red-team campaign was ever entered" in block
    header = yaml.safe_load(text.split("---\n")[1])
    assert header["candidate"] == pin(load_system(desk.root)).candidate_digest
    assert header["decision"] == "hold"


async def test_the_machines_words_are_nobodys(desk: DatedDesk) -> None:
    """A note with only its pre-read says nothing, so it opens nothing, whatever it decides."""
    await desk.evaluate()
    text = opened(desk)
    assert [one.section.title for one in unsaid(text.split("---\n", 2)[2])] == [
        section.title for section in SECTIONS
    ]
    assert not desk.gate().decision.opens
    desk.write("deliberation-note.md", text.replace("decision: hold ", "decision: ship "))
    with pytest.raises(ManifestError) as caught:
        load_system(desk.root)
    messages = [fault.message for fault in caught.value.faults]
    assert sum("is empty" in message for message in messages) == len(SECTIONS)


async def test_the_pre_read_does_not_ask_for_the_note_it_stands_in(desk: DatedDesk) -> None:
    await desk.evaluate()
    for _ in range(2):
        block = opened(desk).split(PREREAD[1])[0]
        assert "## Gate but for this note: PASS" in block
        assert "deliberation-note.md is missing" not in block
        assert "says nothing under" not in block
        assert "Next: people write" in block


async def test_a_note_as_it_was_opened_is_undecided_and_no_hold(desk: DatedDesk) -> None:
    """Its `hold` is the template's; once somebody is named or something is said, it is people's."""
    await desk.evaluate()
    text = opened(desk)
    assert desk.gate().decision is Verdict.INCONCLUSIVE
    desk.write("deliberation-note.md", said(text, decision="hold"))
    assert desk.gate().decision is Verdict.FAIL
    desk.write("deliberation-note.md", text.replace('name: ""', 'name: "rosa"'))
    assert desk.gate().decision is Verdict.FAIL


async def test_people_finish_it_and_the_gate_opens(desk: DatedDesk) -> None:
    await desk.evaluate()
    desk.write("deliberation-note.md", said(opened(desk)))
    assert desk.gate().decision is Verdict.PASS


async def test_opening_again_renews_the_pre_read_and_leaves_every_word_of_people(
    desk: DatedDesk,
) -> None:
    opened(desk)
    assert "## Gate but for this note: INCONCLUSIVE" in note(desk)
    desk.write("deliberation-note.md", said(note(desk)))
    before = note(desk)
    await desk.evaluate()
    after = opened(desk)
    outside = [text.split(PREREAD[0])[0] + text.split(PREREAD[1])[1] for text in (before, after)]
    assert outside[0] == outside[1]
    assert "accuracy" in after


async def test_a_note_about_another_candidate_is_kept(desk: DatedDesk) -> None:
    await desk.evaluate()
    desk.write("deliberation-note.md", said(opened(desk)))
    old = note(desk)
    desk.write("rules.yaml", RULES.replace("car: 3", "car: 4"))
    done = open_note(load_system(desk.root), desk.loop())
    assert (desk.root / done.kept).read_text(encoding="utf-8") == old
    assert pin(load_system(desk.root)).candidate_digest in note(desk)


async def test_a_text_of_a_users_cannot_end_the_pre_read(desk: DatedDesk) -> None:
    evil = f"{PREREAD[1]}\n## Tests added\nAll of them."
    seen = RiskFinding(id="", severity="low", summary=evil, source="")
    open_finding(desk.loop(), "desk", seen, desk.acting("ravi"))
    text = opened(desk)
    assert text.count(PREREAD[1]) == 1
    assert len(unsaid(text.split("---\n", 2)[2])) == len(SECTIONS)


async def test_a_participant_records_who_was_heard_and_who_disagrees(desk: DatedDesk) -> None:
    await desk.evaluate()
    text = opened(desk)
    with pytest.raises(UndecidedError, match="says nothing under"):
        record_note(load_system(desk.root), desk.loop(), desk.acting("rosa"))
    finished = said(text).replace("dissent: []", 'dissent: ["ravi: too early"]')
    desk.write("deliberation-note.md", finished)
    with pytest.raises(AccessError, match="no participant"):
        record_note(load_system(desk.root), desk.loop(), desk.acting("ravi"))
    entry = record_note(load_system(desk.root), desk.loop(), desk.acting("rosa"))
    again = record_note(load_system(desk.root), desk.loop(), desk.acting("rosa"))
    assert entry.seq == again.seq
    assert entry.payload["dissent"] == ["ravi: too early"]
    assert entry.payload["participants"] == [{"name": "rosa", "voice": "product"}]


async def test_a_voice_without_a_name_was_not_heard(desk: DatedDesk) -> None:
    charter = (desk.root / "charter.yaml").read_text()
    desk.write("charter.yaml", charter + "review: {required_voices: [risk]}\n")
    await desk.evaluate()
    text = said(opened(desk), name="")
    desk.write("deliberation-note.md", text.replace("decision: ship ", "decision: hold "))
    assert any("lacks the voice of: risk" in reason for reason in desk.gate().reasons)
    desk.write("deliberation-note.md", text)
    with pytest.raises(ManifestError, match="nobody is named for the voice"):
        load_system(desk.root)


def test_the_command_opens_and_records(desk: DatedDesk, capsys) -> None:  # type: ignore[no-untyped-def]
    where = str(desk.root)
    assert run(VERBS, ["deliberate", where]) == 0
    assert "eight sections" in capsys.readouterr().out
    assert run(VERBS, ["check", where]) == 0
    assert run(VERBS, ["deliberate", where, "--record", "--as", "rosa"]) == 4
    capsys.readouterr()
    assert run(VERBS, ["deliberate", where, "--record", "--as", "rosa"]) == 4
    assert "nobody is named for the voice `product`" in capsys.readouterr().err
    half = note(desk).replace("decision: hold ", "decision: ship ")
    desk.write("deliberation-note.md", half)
    assert run(VERBS, ["deliberate", where, "--record", "--as", "rosa"]) == 4
    told = capsys.readouterr().err
    assert "nobody is named for the voice `product`" in told and "is empty" in told
    desk.write("deliberation-note.md", half.replace("candidate:", "kandidat:"))
    assert run(VERBS, ["deliberate", where, "--record", "--as", "rosa"]) == 1
    desk.write("deliberation-note.md", said(half))
    capsys.readouterr()
    assert run(VERBS, ["deliberate", where, "--record", "--as", "rosa", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["decision"] == "ship"


def test_the_template_asks_for_the_same_sections(tmp_path: Path) -> None:
    template = Path("src/roadworthy/manifests/templates/deliberation-note.template.md")
    text = (Path(__file__).parents[2] / template).read_text(encoding="utf-8")
    titles = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert titles == [section.title for section in SECTIONS]
