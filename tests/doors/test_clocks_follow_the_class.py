"""Legal clocks follow what is recorded, what is answered today and the charter: the strictest."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from doubles.live_system import MODEL as MODEL_FILE
from doubles.live_system import write_live_system
from doubles.set_clock import SetClock
from doubles.systems_by_law import MODEL, NOT_PROHIBITED, SYSTEM, as_file, high
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import Incident
from roadworthy.wiring.legal_clocks import LegalClocks
from roadworthy.wiring.loop import open_loop

Capture = pytest.CaptureFixture[str]
EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"
CREDIT = as_file("deployer", "provider", **high("5c"))
HARMLESS = as_file("deployer", "provider", **SYSTEM)
MODEL_MAKER = as_file("gpai_provider", **{**NOT_PROHIBITED, **MODEL, "training_flop": 3.0e25})
NOW = "2026-11-21T20:00:00.000000Z"
STATED = ("--aware", "2026-11-19T12:00Z", "--reason", "x", "--as", "bob")


class Desk:
    """Types commands about one system."""

    def __init__(self, root: Path, capture: Capture) -> None:
        self.root = root
        self._capture = capture

    def types(self, *words: str, ends: int = 0) -> str:
        code = run(VERBS, [str(self.root) if word == "DIR" else word for word in words])
        said = self._capture.readouterr()
        assert code == ends, said.out + said.err
        return said.out + said.err

    def json(self, *words: str, ends: int = 0) -> Any:
        said = self.types(*words, "--json", ends=ends)
        return msgspec.json.decode(said[said.index("{") : said.rindex("}") + 1])

    def open(self) -> str:
        said = self.json("incident", "open", "DIR", "--title", "x", "--severity", "high",
                         "--as", "bob")  # fmt: skip
        return str(said["id"])

    def clocks(self, harm: str) -> dict[str, str]:
        """Each clock of a new incident of that harm, and its end."""
        said = self.json("incident", "classify", self.open(), "DIR", "--harm", harm, *STATED)
        return {each["clock"]: each["due"] for each in said["clocks"]}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Desk:
    """A folder of which nothing is live yet."""
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    root = tmp_path / "desk"
    shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    charter = (root / "charter.yaml").read_text()
    kept = [line for line in charter.splitlines() if not line.startswith(("roles:", "time_zone:"))]
    text = "\n".join(kept)
    begin = text.index("\nfacts:")
    end = begin + 1
    while (end := text.find("\n", end + 1)) != -1 and text[end + 1] in " #":
        pass
    text = text[:begin] + (text[end:] if end != -1 else "") + "\ntime_zone: Europe/Berlin\n"
    (root / "charter.yaml").write_text(text)
    found = Desk(root, capsys)
    found.types("people", "add", "bob", "DIR", "--role", "admin")
    return found


def test_a_death_in_a_system_that_is_recorded_as_high_risk_starts_its_clocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Though a release is live whose charter says neither roles nor class."""
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    write_live_system(tmp_path, "http://127.0.0.1:9/v1", {"models/small.yaml": MODEL_FILE})
    desk = Desk(tmp_path, capsys)
    (tmp_path / "facts.yaml").write_text(CREDIT)
    desk.types("classify", "DIR", "--record", "--as", "bob", ends=4)
    assert set(desk.clocks("death")) == {"A73-2", "A73-4", "A26-5I"}
    listed = desk.types("incident", "list", "DIR")
    assert "Art. 26(5)" in listed and "no clock" not in listed
    (tmp_path / "facts.yaml").write_text(HARMLESS)
    assert "A73-4" in desk.clocks("death"), "what is recorded counts until something else is"
    desk.types("classify", "DIR", "--record", "--as", "bob")
    said = desk.types("incident", "classify", desk.open(), "DIR", "--harm", "death", *STATED)
    assert "no clock, because" in said and "the class is other (entry" in said


