"""suite grow --model, generate, accept: what a model writes waits for a person."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from doubles.spoken import Says, said_json, says
from roadworthy.manifests import load_system

SYSTEM = {
    "charter.yaml": """\
system: museum
title: Museum
owners: {product: Ada}
human_goal: Every visitor finds the way in.
use: {intended_purpose: Answer visitors., allowed: {languages: [en, de]}}
endpoints:
- {id: ask, fallback: Please ask at the desk.}
""",
    "candidate.yaml": """\
name: echo
task: generation
model: {provider: python, name: echo, file: echo.py, digest: "ECHO", options: {trusted: true}}
""",
    "echo.py": "def echo(request):\n    return request['messages'][-1]['content']\n",
    "writer.yaml": """\
name: writer
task: generation
model: {provider: python, name: write, file: writer.py, digest: "WRITER",
        options: {trusted: true}}
""",
    "writer.py": """\
def write(request):
    asked = request["messages"][-1]["content"]
    if "Translate" in asked:
        return "Der Turm ist am 3. Mai von 9 bis 17 Uhr offen, auch wenn es regnet."
    if "Say the text" in asked:
        return "On 3 May one can visit the tower between 9 and 17, rain or not."
    if "Broken" in asked:
        raise OSError("no answer")
    if "ticket" in asked:
        return "Question: What does a ticket for the tower cost?\\nAnswer: A ticket costs 7 euro"
    if "guide" in asked:
        return "Question: What does the passage say?\\nAnswer: guide"
    return "Question: How old is the moon in years?\\nAnswer: 4,500,000,000 years"
""",
    "safety-slos.yaml": 'slos:\n- {name: contains, target: ">= 0.60"}\n',
    "suites/visits.yaml": "name: visits\ncases: [visits.jsonl]\n",
    "suites/visits.jsonl": json.dumps(
        {"id": "v1", "input": "Is the tower open on 3 May from 9 to 17, also when it rains?",
         "expect": {"text": "yes"}, "facets": {"language": "en"}}
    ) + "\n",
    "docs/tower.md": """\
---
title: x
---
# Tickets

The tower stands on the hill since 1887 and has 212 steps. A ticket for the tower costs 7 euro, and
children under six enter free. Dogs wait at the gate with the keeper, who gives them water.

# Guides

A guide leads groups through the cellar every hour, and the guide speaks three languages, which
visitors of the cellar choose at the gate. The cellar is cold in summer, so bring a coat with you.

