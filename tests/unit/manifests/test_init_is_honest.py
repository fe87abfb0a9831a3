"""What `init` writes can be passed by a sensible system, and asks again at once what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from roadworthy.cli.init import ask_all
from roadworthy.domain import UsageError
from roadworthy.manifests import (
    QUESTIONS,
    check_system,
    draft_system,
    refuse_occupied,
    take_answers,
    write_system,
    wrong_answer,
)

ANSWERS: dict[str, Any] = {
    "system": "letters",
    "title": "Letters",
    "human_goal": "Every letter is answered.",
    "intended_purpose": "Sort letters.",
    "owner": "Ada",
    "labels": {"bills": "money", "praise": "thanks"},
}


class Person:
    """Answers questions from a script: (a word of the question, the replies in turn)."""

    def __init__(self, **replies: list[str]) -> None:
        self.replies = replies
        self.asked: list[str] = []

    def __call__(self, words: str, default: str) -> str:
        question = next(one for one in QUESTIONS if words.startswith(one.text))
        self.asked.append(question.id)
        left = self.replies.get(question.id)
        return left.pop(0) if left else (default or str(question.example))


def test_a_wrong_answer_is_asked_again_and_the_others_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    person = Person(
        system=["My Desk", "my-desk"], title=["", "Desk"], labels=["one", "one, two"],
        accuracy=["often", "80", "0.8"], model=["remote", "openai_compatible"],
        url=["", "https://api.example.org/v1"], credential=["sk-123", "env:KEY"],
    )  # fmt: skip
    given = ask_all(tmp_path / "new", person)
    assert take_answers(given).system == "my-desk"
    assert person.asked.count("system") == 2
    assert person.asked.count("accuracy") == 3
    assert person.asked.count("owner") == 1
    said = capsys.readouterr().out
    assert "`My Desk` is no system name" in said
    assert "at least two `labels`" in said
    assert "sk-123" not in said


@pytest.mark.parametrize("question", [one for one in QUESTIONS if one.asked], ids=lambda q: q.id)
def test_every_question_takes_its_own_example(question: Any, tmp_path: Path) -> None:
    assert ask_all(tmp_path / "new", Person(**{question.id: [question.example]}))


def test_answers_so_far_are_judged_without_those_to_come() -> None:
    assert wrong_answer({"system": "a"}) is None
    assert wrong_answer({"system": "A b"}) is not None
    assert wrong_answer({"task": "decision", "labels": {}}) is not None


def test_an_occupied_folder_is_said_before_the_first_question(tmp_path: Path) -> None:
    (tmp_path / "charter.yaml").write_text("mine")
    with pytest.raises(UsageError, match="nothing was asked"):
        refuse_occupied(tmp_path)


def test_a_copied_note_says_what_is_to_be_filled_in_and_is_sound_yaml(tmp_path: Path) -> None:
    write_system(tmp_path, draft_system(take_answers(ANSWERS)))
    note = (tmp_path / "deliberation-note.template.md").read_text(encoding="utf-8")
    (tmp_path / "deliberation-note.md").write_text(note, encoding="utf-8")
    said = [one.message for one in check_system(tmp_path) if one.file == "deliberation-note.md"]
    assert not any("not valid YAML" in message for message in said), said
    assert any("no candidate's digest" in message for message in said)
    assert any("no date" in message for message in said)


def test_no_objective_of_the_gate_is_beyond_the_sixty_cases_that_init_asks_for(
    tmp_path: Path,
) -> None:
    """A sensible system: 58 of 60 right, sure of itself as it should be, no errors."""
    from roadworthy.domain import Observation, RailVerdict
    from roadworthy.flows.gate.baseline import Baseline
    from roadworthy.flows.gate.judging import Evidence, judge
    from roadworthy.manifests import load_system

    write_system(tmp_path, draft_system(take_answers(ANSWERS)))
    system = load_system(tmp_path)
    looked = RailVerdict(
        rail="never:personal-data-out", side="output", outcome="passed",
        never_event="personal-data-out",
    )  # fmt: skip
    rows = [
        Observation(
            id=f"o{at}", time="t", system="letters", release="r", stage="eval", case=f"c{at}",
            label="bills", decision="praise" if at < 2 else "bills", confidence=0.95,
            rails=(looked,),
        )
        for at in range(60)
    ]  # fmt: skip
    evidence = Evidence(rows=rows, baseline=Baseline(absent="none"), never=system.charter.never)
    judged, _ = judge(system.slos.slos, evidence)
    assert {one.name: str(one.verdict) for one in judged} == {
        "never_events": "PASS",
        "never_event_violations": "PASS",
        "accuracy": "PASS",
        "decision_ece": "PASS",
        "error_rate_24h": "PASS",
    }


def test_answers_read_back_as_json_are_the_same(tmp_path: Path) -> None:
    given = ask_all(tmp_path / "new", Person())
    assert json.loads(json.dumps(given)) == given


@pytest.mark.parametrize("task", ["decision", "chat"])
def test_what_init_writes_is_warned_of_for_the_cases_that_wait_only(
    tmp_path: Path, task: str
) -> None:
    write_system(tmp_path, draft_system(take_answers({**ANSWERS, "task": task})))
    assert {fault.file for fault in check_system(tmp_path)} == {"suites/cases/main.jsonl"}


def test_a_rule_model_is_in_the_candidates_digest_and_needs_no_other(tmp_path: Path) -> None:
    texts = draft_system(take_answers(ANSWERS))
    model = texts["candidate.yaml"].split("model:\n")[1].split("prompt:")[0]
    texts["candidate.yaml"] = texts["candidate.yaml"].replace(
        model, "  {provider: rule, name: words, file: words.yaml}\n"
    )
    texts["words.yaml"] = "labels: {bills: {words: {money: 1.0}}, praise: {words: {thanks: 1.0}}}\n"
    write_system(tmp_path, texts)
    assert not [fault for fault in check_system(tmp_path) if "clause" in fault.message]


def test_no_role_stands_in_a_charter_that_nobody_named(tmp_path: Path) -> None:
    person = Person(roles=[""])
    given = ask_all(tmp_path / "new", person)
    assert "roles" in person.asked
    assert "\nroles: []\n" in draft_system(take_answers(given))["charter.yaml"]
    said = ask_all(tmp_path / "new", Person(roles=["cook", "provider, deployer"]))
    assert '\nroles: ["provider", "deployer"]\n' in draft_system(take_answers(said))["charter.yaml"]
