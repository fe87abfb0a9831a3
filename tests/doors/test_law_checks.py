"""Faults of catalogues and of answers to the law, as `check` and `classify` name them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"
POLICY = """\
roadworthy: 1
catalogue: policy
version: "1"
title: Our policy
state: "2026-11-01"
source: the board
extends: [EXTENDS]
facts:
- {id: FACT, question: Is it?}
"""


@pytest.fixture
def system(tmp_path: Path) -> Path:
    skipped = shutil.ignore_patterns(".roadworthy", "__pycache__")
    shutil.copytree(EXAMPLE, tmp_path / "desk", ignore=skipped)
    return tmp_path / "desk"


def checked(system: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    code = run(VERBS, ["check", str(system), "--json"])
    return code, msgspec.json.decode(capsys.readouterr().out)["errors"]


def write_policy(system: Path, *, extends: str = "eu-ai-act", fact: str = "ours") -> None:
    text = POLICY.replace("EXTENDS", extends).replace("FACT", fact)
    (system / "catalogues" / "policy.yaml").write_text(text)


def test_check_reads_catalogues_and_answers_too(
    system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(system, capsys) == (0, [])
    write_policy(system)
    assert checked(system, capsys) == (0, [])


@pytest.mark.parametrize(
    ("extends", "fact", "line", "said"),
    [
        ("policy, eu-ai-act", "ours", 7, "it extends itself"),
        ("eu-ai-act", "ai_system", 9, "`ai_system` is a fact of eu-ai-act"),
        ("nowhere", "ours", 7, "there is no catalogue `nowhere`"),
    ],
)
def test_a_fault_of_a_catalogue_is_named_with_the_file_in_its_folder(
    system: Path,
    capsys: pytest.CaptureFixture[str],
    extends: str,
    fact: str,
    line: int,
    said: str,
) -> None:
    write_policy(system, extends=extends, fact=fact)
    code, errors = checked(system, capsys)
    assert (code, errors[0]["file"], errors[0]["line"]) == (1, "catalogues/policy.yaml", line)
    assert said in errors[0]["message"]
    assert errors[0]["fix"]


@pytest.mark.parametrize("verb", ["check", "classify", "obligations"])
def test_an_answer_that_no_catalogue_asks_for_is_a_fault(
    system: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    facts = system / "facts.yaml"
    facts.write_text(facts.read_text() + "  generates_csm: true\n  is_cool: true\n")
    assert run(VERBS, [verb, str(system)]) == 1
    out = capsys.readouterr()
    assert "`generates_csm` is no question of any catalogue" in out.out + out.err
    assert "did you mean `generates_csam`?" in out.out + out.err
    assert "`is_cool` is no question" in out.out + out.err


def test_the_charter_may_say_more_than_the_law_asks_and_nothing_misspelt(
    system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    charter = system / "charter.yaml"
    assert "processes_health_data" in charter.read_text()
    charter.write_text(charter.read_text().replace("  ai_system: true", "  ai_sytem: true"))
    _, errors = checked(system, capsys)
    assert [(one["file"], one["fix"].partition("?")[0]) for one in errors] == [
        ("charter.yaml", "did you mean `ai_system`"),
    ]


def test_answers_that_contradict_each_other_are_found_by_check(
    system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = system / "facts.yaml"
    facts.write_text(facts.read_text().replace('annex_iii_point: ""', 'annex_iii_point: "4a"'))
    code, errors = checked(system, capsys)
    assert code == 1
    assert any("contradicts" in one["message"] for one in errors)


def test_an_answer_that_only_an_ai_system_is_asked_contradicts_that_it_is_none(
    system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = system / "other.yaml"
    sheet.write_text('roles: [provider]\nfacts: {ai_system: false, annex_iii_point: "4a"}\n')
    assert run(VERBS, ["classify", str(system), "--answers", str(sheet)]) == 1
    error = capsys.readouterr().err
    assert "`annex_iii_point: '4a'` contradicts `ai_system: false`" in error


def test_a_time_zone_that_is_none_is_a_fault_like_any_other(
    system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    charter = system / "charter.yaml"
    charter.write_text(charter.read_text().replace("Europe/Berlin", "Mars/Olympus"))
    code, errors = checked(system, capsys)
    assert (code, "Mars/Olympus" in errors[0]["message"]) == (1, True)


def test_what_will_be_prohibited_is_said_with_its_day(
    system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = system / "facts.yaml"
    facts.write_text(facts.read_text().replace("generates_csam: false", "generates_csam: true"))
    charter = system / "charter.yaml"
    charter.write_text(charter.read_text().replace("  risk_class: other\n", ""))
    asked = ["classify", str(system), "--on", "2026-12-01"]
    assert run(VERBS, asked) == 0
    assert "class from 2026-12-02 on: prohibited" in capsys.readouterr().out
    run(VERBS, [*asked, "--json"])
    said = msgspec.json.decode(capsys.readouterr().out)
    assert (said["class"], said["later"]) == (
        "other",
        [{"class": "prohibited", "from": "2026-12-02"}],
    )
    assert run(VERBS, ["classify", str(system), "--on", "2026-12-02"]) == 3


def test_how_sure_a_date_is_stands_beside_it(
    system: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = system / "other.yaml"
    facts = "{ai_system: true, annex_iii_point: 8a, profiling: false, art6_3_derogation: true}"
    sheet.write_text(f"roles: [provider]\nfacts: {facts}\n")
    given = [str(system), "--answers", str(sheet), "--on", "2026-11-23"]
    run(VERBS, ["classify", *given, "--json"])
    said = msgspec.json.decode(capsys.readouterr().out)
    coming = {one["id"]: one for one in said["coming"]}
    assert (coming["A49-2"]["date_confidence"], coming["A49-2"]["formal_from"]) == (
        "disputed",
        "2026-08-02",
    )
    run(VERBS, ["classify", *given])
    assert "disputed confidence" in capsys.readouterr().out.replace("\n", " ")
    run(VERBS, ["obligations", *given, "--json"])
    duties = {one["id"]: one for one in msgspec.json.decode(capsys.readouterr().out)}
    assert duties["A49-2"]["date_confidence"] == "disputed"
