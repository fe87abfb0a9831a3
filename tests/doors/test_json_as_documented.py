"""Keys that the page about JSON promises are in what each command prints."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from doubles import mlflow_answers as real
from doubles import outside_results as outside
from doubles.desk import Desk as System
from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import Mitigation
from roadworthy.flows.drills.probing import Probed

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "json.md"
LETTER = re.compile(r"`(\w+)`")
TWO = ("--as", "bob", "--as", "cleo", "--reason", "it leaks")


def promised() -> dict[str, set[str]]:
    """Command -> keys of the object that it prints; what stands in brackets is within a key."""
    found: dict[str, set[str]] = {}
    for names, keys in re.findall(r"^\| (.+?) \| (`.+) \|$", PAGE.read_text("utf-8"), re.MULTILINE):
        top = LETTER.findall(re.sub(r"\([^)]*\)", "", keys.partition(";")[0]))
        of = "of results" if "of results" in names else ""
        for name in re.findall(r"`([^`]+)`", names):
            found[f"{name} {of}".strip()] = set(top)
    return found


PROMISED = promised()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return tmp_path


class Desk:
    """Types commands and holds what they print against the page."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self._capsys = capsys
        self.seen: set[str] = set()

    def types(self, name: str, *words: object, ends: tuple[int, ...] = (0,), row: str = "") -> Any:
        self._capsys.readouterr()
        code = run(VERBS, [*name.split(), *map(str, words), "--json"])
        said = self._capsys.readouterr()
        assert code in ends, f"{name}: {said.err or said.out[:400]}"
        found = json.loads(said.out)
        assert found, name
        for one in found if isinstance(found, list) else [found]:
            assert PROMISED[row or name] - set(one) == set(), name
        self.seen.add(row or name)
        return found


def test_what_the_law_and_the_papers_print(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(home, capsys)
    any_end = (0, 3, 4)
    facts = "roadworthy: 1\nroles: [provider]\nfacts: {ai_system: true}\n"
    (home / "facts.yaml").write_text(facts)
    desk.types("scope", home, ends=any_end)
    desk.types("classify", home, ends=any_end)
    paper = tmp_path / "policy.md"
    paper.write_text("We look twice.")
    desk.types("record", "training_record", paper, home, "--as", "bob")
    duties = desk.types("obligations", home, "--catalogue", "iso-42001", ends=any_end)
    proofs = [one for duty in duties for one in duty["evidence"]]
    assert proofs
    assert all(PROMISED["evidence"] == set(one) for one in proofs)
    phases = desk.types("matrix", home, ends=any_end)["phases"]
    cells = [one for phase in phases for cell in phase["cells"] for one in cell["evidence"]]
    within = PROMISED["evidence"] - {"entry", "fresh_until"} | {"seq", "until"}
    assert cells
    assert all(within == set(one) for one in cells)
    desk.types("document", "model-card", home, "--out", tmp_path / "card.md", ends=any_end)
    desk.types("dossier", home, "--out", tmp_path / "dossier.zip", ends=any_end)
    brought = ("--dir", home, "--as", "bob")
    desk.types("import", real.FILES, "--run", real.IN_FILES["second"], *brought)
    results = outside.written(tmp_path / "out.json", outside.promptfoo())
    desk.types("import", results, *brought, row="import of results")


def test_what_people_and_brakes_print(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    desk = Desk(home, capsys)
    desk.types("people list", home)
    rail = desk.types("emergency add", "no-mauve", home, "--word", "mauve", *TWO)["rail"]
    assert PROMISED["emergency list"] == set(rail)
    desk.types("emergency list", home)
    desk.types("mitigation list", home)
    desk.types("status", home, ends=(0, 3, 4))
    desk.types("emergency lift", "no-mauve", home, *TWO)
    desk.types("waiver list", home)


def test_what_findings_print(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = System(tmp_path / "desk").root
    Desk(home, capsys).types("finding list", home)


def test_what_a_probe_and_a_mitigation_print() -> None:
    assert PROMISED["probe"] == {*Probed.__struct_fields__, "entry"}
    assert PROMISED["mitigation list"] - set(Mitigation.__struct_fields__) == set()


@pytest.mark.parametrize(
    "verb",
    ["scope", "classify", "obligations", "matrix", "document", "dossier", "record", "import",
     "people", "status", "mitigation", "emergency", "probe", "finding", "waiver", "model"],
)  # fmt: skip
def test_each_verb_has_its_row(verb: str) -> None:
    assert any(name.split()[0] == verb for name in PROMISED)
