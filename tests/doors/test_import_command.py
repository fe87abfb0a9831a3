"""`roadworthy import`: what is entered, what the gate says of it, and that it decides nothing."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from doubles import outside_results as outside
from doubles.desk import Desk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.flows.workspace.people import add_person


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    made = Desk(tmp_path / "desk")
    add_person(made.loop(), name="ana", roles=["engineer"])
    return made


def call(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = run(VERBS, list(map(str, arguments)))
    said = capsys.readouterr()
    return code, said.out, said.err


def entered(capsys, desk, path, *more):
    code, said, error = call(capsys, "import", path, "--dir", desk.root, *more, "--json")
    assert code == 0, error
    return json.loads(said)


def test_results_are_entered_with_their_origin_and_weaker_trust(desk, capsys, tmp_path):
    path = outside.written(tmp_path / "out.json", outside.promptfoo())
    (told,) = entered(capsys, desk, path)["imported"]
    assert told["trust"] == "imported, not run here"
    entry = next(desk.loop().ledger.entries(kind="evidence.imported"))
    assert entry.seq == told["entry"]
    assert entry.subject == told["files"][0]["digest"]
    assert entry.actor.startswith("person:")
    assert entry.payload["tool"] == "promptfoo"
    assert entry.payload["version"] == "0.121.20"
    assert entry.payload["trust"] == "imported, not run here"
    assert desk.loop().blobs.get_json(entry.payload["results"])["tool"] == "promptfoo"


def test_the_same_files_are_entered_once(desk, capsys, tmp_path):
    path = outside.written(tmp_path / "out.json", outside.promptfoo())
    entered(capsys, desk, path)
    (again,) = entered(capsys, desk, path)["imported"]
    assert again["entered_before"]
    assert len(list(desk.loop().ledger.entries(kind="evidence.imported"))) == 1


def test_a_copy_under_another_name_is_the_same_evidence(desk, capsys, tmp_path):
    path = outside.written(tmp_path / "out.json", outside.promptfoo())
    copy = tmp_path / "again" / "other.json"
    copy.parent.mkdir()
    copy.write_bytes(path.read_bytes())
    (first,) = entered(capsys, desk, path)["imported"]
    (again,) = entered(capsys, desk, copy)["imported"]
    assert again["entered_before"]
    assert again["entry"] == first["entry"]
    code, said, _ = call(capsys, "import", copy, "--dir", desk.root)
    assert code == 0
    assert "(entered before)" in said
    assert len(list(desk.loop().ledger.entries(kind="evidence.imported"))) == 1


def test_naming_the_candidate_adds_a_claim_and_leaving_it_out_adds_none(desk, capsys, tmp_path):
    path = outside.written(tmp_path / "out.json", outside.promptfoo())
    named = ("--candidate", "candidate.yaml")
    told = [entered(capsys, desk, path, *more)["imported"][0] for more in ((), named, named, ())]
    assert [each["entered_before"] for each in told] == [False, False, True, True]


def test_two_copies_in_a_folder_are_entered_once(desk, capsys, tmp_path):
    for name in ("a.json", "b.json"):
        outside.written(tmp_path / "both" / name, outside.promptfoo())
    told = entered(capsys, desk, tmp_path / "both")["imported"]
    assert [each["entered_before"] for each in told] == [False, True]
    assert len(list(desk.loop().ledger.entries(kind="evidence.imported"))) == 1


def test_a_look_enters_nothing(desk, capsys, tmp_path):
    path = outside.written(tmp_path / "out.json", outside.promptfoo())
    code, said, _ = call(capsys, "import", path, "--dir", desk.root, "--look")
    assert code == 0
    assert "imported, not run here" in said
    assert not list(desk.loop().ledger.entries(kind="evidence.imported"))


def test_a_version_never_seen_is_the_users_matter_and_enters_nothing(desk, capsys, tmp_path):
    strange = outside.written(tmp_path / "out.json", outside.inspect_log(version=7))
    code, _, error = call(capsys, "import", strange, "--dir", desk.root)
    assert code == 1
    assert "version 7" in error
    assert not list(desk.loop().ledger.entries(kind="evidence.imported"))


def test_the_gate_takes_no_imported_figure_for_data(desk, capsys, tmp_path):
    samples = outside.inspect_samples(["C"] * 400)
    log = outside.written(tmp_path / "log.json", outside.inspect_log(samples))
    entered(capsys, desk, log, "--candidate", "candidate.yaml")
    code, said, _ = call(capsys, "gate", desk.root, "--json")
    told = json.loads(said)
    assert code == 4
    assert told["decision"] == "INCONCLUSIVE"
    assert told["slos"] == []
    assert any("imported, not run here: inspect_ai" in note for note in told["notes"])


def test_a_tool_whose_file_names_no_version_is_named_without_a_gap(desk, capsys, tmp_path):
    path = outside.written(tmp_path / "run.json", outside.deepeval())
    assert "deepeval: " in call(capsys, "import", path, "--dir", desk.root, "--look")[1]
    entered(capsys, desk, path, "--candidate", "candidate.yaml")
    told = json.loads(call(capsys, "gate", desk.root, "--json")[1])
    assert any("not run here: deepeval on " in note for note in told["notes"])


def test_the_gate_decides_the_same_beside_an_import(desk, capsys, tmp_path):
    asyncio.run(desk.evaluate())
    before = json.loads(call(capsys, "gate", desk.root, "--json")[1])
    bad = outside.inspect_log(outside.inspect_samples(["I"] * 400))
    entered(capsys, desk, outside.written(tmp_path / "log.json", bad), "--candidate",
            "candidate.yaml")  # fmt: skip
    after = json.loads(call(capsys, "gate", desk.root, "--json")[1])
    assert after["slos"] == before["slos"]
    assert after["decision"] == before["decision"]
    assert set(after["notes"]) - set(before["notes"])


def test_what_is_about_no_candidate_stands_beside_no_decision(desk, capsys, tmp_path):
    entered(capsys, desk, outside.written(tmp_path / "log.json", outside.inspect_log()))
    told = json.loads(call(capsys, "gate", desk.root, "--json")[1])
    assert not any("imported" in note for note in told["notes"])


def test_the_report_shows_it_apart(desk, capsys, tmp_path):
    asyncio.run(desk.inspect())
    hostile = outside.inspect_log()
    hostile["eval"]["task"] = "<script>alert(1)</script>"
    entered(capsys, desk, outside.written(tmp_path / "log.json", hostile), "--candidate",
            "candidate.yaml")  # fmt: skip
    out = tmp_path / "run.html"
    assert call(capsys, "report", desk.root, "--out", out)[0] == 0
    page = out.read_text(encoding="utf-8")
    assert "imported, not run here" in page
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_without_a_file_it_lists(desk, capsys, tmp_path):
    assert "Nothing was imported" in call(capsys, "import", "--dir", desk.root)[1]
    entered(capsys, desk, outside.written(tmp_path / "log.json", outside.inspect_log()))
    assert "inspect_ai" in call(capsys, "import", "--dir", desk.root)[1]
