"""Post-mortem, internal audit, Article 52 notification, weights log: from the ledger, with gaps."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.live_system import CHAT
from doubles.systems import write_system
from doubles.systems_by_law import NOT_PROHIBITED
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.compliance import to_markdown
from roadworthy.domain import Language, Paper
from roadworthy.flows.papers.documents import form_of, gather, make_document, written_for
from roadworthy.manifests import load_system
from roadworthy.wiring.loop import open_loop

Capture = pytest.CaptureFixture[str]
AS = ("--as", "rosa")


class Desk:
    """One system, its commands, its papers."""

    def __init__(self, root: Path, capture: Capture) -> None:
        self.root = root
        self._capture = capture

    def types(self, *words: str) -> str:
        code = run(VERBS, [str(self.root) if word == "DIR" else word for word in words])
        said = self._capture.readouterr()
        assert code == 0, said.out + said.err
        return said.out

    def opened(self) -> str:
        said = self.types("incident", "open", "DIR", "--title", "letters were lost", "--severity",
                          "high", *AS, "--json")  # fmt: skip
        return str(msgspec.json.decode(said)["id"])

    def makes(self, kind: str, language: Language = "en") -> Paper:
        system, loop = load_system(self.root), open_loop(self.root)
        found = gather(system, loop, on="2026-11-22", catalogue="eu-ai-act")
        written = written_for(system, kind, language)
        return make_document(kind, found, loop, language=language, written=written)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Desk:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    write_system(tmp_path, CHAT)
    found = Desk(tmp_path, capsys)
    found.types("people", "add", "rosa", "DIR", "--role", "admin")
    return found


@pytest.mark.parametrize("language", ["en", "de"])
def test_without_an_incident_nobody_owes_words_about_one(desk: Desk, language: Language) -> None:
    paper = desk.makes("post-mortem", language)
    assert paper.gaps == ()
    assert "0" in to_markdown(paper)


def test_an_incident_that_nobody_understood_is_a_gap_and_never_a_lesson(desk: Desk) -> None:
    number = desk.opened()
    paper = desk.makes("post-mortem")
    said = {gap.what.split(": ")[-2 if "action, no case" in gap.what else -1] for gap in paper.gaps}
    assert {"nobody has said what it led to", "nobody has named its cause"} <= said
    assert any(gap.command == f"roadworthy incident cause {number} DIR" for gap in paper.gaps)
    asked = {gap.block for gap in paper.gaps if gap.block}
    assert asked == {"course", "causes", "defences", "lessons", "shared"}
    desk.types("incident", "cause", number, "DIR", "--text", "a full disk", *AS)
    desk.types("incident", "action", number, "DIR", "--text", "watch the disk", "--owner", "Cleo",
               "--due", "2026-12-31", *AS)  # fmt: skip
    desk.types("incident", "classify", number, "DIR", "--harm", "none", "--aware",
               "2026-11-20T10:00Z", "--reason", "x", *AS)  # fmt: skip
    paper = desk.makes("post-mortem")
    assert {gap.block for gap in paper.gaps} == asked, "what people entered is in it"
    text = to_markdown(paper)
    for word in (number, "letters were lost", "a full disk", "watch the disk (Cleo", "entry "):
        assert word in text
    assert "kein schwerwiegender Vorfall" in to_markdown(desk.makes("post-mortem", "de"))


@pytest.mark.parametrize(
    ("facts", "says", "owed"),
    [
        ({"training_flop": 3.0e25, "generates_language_or_images": True},
         "a notification is owed", True),
        ({"training_flop": 2.0e24, "generates_language_or_images": True}, "not owed", False),
        ({"generates_language_or_images": True}, "it is open whether", True),
    ],
)  # fmt: skip
def test_the_notification_of_article_52_is_owed_by_compute_and_open_without(
    desk: Desk, facts: dict[str, object], says: str, owed: bool
) -> None:
    sheet = {"ai_system": False, **NOT_PROHIBITED, **facts}
    text = msgspec.yaml.encode({"roles": ["gpai_provider"], "facts": sheet})
    (desk.root / "facts.yaml").write_bytes(text)
    paper = desk.makes("systemic-risk-notification")
    assert says in to_markdown(paper)
    asked = {gap.block for gap in paper.gaps if gap.block}
    assert ("rebuttal" in asked, "compute-estimate" in asked) == (owed, owed)
    if says == "a notification is owed":
        assert "3.0e+25 FLOP" in to_markdown(paper), "two significant figures"
    if says == "it is open whether":
        assert any("training_flop" in gap.what for gap in paper.gaps)


def test_who_makes_no_model_notifies_nobody(desk: Desk) -> None:
    sheet = msgspec.yaml.encode({"roles": ["deployer"], "facts": {"changes_gpai_model": False}})
    (desk.root / "facts.yaml").write_bytes(sheet)
    paper = desk.makes("systemic-risk-notification")
    assert paper.gaps == ()
    assert "FLOP" not in to_markdown(paper).replace("10^25 FLOP", ""), "nobody was asked for any"


def test_accesses_to_weights_are_those_that_people_entered(desk: Desk) -> None:
    paper = desk.makes("weights-access-log")
    assert any("roadworthy record weights_access" in gap.command for gap in paper.gaps)
    (desk.root / "ticket-7.txt").write_text("Rosa copied the weights to the second machine.\n")
    desk.types("record", "weights_access", str(desk.root / "ticket-7.txt"), "DIR", "--system",
               "letters", "--note", "copied for a test", *AS)  # fmt: skip
    text = to_markdown(desk.makes("weights-access-log"))
    assert "rosa" in text and "copied for a test" in text and "ticket-7.txt" in text
    assert not any("weights_access" in gap.command for gap in desk.makes("weights-access-log").gaps)


def test_an_internal_audit_asks_its_auditors_and_proves_the_matrix_row(desk: Desk) -> None:
    paper = desk.makes("internal-audit")
    asked = {gap.block for gap in paper.gaps if gap.block}
    assert {"auditors", "audit-findings", "audit-previous", "audit-opinion"} <= asked
    assert form_of("internal-audit").evidence == "internal_audit"
