"""What people entered of incidents decides the facts of the law; no file may deny it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.live_system import CHAT
from doubles.systems import write_system
from doubles.systems_by_law import NOT_PROHIBITED
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import FactSheet
from roadworthy.flows.law.incident_facts import Happened

Capture = pytest.CaptureFixture[str]
CREDIT: dict[str, Any] = {
    **NOT_PROHIBITED, "ai_system": True, "annex_i_section": "none", "annex_iii_point": "5c",
    "profiling": True,
}  # fmt: skip
ROLES = ["deployer", "provider"]


class Desk:
    """Types commands about one system of which nothing is live."""

    def __init__(self, root: Path, capture: Capture) -> None:
        self.root = root
        self._capture = capture

    def types(self, *words: str) -> tuple[int, str]:
        code = run(VERBS, [str(self.root) if word == "DIR" else word for word in words])
        said = self._capture.readouterr()
        return code, said.out + said.err

    def answers(self, **more: Any) -> None:
        text = msgspec.yaml.encode({"roles": ROLES, "facts": {**CREDIT, **more}})
        (self.root / "facts.yaml").write_bytes(text)

    def harmed(self, harm: str) -> str:
        """An incident of that harm."""
        _, said = self.types("incident", "open", "DIR", "--title", "x", "--severity", "high",
                             "--as", "rosa", "--json")  # fmt: skip
        number = str(msgspec.json.decode(said)["id"])
        self.types("incident", "classify", number, "DIR", "--harm", harm, "--aware",
                   "2026-11-19T12:00Z", "--reason", "x", "--as", "rosa")  # fmt: skip
        return number

    def duties(self) -> dict[str, str]:
        """Duty -> its status."""
        _, said = self.types("obligations", "DIR", "--json")
        found = msgspec.json.decode(said)
        return {each["id"]: each["status"] for each in found}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Desk:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    write_system(tmp_path, CHAT)
    found = Desk(tmp_path, capsys)
    found.types("people", "add", "rosa", "DIR", "--role", "admin")
    found.types("people", "add", "max", "DIR", "--role", "operator", "--as", "rosa")
    return found


def test_a_death_in_the_ledger_decides_that_a_serious_incident_happened(desk: Desk) -> None:
    desk.answers()
    assert desk.duties()["A73-2"] == "undecided"
    desk.harmed("death")
    after = desk.duties()
    assert not {after["A73-2"], after["A73-4"], after["A26-5I"]} & {"undecided", "not_applicable"}
    _, said = desk.types("classify", "DIR")
    assert "ledger (inc-" in said and "serious_incident" not in said.split("questions that come")[1]


def test_answers_that_deny_what_the_ledger_knows_are_a_contradiction(desk: Desk) -> None:
    desk.answers(serious_incident=False)
    assert desk.types("classify", "DIR")[0] == 4
    number = desk.harmed("death")
    for command in ("classify", "obligations"):
        code, said = desk.types(command, "DIR")
        assert code == 1
        assert "facts.yaml" in said and "`serious_incident: false` contradicts the ledger" in said
        assert number in said and "death" in said
    desk.answers(serious_incident=True, incident_type="health")
    assert "`incident_type: 'health'` contradicts the ledger" in desk.types("classify", "DIR")[1]
    desk.answers(serious_incident=True, incident_type="death")
    assert desk.types("classify", "DIR")[0] == 4
    desk.answers(serious_incident=False)
    desk.types("incident", "dismiss", number, "DIR", "--reason", "nobody was hurt", "--as", "rosa",
               "--as", "max")  # fmt: skip
    assert desk.types("classify", "DIR")[0] == 4, "one that is over decides nothing"


def test_the_kind_with_the_shortest_time_to_report_is_the_one_that_counts() -> None:
    known = Happened(harms=("critical_infrastructure", "death"), incidents=("inc-1",))
    assert known.decided(FactSheet())["incident_type"] == "critical_infrastructure"
    said = FactSheet(facts={"incident_type": "death"})
    assert known.decided(said)["incident_type"] == "death"
    assert Happened().decided(said) == {"incident_type": "death"}