def test_todays_answers_start_clocks_that_nothing_recorded_would(desk: Desk) -> None:
    (desk.root / "facts.yaml").write_text(CREDIT)
    assert set(desk.clocks("death")) == {"A73-2", "A73-4", "A26-5I"}


def test_a_model_with_systemic_risk_has_five_days_after_a_breach_of_its_security(
    desk: Desk,
) -> None:
    (desk.root / "facts.yaml").write_text(MODEL_MAKER)
    assert desk.clocks("cyber") == {"A55-1C-5": "2026-11-24T23:00:00.000000Z"}


def test_days_end_where_the_folder_says_though_nothing_is_live(desk: Desk) -> None:
    (desk.root / "facts.yaml").write_text(CREDIT)
    assert desk.clocks("death")["A73-4"] == "2026-11-30T23:00:00.000000Z"
    assert "cannot be read" not in desk.types("incident", "list", "DIR")


def test_no_clock_says_why_in_words_and_in_json(desk: Desk) -> None:
    (desk.root / "facts.yaml").write_text(HARMLESS)
    number = desk.open()
    said = desk.types("incident", "classify", number, "DIR", "--harm", "death", *STATED)
    assert "no clock, because" in said and "the class is other (charter.yaml, facts.yaml)" in said
    shown = desk.json("incident", "show", number, "DIR")
    assert shown["clocks"] == [] and "the class is other" in shown["no_clock"]
    assert "the class is other" in desk.types("incident", "list", "DIR")
    assert "the class is other" in desk.types("incident", "show", number, "DIR")


def test_answers_that_cannot_be_read_leave_it_open_and_start_the_clock(desk: Desk) -> None:
    (desk.root / "facts.yaml").write_text("roles: [deployer\n")
    number = desk.open()
    said = desk.types("incident", "classify", number, "DIR", "--harm", "death", *STATED)
    assert "Art. 73(4)" in said and "nobody stated role provider, risk_class" in said
    assert "cannot be read: charter.yaml or facts.yaml" in said
    (running, *_) = desk.json("incident", "show", number, "DIR")["clocks"]
    assert running["unread"] == ["charter.yaml or facts.yaml"]


def test_a_release_that_cannot_be_read_leaves_it_open_and_starts_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    """Though what was recorded and what is answered today say that there is none."""
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    write_live_system(tmp_path, "http://127.0.0.1:9/v1", {"models/small.yaml": MODEL_FILE})
    desk = Desk(tmp_path, capsys)
    (tmp_path / "facts.yaml").write_text(HARMLESS)
    desk.types("classify", "DIR", "--record", "--as", "bob")
    number = desk.open()
    said = desk.types("incident", "classify", number, "DIR", "--harm", "death", *STATED)
    assert "no clock, because" in said
    (live,) = (tmp_path / ".roadworthy" / "releases").iterdir()
    live.rename(live.with_name("gone"))
    said = desk.types("incident", "list", "DIR")
    assert "Art. 26(5)" in said and "no clock" not in said
    (running, *_) = desk.json("incident", "show", number, "DIR")["clocks"]
    assert running["unread"] == ["the release's charter"] and "risk_class" in running["assumed"]


def test_the_law_of_the_day_is_asked_each_day(desk: Desk) -> None:
    """Of one process that goes on: what is prohibited from December is not so in November."""
    maker = {**SYSTEM, "generates_csam": True, "generates_synthetic_content": True}
    (desk.root / "facts.yaml").write_text(as_file("provider", **maker))
    clock = SetClock("2026-11-21T20:00:00+00:00")
    legal = LegalClocks(replace(open_loop(desk.root), clock=clock), desk.root)
    incident = Incident(
        id="inc-1", system="claims-desk", severity="high", state="open", title="t",
        opened_at=NOW, aware_at=NOW, release="",
    )  # fmt: skip
    assert legal.law(incident).facts["risk_class"] == "other"
    clock.advance(30 * 86_400)
    assert legal.law(incident).facts["risk_class"] == "prohibited"