```
code is no prose, however long it may be, and however many sentences it holds. None of it counts.
```
""",
    "docs/moon.txt": (
        "The moon was seen from the terrace in the year of the great frost, when the whole town "
        "stood on the hill and nobody spoke for the length of a prayer."
    ),
    "docs/bad.md": "\xff",
}  # fmt: skip


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in SYSTEM.items():
        for mark, file in (("ECHO", "echo.py"), ("WRITER", "writer.py")):
            digest = hashlib.sha256(SYSTEM[file].encode()).hexdigest()
            text = text.replace(mark, f"sha256:{digest}") if name.endswith(".yaml") else text
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("latin-1" if name == "docs/bad.md" else "utf-8"))
    monkeypatch.chdir(tmp_path)
    for variable in ("ROADWORTHY_HOME", "ROADWORTHY_PERSON"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path


@pytest.fixture
def roadworthy(system: Path, capfd: pytest.CaptureFixture[str]) -> Says:
    return says(capfd)


def generate(call: Says, *more: str) -> Any:
    return said_json(
        call, "suite", "generate", "--from", "docs", "--model", "writer.yaml", *more
    )  # fmt: skip


def test_a_question_waits_with_its_place_and_quote(roadworthy: Says, system: Path) -> None:
    said = generate(roadworthy)
    assert said["asked"] == 3
    assert len(said["proposed"]) == 1
    assert said["dropped"] == {
        "the question makes sense only beside the text": 1,
        "the passage does not hold the answer": 1,
    }
    assert said["unread"] == {"bad.md": "not UTF-8"}
    (line,) = (system / said["file"]).read_text().splitlines()
    proposal = json.loads(line)
    case = proposal["case"]
    assert case["source"] == "tower.md:6 Tickets"
    assert case["expect"]["text"] == "A ticket costs 7 euro"
    quote = case["origin"]["quote"]
    assert quote == "A ticket for the tower costs 7 euro, and children under six enter free."
    assert case["origin"]["digest"].startswith("sha256:")
    assert "A ticket costs 7 euro" in proposal["answer"]
    assert "Read the passage." in proposal["asked"]


def test_what_waits_counts_nowhere(roadworthy: Says, system: Path) -> None:
    generate(roadworthy)
    assert load_system(system).suite("documents") is None
    code, said = roadworthy("suite", "accept", "--suite", "documents")
    assert code == 4
    assert "quote:  A ticket for the tower costs 7 euro" in said


def test_a_person_makes_cases_of_it_and_the_ledger_says_who(roadworthy: Says, system: Path) -> None:
    (name,) = generate(roadworthy)["proposed"]
    code, said = roadworthy("suite", "accept", "--suite", "documents", "--all")
    assert code == 1
    assert "nobody has a key" in said
    assert roadworthy("people", "add", "ada", "--role", "reviewer")[0] == 0
    done = said_json(roadworthy, "suite", "accept", name, "--suite", "documents")
    assert done["cases"] == [name]
    assert done["waiting"] == 0
    suite = load_system(system).suite("documents")
    assert suite is not None
    assert [case.id for case in suite.cases] == [name]
    assert suite.cases[0].origin["accepted_by"] == "ada"
    (entry,) = said_json(roadworthy, "ledger", "log", "--kind", "cases.accepted")["entries"]
    assert list(entry["payload"]["cases"]) == [name]
    assert entry["actor"].startswith("person:")
    assert not (system / "suites/documents.proposed.jsonl").exists()
    again = generate(roadworthy)
    assert again["proposed"] == []
    assert again["standing"] == 1


def test_an_edit_of_a_person_is_said(roadworthy: Says, system: Path) -> None:
    (name,) = generate(roadworthy)["proposed"]
    path = system / "suites/documents.proposed.jsonl"
    proposal = json.loads(path.read_text())
    proposal["case"]["expect"]["text"] = "7 euro"
    path.write_text(json.dumps(proposal) + "\n")
    roadworthy("people", "add", "ada", "--role", "reviewer")
    done = said_json(roadworthy, "suite", "accept", "--suite", "documents", "--all")
    assert done["edited"] == [name]
    assert load_system(system).suite("documents").cases[0].expect.text == "7 euro"  # type: ignore[union-attr]


def test_a_rejected_case_stays_on_record_and_is_not_proposed_again(
    roadworthy: Says, system: Path
) -> None:
    (name,) = generate(roadworthy)["proposed"]
    roadworthy("people", "add", "ada", "--role", "reviewer")
    command = ("suite", "accept", name, "--suite", "documents", "--reject", "too easy")
    said_json(roadworthy, *command)
    assert "too easy" in (system / "suites/documents.proposed.jsonl").read_text()
    assert generate(roadworthy)["proposed"] == []
    assert roadworthy("suite", "accept", "--suite", "documents")[0] == 0
    code, said = roadworthy(*command)
    assert code == 1
    assert "does not wait here" in said


def test_nobody_without_the_role_accepts(roadworthy: Says) -> None:
    generate(roadworthy)
    roadworthy("people", "add", "eve", "--role", "operator")
    code, _ = roadworthy("suite", "accept", "--suite", "documents", "--all", "--as", "eve")
    assert code == 3


def test_paraphrase_and_translation_inherit_and_wait(roadworthy: Says, system: Path) -> None:
    said = said_json(
        roadworthy, "suite", "grow", "--generators", "paraphrase,translation,typos",
        "--model", "writer.yaml",
    )  # fmt: skip
    assert said["made"] == {"typos": 1}
    assert said["proposed"]["proposed"] == ["v1~paraphrase-1", "v1~translation-1"]
    lines = (system / "suites/visits.proposed.jsonl").read_text().splitlines()
    paraphrase, translation = (json.loads(line)["case"] for line in lines)
    assert paraphrase["expect"] == {"text": "yes"}
    assert {"consistency", "grown"} <= set(paraphrase["tags"])
    assert translation["facets"] == {"language": "de"}
    assert translation["origin"]["model"] == "python/write"
    roadworthy("people", "add", "ada", "--role", "reviewer")
    said_json(roadworthy, "suite", "accept", "--suite", "visits", "--all")
    cases = {case.id: case for case in load_system(system).suite("visits").cases}  # type: ignore[union-attr]
    unchanged = cases["v1~translation-1-unchanged"]
    assert unchanged.input == cases["v1"].input
    assert set(unchanged.tags) >= {"consistency", "group:v1~translation-1"}


def test_an_unpinned_model_writes_nothing_and_nothing_is_written(
    roadworthy: Says, system: Path
) -> None:
    (system / "writer.yaml").write_text(
        "name: writer\ntask: generation\nmodel: {provider: rule, name: w, file: rules.yaml}\n"
    )
    (system / "rules.yaml").write_text("labels: {a: {words: {b: 1.0}}}\n")
    command = ("suite", "grow", "--generators", "typos,paraphrase", "--model", "writer.yaml")
    code, said = roadworthy(*command)
    assert code == 1
    assert "is not pinned" in said
    assert not (system / "suites/visits.grown.jsonl").exists()


def test_a_candidate_that_decides_cannot_write(roadworthy: Says, system: Path) -> None:
    text = (system / "writer.yaml").read_text().replace("generation", "decision")
    (system / "writer.yaml").write_text(f"{text}decision: {{labels: [a, b]}}\n")
    code, said = roadworthy("suite", "generate", "--from", "docs", "--model", "writer.yaml")
    assert code == 1
    assert "it cannot write" in said


def test_a_model_that_fails_is_given_up_and_nothing_is_proposed(
    roadworthy: Says, system: Path
) -> None:
    for number in range(4):
        text = f"Broken things {number} stand in the yard behind the old house. " * 4
        (system / f"broken{number}.md").write_text(text)
    for name in ("docs/tower.md", "docs/moon.txt"):
        (system / name).unlink()
    code, said = roadworthy(
        "suite", "generate", "--from", ".", "--model", "writer.yaml", "--out", "others"
    )
    assert code == 2
    assert "raised OSError: no answer" in said
    assert not (system / "suites/others.proposed.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--from", "nowhere"), "there is nothing at nowhere"),
        (("--from", "suites"), "there is no document"),
        (("--from", "docs", "--count", "0"), "--count must be between"),
        (("--from", "docs", "--out", "../x"), "cannot be called"),
    ],
)
def test_what_cannot_be_generated_says_why(
    roadworthy: Says, arguments: tuple[str, ...], words: str
) -> None:
    code, said = roadworthy("suite", "generate", "--model", "writer.yaml", *arguments)
    assert code == 1
    assert words in said


@pytest.mark.parametrize("line", ["{", '{"case": 3}', '{"case": {"id": "a"}}', "\x00"])
def test_a_broken_proposal_is_named_with_its_line(
    roadworthy: Says, system: Path, line: str
) -> None:
    (system / "suites/documents.proposed.jsonl").write_text(f"\n{line}\n")
    code, said = roadworthy("suite", "accept", "--suite", "documents")
    assert code == 1
    assert "suites/documents.proposed.jsonl:2" in said
