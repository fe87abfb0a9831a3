"""`roadworthy classify` by its output and exit code."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.systems_by_law import SYSTEM, as_file
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"
SHEET = as_file("provider", **{**SYSTEM, "annex_iii_point": "4a", "profiling": True})


@pytest.fixture
def system(tmp_path: Path) -> Path:
    shutil.copytree(
        EXAMPLE, tmp_path / "desk", ignore=shutil.ignore_patterns(".roadworthy", "__pycache__")
    )
    return tmp_path / "desk"


def classify(system: Path, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, Any]:
    code = run(VERBS, ["classify", str(system), "--json", *options])
    out = capsys.readouterr()
    return code, msgspec.json.decode(out.out) if code in (0, 3, 4) else out.out + out.err


def test_the_example_is_neither_prohibited_nor_high_risk(
    system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = classify(system, capsys, "--on", "2026-11-22")
    assert (code, said["class"], said["duties"]) == (0, "other", ["A4-1"])


def test_answers_of_a_file_stand_alone(system: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = system / "other.yaml"
    sheet.write_text(SHEET)
    code, said = classify(system, capsys, "--answers", str(sheet), "--on", "2026-11-22")
    assert (said["roles"], said["class"]) == (["provider"], "high")
    assert "A9-1" in [one["id"] for one in said["coming"]]
    assert (code, "serious_incident" in said["questions"]) == (4, True)


def test_a_prohibited_practice_is_refused(system: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sheet = system / "other.yaml"
    sheet.write_text(SHEET.replace("practice_c: false", "practice_c: true"))
    code, said = classify(system, capsys, "--answers", str(sheet))
    assert (code, said["class"]) == (3, "prohibited")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("practice_a: false", "practice_a: maybe", "prohibited_practice_a"),
        ("annex_iii_point: 4a", "annex_iii_point: 9z", "'9z' is no choice"),
        ("roles: [provider]", "roles: [cook]", "`cook` is no role"),
        ("  profiling: true", "  profiling: true\n  risk_class: other", "contradicts"),
        ("  profiling: true", "  profiling: true\n  training_flop: -1", "no amount"),
        ("  profiling: true", "  profiling: true\n  placed_on_market: soon", "no day"),
    ],
)
def test_bad_answers_are_refused_and_named(
    system: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    sheet = system / "other.yaml"
    sheet.write_text(SHEET.replace(old, new))
    code, error = classify(system, capsys, "--answers", str(sheet))
    assert (code, said in error) == (1, True), error


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("annex_iii_point: 4a", "annex_iii_point: ''"), "no point of Annex III"),
        (
            ("profiling: true", "profiling: false\n  art6_3_derogation: true"),
            "Article 6(3) is claimed",
        ),
        (("", ""), "Annex III: point 4"),
    ],
)
def test_the_steps_say_which_of_both_it_is(
    system: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], says: str
) -> None:
    sheet = system / "other.yaml"
    sheet.write_text(SHEET.replace(*change))
    run(VERBS, ["classify", str(system), "--answers", str(sheet)])
    out = capsys.readouterr().out
    assert says in out
    assert ", or the derogation" not in out
    assert "--record" not in out, "it would be refused"
    assert "put the answers into facts.yaml" in out


@pytest.mark.parametrize("text", ["", "{}\n", "facts: {}\n", "facts: {ai_system: unknown}\n"])
def test_a_file_without_an_answer_is_refused(
    system: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    sheet = system / "empty.yaml"
    sheet.write_text(text)
    code, error = classify(system, capsys, "--answers", str(sheet))
    assert (code, "it answers nothing" in error) == (1, True), error


def test_roles_of_the_charter_are_named_as_such(
    system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = system / "other.yaml"
    sheet.write_text(SHEET.replace("roles: [provider]\n", ""))
    _, said = classify(system, capsys, "--answers", str(sheet))
    assert (said["roles"], said["answers"]) == (["deployer"], "other.yaml, roles of charter.yaml")
    sheet.write_text(SHEET)
    assert classify(system, capsys, "--answers", str(sheet))[1]["answers"] == "other.yaml"


def test_a_contradiction_names_every_line_of_it_and_no_other(
    system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = system / "other.yaml"
    sheet.write_text(SHEET + "  risk_class: other\n")
    assert run(VERBS, ["classify", str(system), "--answers", str(sheet)]) == 1
    error = capsys.readouterr().err
    last = len(SHEET.splitlines()) + 1
    assert f"other.yaml:{last}: `risk_class: 'other'` contradicts" in error
    for fact in ("annex_iii_point", "ai_system"):
        line = next(n for n, one in enumerate(SHEET.splitlines(), 1) if f"  {fact}:" in one)
        assert f"`{fact}: " in error
        assert f"(other.yaml, line {line})" in error
    assert "profiling" not in error, "what the contradiction does not need is not named"


def test_two_files_that_answer_otherwise_are_named_with_both_lines(
    system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (system / "facts.yaml").write_text("facts:\n  profiling: true\n")
    assert run(VERBS, ["classify", str(system)]) == 1
    error = capsys.readouterr().err
    lines = (system / "charter.yaml").read_text().splitlines()
    line = lines.index("  profiling: false") + 1
    assert f"facts.yaml:2: facts.yaml and charter.yaml (line {line}) answer otherwise" in error


def test_what_has_no_line_is_named_without_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(VERBS, ["classify", str(tmp_path / "nodir")]) == 1
    assert ":0:" not in capsys.readouterr().err


def test_a_recorded_classification_says_who_answered_for_which_purpose(
    system: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADWORTHY_HOME", str(system / ".roadworthy"))
    assert run(VERBS, ["people", "add", "rosa", "--role", "risk_officer", str(system)]) == 0
    capsys.readouterr()
    code, said = classify(system, capsys, "--record", "--as", "rosa")
    assert (code, said["entry"] is not None) == (0, True)
    assert run(VERBS, ["ledger", "show", str(said["entry"]), str(system), "--json"]) == 0
    entry = msgspec.json.decode(capsys.readouterr().out)
    payload = entry["payload"]
    assert (entry["kind"], payload["by"], payload["class"]) == (
        "system.classified",
        "rosa",
        "other",
    )
    assert payload["purpose"].startswith("sha256:")
    assert payload["facts"]["annex_iii_point"] == ""


def test_who_may_not_classify_records_nothing(
    system: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADWORTHY_HOME", str(system / ".roadworthy"))
    assert run(VERBS, ["people", "add", "ria", "--role", "reviewer", str(system)]) == 0
    capsys.readouterr()
    code = run(VERBS, ["classify", str(system), "--record", "--as", "ria"])
    assert code == 3


def obligations(
    system: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> tuple[int, dict[str, Any]]:
    code = run(VERBS, ["obligations", str(system), "--json", *options])
    return code, {one["id"]: one for one in msgspec.json.decode(capsys.readouterr().out)}


def test_a_duty_is_met_once_its_evidence_was_entered(
    system: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADWORTHY_HOME", str(system / ".roadworthy"))
    assert run(VERBS, ["people", "add", "rosa", "--role", "risk_officer", str(system)]) == 0
    capsys.readouterr()
    code, before = obligations(system, capsys)
    assert (code, before["A4-1"]["status"]) == (4, "needs_a_person")
    for kind in ("training_record", "policy_document"):
        file = system.parent / f"{kind}.txt"
        file.write_text(kind)
        assert run(VERBS, ["record", kind, str(file), str(system), "--as", "rosa"]) == 0
    capsys.readouterr()
    code, after = obligations(system, capsys)
    assert (code, after["A4-1"]["status"]) == (0, "met")
    assert [one["kind"] for one in after["A4-1"]["evidence"]] == [
        "training_record", "policy_document",
    ]  # fmt: skip
    assert all(one["entered"] for one in after["A4-1"]["evidence"]), "a person vouches for it"


def test_a_classification_proves_itself_only_for_the_purpose_it_was_made_for(
    staffed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(staffed, SHEET)
    day = ("--on", "2027-12-02")
    run(VERBS, ["classify", str(staffed), "--record", "--as", "rosa", *day])
    capsys.readouterr()
    code, said = obligations(staffed, capsys, *day)
    assert (code, said["A6-CLASS"]["status"]) == (3, "met")
    assert not said["A6-CLASS"]["evidence"][0]["entered"]
    run(VERBS, ["obligations", str(staffed), *day])
    assert "Nobody has entered this classification" not in capsys.readouterr().out
    charter = staffed / "charter.yaml"
    charter.write_text(charter.read_text().replace("intended_purpose: ", "intended_purpose: Now "))
    assert obligations(staffed, capsys, *day)[1]["A6-CLASS"]["status"] == "missing"


@pytest.fixture
def staffed(
    system: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Path:
    monkeypatch.setenv("ROADWORTHY_HOME", str(system / ".roadworthy"))
    assert run(VERBS, ["people", "add", "rosa", "--role", "risk_officer", str(system)]) == 0
    capsys.readouterr()
    return system


def answer(system: Path, sheet: str) -> None:
    """The system's own answers are these alone."""
    charter = system / "charter.yaml"
    head, _, rest = charter.read_text().partition("\nfacts:\n")
    roles = "\nroles: []\n" if "\nroles:" not in head else "\n"
    kept = rest[rest.index("\n\n") :]
    charter.write_text(head.replace("roles: [deployer]", "roles: [provider]") + roles + kept)
    (system / "facts.yaml").write_text(sheet)


