"""`incident open … report … sent`: what people type about an incident, and what they get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import MODEL, write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.incidents import asked_of
from roadworthy.wiring.loop import loop_of

Capture = pytest.CaptureFixture[str]
DORA = ("--as", "bob")
HUMAN = "A customer of the mill waited for three weeks."


class Desk:
    """Types commands about one system."""

    def __init__(self, root: Path, capture: Capture) -> None:
        self.root = root
        self._capture = capture

    def types(self, *words: str, ends: int = 0) -> str:
        code = run(VERBS, [str(self.root) if word == "DIR" else word for word in words])
        said = self._capture.readouterr()
        assert code == ends, said.out + said.err
        return said.out if ends == 0 else said.out + said.err

    def json(self, *words: str, ends: int = 0) -> Any:
        said = self.types(*words, "--json", ends=ends)
        return msgspec.json.decode(said[said.index("{") : said.rindex("}") + 1])


@pytest.fixture
def answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Answers:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    charter = CHARTER + "roles: [provider]\nfacts: {risk_class: high}\ntime_zone: Europe/Berlin\n"
    changes: dict[str, str | None] = {"charter.yaml": charter, "models/small.yaml": MODEL}
    loop = write_live_system(tmp_path, "http://127.0.0.1:9/v1", changes)
    return Answers(loop_of(loop.workspace))


@pytest.fixture
def desk(answers: Answers, tmp_path: Path, capsys: Capture) -> Desk:
    return Desk(tmp_path, capsys)


@pytest.fixture
async def opened(answers: Answers, desk: Desk) -> str:
    seen = await answers.leave("you must wait", end_user="ann")
    said = desk.json(
        "incident", "open", "DIR", "--title", "letters were lost", "--severity", "high",
        "--found", "2026-11-20T10:00Z", "--answer", seen.id, *DORA,
    )  # fmt: skip
    return str(said["id"])


async def test_the_list_says_who_has_it_and_what_is_due(desk: Desk, opened: str) -> None:
    assert "not classified" in desk.types("incident", "list", "DIR")
    desk.types("incident", "ack", opened, "DIR", *DORA)
    desk.types("incident", "assign", opened, "DIR", "--to", "cleo", *DORA)
    desk.types(
        "incident", "classify", opened, "DIR", "--harm", "death", "--aware",
        "2026-11-19T10:00Z", "--reason", "a relative wrote", *DORA,
    )  # fmt: skip
    said = desk.types("incident", "list", "DIR")
    assert "cleo" in said and "2026-11-30 23:00Z Art. 73(4)" in said
    shown = desk.types("incident", "show", opened, "DIR")
    assert "acknowledged by bob  (bob (" in shown and "by hand" in said
    (first, second) = desk.json("incident", "show", opened, "DIR")["clocks"]
    assert (first["article"], second["article"]) == ("Art. 73(4)", "Art. 73(2)")


async def test_words_that_are_no_kind_or_no_time_are_said_to_be_none(
    desk: Desk, opened: str
) -> None:
    aware = ("--aware", "2026-11-19T10:00Z", "--reason", "x", *DORA)
    said = desk.types("incident", "classify", opened, "DIR", "--harm", "sad", *aware, ends=1)
    assert "one of none, death" in said
    late = ("--aware", "2199-01-01", "--reason", "x", *DORA)
    desk.types("incident", "classify", opened, "DIR", "--harm", "none", *late, ends=1)
    desk.types("incident", "action", opened, "DIR", "--text", "x", "--owner", "y", "--due", "soon",
               *DORA, ends=1)  # fmt: skip
    desk.types("incident", "open", "DIR", "--title", "x", "--severity", "high", "--answer", "none",
               *DORA, ends=1)  # fmt: skip


@pytest.mark.parametrize(("language", "word"), [("en", "MISSING"), ("de", "FEHLT")])
async def test_a_report_never_looks_complete_while_a_person_has_words_to_say(
    desk: Desk, opened: str, language: str, word: str
) -> None:
    asked = ("incident", "report", opened, "DIR", "--to", "authority", "--language", language)
    said = desk.json(*asked, ends=4)
    assert set(said["missing"]) == {"classification", *asked_of("authority")}
    assert f"[{word}: harm]" in said["text"] and f"[{word}: classification]" in said["text"]
    desk.types("incident", "classify", opened, "DIR", "--harm", "health", "--aware",
               "2026-11-20T12:00Z", "--reason", "a letter", *DORA)  # fmt: skip
    desk.types(*asked, "--template")
    desk.types(*asked, "--template", ends=1)
    written = desk.root / "incidents" / f"{opened}.yaml"
    assert desk.json(*asked, ends=4)["missing"] == list(asked_of("authority")), "empty says nothing"
    words = {name: {language: HUMAN} for name in asked_of("authority")}
    written.write_text(msgspec.yaml.encode(words | {"harm": {"fr": "x"}}).decode())
    left = desk.json(*asked, ends=4)
    assert left["missing"] == ["harm"], "another language says nothing"
    written.write_text(msgspec.yaml.encode(words).decode())
    whole = desk.json(*asked)
    assert whole["missing"] == [] and word not in whole["text"]
    assert whole["text"].count(HUMAN) == len(words)
    assert "Answer letters." in whole["text"] and "2026-12-07 23:00, Art. 73(2)" in whole["text"]
    assert "2026-11-20 12:00" in whole["text"], "awareness is its own field"


async def test_a_file_of_words_with_a_wrong_name_says_which_there_are(
    desk: Desk, opened: str
) -> None:
    folder = desk.root / "incidents"
    folder.mkdir()
    (folder / f"{opened}.yaml").write_text("hurt: much\n")
    said = desk.types("incident", "report", opened, "DIR", "--to", "authority", ends=1)
    assert "no paragraph `hurt`" in said and "causal_link" in said
    (folder / f"{opened}.yaml").write_text("- a\n- b\n")
    desk.types("incident", "report", opened, "DIR", "--to", "authority", ends=1)


async def test_a_report_is_written_entered_and_the_clock_stops(desk: Desk, opened: str) -> None:
    desk.types("incident", "classify", opened, "DIR", "--harm", "health", "--aware",
               "2026-11-20T12:00Z", "--reason", "a letter", *DORA)  # fmt: skip
    out = str(desk.root / "report.md")
    desk.types("incident", "report", opened, "DIR", "--to", "authority", "--out", out, ends=4)
    desk.types("incident", "report", opened, "DIR", "--to", "authority", "--out", out, ends=4)
    mine = desk.root / "mine.md"
    mine.write_text("my notes")
    desk.types("incident", "report", opened, "DIR", "--to", "authority", "--out", str(mine), ends=1)
    assert mine.read_text() == "my notes"
    sent = desk.json("incident", "sent", opened, "DIR", "--to", "authority", "--at",
                     "2026-11-21T10:00Z", "--file", out, "--reference", "AZ 7", *DORA)  # fmt: skip
    assert sent["reports"][0]["digest"].startswith("sha256:")
    assert "reported" in desk.types("incident", "list", "DIR")
    shown = desk.types("incident", "show", opened, "DIR")
    assert "initial report to the authority sent 2026-11-21T10:00:00Z, AZ 7" in shown


async def test_a_report_with_gaps_is_entered_as_one_and_never_as_the_last(
    desk: Desk, opened: str
) -> None:
    desk.types("incident", "classify", opened, "DIR", "--harm", "health", "--aware",
               "2026-11-20T12:00Z", "--reason", "a letter", *DORA)  # fmt: skip
    out = str(desk.root / "report.md")
    desk.types("incident", "report", opened, "DIR", "--to", "authority", "--out", out, ends=4)
    sent = ("incident", "sent", opened, "DIR", "--to", "authority", "--file", out, *DORA)
    said = desk.types(*sent, "--at", "2026-11-20T11:00Z", ends=1)
    assert "aware of since 2026-11-20T12:00" in said and "--at" in said
    said = desk.types(*sent, "--at", "2026-11-21T10:00Z", "--stage", "final", ends=1)
    assert "no report follows a final one" in said and "affirmation" in said
    desk.types(*sent, "--at", "2026-11-21T10:00Z")
    assert "the complete one is owed" in desk.types("incident", "list", "DIR")
    shown = desk.json("incident", "show", opened, "DIR")
    assert set(shown["reports"][0]["missing"]) == set(asked_of("authority"))
    text = desk.json("incident", "report", opened, "DIR", "--to", "authority", ends=4)
    assert text["stage"] == "follow_up"
    whole = desk.root / "whole.md"
    whole.write_text("All of it was said.")
    again = ("incident", "sent", opened, "DIR", "--to", "authority", "--file", str(whole), *DORA)
    desk.types(*again, "--at", "2026-11-21T11:00Z", "--stage", "final")
    assert "owed" not in desk.types("incident", "list", "DIR")


async def test_the_file_of_words_gets_what_another_recipient_asks_for(
    desk: Desk, opened: str
) -> None:
    asked = ("incident", "report", opened, "DIR", "--template")
    desk.types(*asked, "--to", "provider")
    written = desk.root / "incidents" / f"{opened}.yaml"
    written.write_text(written.read_text().replace("harm: ''", "harm: They waited."))
    desk.types(*asked, "--to", "ai_office")
    said = msgspec.yaml.decode(written.read_bytes())
    assert said["harm"] == "They waited." and said["chain_of_events"] == ""
    desk.types(*asked, "--to", "ai_office", ends=1)


async def test_a_report_names_the_roles_that_are_recorded(desk: Desk, opened: str) -> None:
    (desk.root / "facts.yaml").write_text("roles: [deployer]\nfacts: {ai_system: true}\n")
    said = desk.json("incident", "report", opened, "DIR", "--to", "authority", ends=4)["text"]
    assert "Role of the organisation: " in said and "provider" in said and "deployer" in said


async def test_what_a_person_chose_becomes_a_redacted_case(answers: Answers, desk: Desk) -> None:
    seen = await answers.leave(asked="Pay to DE89370400440532013000 please", end_user="ann")
    said = desk.json("incident", "open", "DIR", "--title", "x", "--severity", "low", "--answer",
                     seen.id, *DORA)  # fmt: skip
    promote = ("incident", "promote", said["id"], "DIR", *DORA)
    assert "--answer OBSERVATION" in desk.types(*promote, ends=2)
    assert "--expect" in desk.types(*promote, "--answer", seen.id, ends=1)
    desk.types(*promote, "--answer", seen.id, "--expect", "block")
    suite = (desk.root / "suites" / "incidents.jsonl").read_text()
    assert "<IBAN>" in suite and "DE89" not in suite and '"action":"block"' in suite
    shown = desk.json("incident", "show", said["id"], "DIR")
    assert shown["state"] == "promoted" and shown["pins"][0]["action"] == "block"


async def test_reach_and_hold_are_typed(answers: Answers, desk: Desk, opened: str) -> None:
    await answers.leave("fine", tenant="northwind")
    counted = desk.json("incident", "reach", opened, "DIR")
    assert (counted["exposed"], counted["showing"], counted["by_tenant"]) == (2, 1, {"acme": 1})
    assert "1 of 2 answers show it" in desk.types("incident", "reach", opened, "DIR")
    said = desk.types("incident", "hold", opened, "DIR", *DORA)
    assert "tenant acme" in said
