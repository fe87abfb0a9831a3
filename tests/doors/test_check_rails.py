"""`check` says what the output rails mean for a stream, and which of them cannot be built."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from doubles.systems import FILES, write_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

Door = Callable[..., tuple[int, str]]
SECTION = "What the output rails mean for a stream"
CHARTER = FILES["charter.yaml"]
STREAMING = CHARTER.replace(CHARTER[CHARTER.index("- id: lost-letter") : CHARTER.index("use:")], "")
"""The charter without the never event whose expression needs the whole answer."""


@pytest.fixture
def door(capsys: pytest.CaptureFixture[str]) -> Door:
    def call(*arguments: object) -> tuple[int, str]:
        code = run(VERBS, [str(argument) for argument in arguments])
        return code, capsys.readouterr().out

    return call


def faults_of(door: Door, root: Path) -> list[dict[str, Any]]:
    code, said = door("check", root, "--json")
    found = json.loads(said)
    assert code == (1 if found["errors"] else 0)
    assert (found["rails"] is None) == bool(found["errors"])
    return list(found["errors"])


def rails(text: str) -> str:
    return "rails:\n- id: one\n  on: output\n" + text


def test_check_names_the_rail_that_collects_the_answer(door: Door, tmp_path: Path) -> None:
    code, said = door("check", write_system(tmp_path))
    assert code == 0
    section = said[said.index(SECTION) :]
    assert section.index("no-iban") < section.index("holds back what a match may begin with")
    assert "never:lost-letter   must see the whole answer" in section
    assert "leaves in one piece, because of never:lost-letter." in section
    assert said.index("four clauses") < said.index(SECTION) < said.index("Next: ")


def test_check_says_how_far_a_stream_lags(door: Door, tmp_path: Path) -> None:
    _, said = door("check", write_system(tmp_path, {"charter.yaml": STREAMING}))
    assert "characters behind the model, because of no-iban." in said


def test_check_of_rails_that_only_flag_holds_nothing_back(door: Door, tmp_path: Path) -> None:
    flag = rails("  detector: pii\n  action: flag\n")
    charter = STREAMING.replace(
        "  statement: An account", "  inline: false\n  statement: An account"
    )
    _, said = door("check", write_system(tmp_path, {"charter.yaml": charter, "rails.yaml": flag}))
    assert "only flags" in said
    assert "looked at right after the answer left" in said
    assert "leaves as the model writes it" in said


def test_check_json_has_a_row_per_output_rail(door: Door, tmp_path: Path) -> None:
    _, said = door("check", write_system(tmp_path), "--json")
    rows = json.loads(said)["rails"]
    assert [row["rail"] for row in rows] == ["no-iban", "never:reveals-iban", "never:lost-letter"]
    assert [row["collects"] for row in rows] == [False, False, True]
    assert rows[0]["holds_back"] > 0 and rows[2]["holds_back"] == 0
    assert all(set(row) == {"rail", "collects", "holds_back", "note"} for row in rows)


def test_a_broken_contract_says_that_its_rails_were_not_looked_at(
    door: Door, tmp_path: Path
) -> None:
    code, said = door("check", write_system(tmp_path, {"rails.yaml": "rail: []"}))
    assert code == 1
    assert f"{SECTION}: not looked at" in said


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("  detector: pii\n  action: label\n", "has nothing to say"),
        ("  detector: pii\n  action: flag\n  budget_ms: 0\n", "budget_ms 0"),
        ("  detector: pii\n  action: flag\n  options: {kinds: [IBANN]}\n", "names `IBANN`"),
        ("  detector: deny\n  action: flag\n  options: {words: 3}\n", "words"),
        ("  detector: classifier\n  action: flag\n  options: {weights: {a: b}}\n", "weights"),
    ],
)
def test_a_rail_that_cannot_be_built_is_a_fault_at_its_line(
    door: Door, tmp_path: Path, rest: str, message: str
) -> None:
    sound = "rails:\n- id: zero\n  detector: pii\n  on: output\n  action: redact\n"
    text = sound + rails(rest).removeprefix("rails:\n")
    (fault,) = faults_of(door, write_system(tmp_path, {"rails.yaml": text}))
    assert (fault["file"], fault["line"]) == ("rails.yaml", 6)
    assert message in fault["message"]
    assert fault["fix"]


def test_every_rail_and_never_event_that_cannot_be_built_is_told_once(
    door: Door, tmp_path: Path
) -> None:
    charter = CHARTER.replace(
        """    pattern:
      patterns: ["[A-Z]{2}[0-9]{20}"]""",
        """    classifier: {detector: pii, threshold: 0.5, options: {kinds: [IBANN]}}""",
    )
    text = rails("  detector: pii\n  action: flag\n  budget_ms: 0\n")
    root = write_system(tmp_path, {"charter.yaml": charter, "rails.yaml": text})
    faults = faults_of(door, root)
    assert [(one["file"], one["line"]) for one in faults] == [
        ("charter.yaml", 12),
        ("rails.yaml", 2),
    ]
    assert "never event `reveals-iban`" in faults[0]["message"]


def test_the_faults_are_told_in_the_file_that_the_candidate_names(
    door: Door, tmp_path: Path
) -> None:
    candidate = FILES["candidate.yaml"].replace("rails: rails.yaml", "rails: strict.yaml")
    text = rails("  detector: pii\n  action: label\n")
    root = write_system(tmp_path, {"candidate.yaml": candidate, "strict.yaml": text})
    (fault,) = faults_of(door, root)
    assert (fault["file"], fault["line"]) == ("strict.yaml", 2)


def test_what_check_found_before_is_not_told_twice(door: Door, tmp_path: Path) -> None:
    text = rails("  detector: pattern\n  action: flag\n  options: {patterns: ['(?=x)']}\n")
    assert len(faults_of(door, write_system(tmp_path, {"rails.yaml": text}))) == 1


def test_check_says_which_rails_ask_outside_and_that_the_answer_waits(
    door: Door, tmp_path: Path
) -> None:
    deep = "  detector: http\n  budget_ms: 1500\n  options: {upstream: lab}\n"
    files = {"charter.yaml": STREAMING, "rails.yaml": rails(deep)}
    _, said = door("check", write_system(tmp_path, files))
    note = "asks outside, at most 1500 ms, so nothing leaves before the answer is complete"
    assert f"{note}; without a word it is blocked" in said
    assert "leaves in one piece, because of one." in said
    tells = {**files, "rails.yaml": rails(f"{deep}  action: flag\n  on_timeout: open\n")}
    _, said = door("check", write_system(tmp_path, tells))
    assert (
        "asks outside, at most 1500 ms, when the answer is complete; without a word it passes"
        in (said)
    )
    assert "leaves in one piece" not in said


@pytest.mark.parametrize(
    ("options", "fault"),
    [("{canary: [ZEBRA-4711-QUARTZ]}", "does not stand in prompts/sort.md"),
     ("{words: 40}", "the release's prompt has no 40 words in a row")],
)  # fmt: skip
def test_check_names_a_prompt_that_could_not_be_found(
    door: Door, tmp_path: Path, options: str, fault: str
) -> None:
    text = rails(f"  detector: prompt_leak\n  options: {options}\n")
    (found,) = faults_of(door, write_system(tmp_path, {"rails.yaml": text}))
    assert (found["file"], found["line"]) == ("rails.yaml", 2)
    assert fault in found["message"]


def test_check_names_an_egress_that_cannot_be_built(door: Door, tmp_path: Path) -> None:
    text = "egress: {regions: [EU], kinds: [NAMES]}\nrails: []\n"
    (found,) = faults_of(door, write_system(tmp_path, {"rails.yaml": text}))
    assert found["file"] == "rails.yaml"
    assert "names `NAMES`" in found["message"]