def test_a_look_at_the_system_as_another_is_not_recorded(
    staffed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(staffed, SHEET)
    low = staffed / "low.yaml"
    low.write_text("roles: [provider]\nfacts: {no_union_link: true}\n")
    code, said = classify(staffed, capsys, "--answers", str(low))
    assert said["class"] == "out_of_scope", "a look is for everybody"
    code, error = classify(staffed, capsys, "--answers", str(low), "--record", "--as", "rosa")
    assert code == 1
    assert "low.yaml looks at" in error
    assert "facts.yaml" in error
    run(VERBS, ["ledger", "list", str(staffed), "--json"])
    assert "system.classified" not in capsys.readouterr().out


def test_the_systems_own_answers_are_recorded_from_another_file_too(
    staffed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(staffed, SHEET)
    same = staffed / "same.json"
    lines = (line.strip().partition(": ") for line in SHEET.splitlines()[2:])
    words = {"true": True, "false": False}
    facts = {name: words.get(value, value) for name, _, value in lines}
    same.write_bytes(msgspec.json.encode({"roles": ["provider"], "facts": facts}))
    code, said = classify(staffed, capsys, "--answers", str(same), "--record", "--as", "rosa")
    assert (code, said["entry"] is not None) == (4, True), said


def test_a_weaker_class_that_was_recorded_weakens_neither_duties_nor_matrix(
    staffed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer(staffed, "roles: [provider]\nfacts: {no_union_link: true}\n")
    assert classify(staffed, capsys, "--record", "--as", "rosa")[1]["class"] == "out_of_scope"
    (staffed / "facts.yaml").write_text(SHEET)
    run(VERBS, ["matrix", str(staffed), "--json"])
    assert msgspec.json.decode(capsys.readouterr().out)["profile"] == "strict"
    _, said = obligations(staffed, capsys, "--on", "2027-12-02")
    assert said["A9-1"]["in_force"]
    assert said["A6-CLASS"]["status"] == "missing", "what was recorded is not of these answers"


def test_several_systems_are_told_side_by_side(
    system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = system.parent / "other"
    shutil.copytree(system, other)
    run(VERBS, ["obligations", str(system), str(other), "--json"])
    said = msgspec.json.decode(capsys.readouterr().out)
    assert [len(one["duties"]) for one in said] == [100, 100]


def test_the_matrix_shows_what_is_open(system: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(VERBS, ["matrix", str(system), "--json"])
    said = msgspec.json.decode(capsys.readouterr().out)
    cells = {cell["id"]: cell for phase in said["phases"] for cell in phase["cells"]}
    assert (code, said["profile"]) == (4, "light")
    assert cells["fmea"]["status"] == "done"
    assert cells["traceability"]["status"] == "open"
    done = {cell["id"]: cell["status"] for phase in said["phases"] for cell in phase["tasks"]}
    assert (done["feasibility"], done["monitor"], done["integrate"]) == (
        "done",
        "open",
        "not_needed",
    )
