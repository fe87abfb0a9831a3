from __future__ import annotations

import json
from pathlib import Path

import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import NeverRecord
from roadworthy.evaluation import read_run

CHARTER = """\
system: desk
title: Desk
owners: {product: Ada}
human_goal: Every claim reaches its desk.
never:
- id: injury
  statement: A claim about an injury is routed without a person.
  rule: {pattern: {patterns: ["injur"], on: input}}
  action: hold
use: {intended_purpose: Route claims.}
endpoints:
- {id: route, fallback: A person will read it.}
"""
FILES = {
    "charter.yaml": CHARTER,
    "candidate.yaml": """\
name: baseline
task: decision
model: {provider: rule, name: words, file: rules.yaml}
decision: {labels: [motor, home]}
""",
    "rules.yaml": """\
labels:
  motor: {words: {car: 2.0}}
  home: {words: {roof: 2.0}}
""",
    "safety-slos.yaml": 'slos:\n- {name: accuracy, target: ">= 0.60"}\n',
    "suites/quick.yaml": "name: quick\ncases: [quick.jsonl]\n",
    "suites/quick.jsonl": """\
{"id": "q1", "input": "my car", "expect": {"label": "motor"}, "facets": {"tenant": "acme"}}
{"id": "q2", "input": "my roof", "expect": {"label": "home"}, "facets": {"tenant": "bolt"}}
{"id": "q3", "input": "car, roof", "expect": {"label": "home"}, "tags": ["tail"]}
{"id": "q4", "input": "injured in my car", "expect": {"action": "hold"}}
""",
    "suites/whole.yaml": "name: whole\ncases: [whole.jsonl]\ninclude: [quick]\n",
    "suites/whole.jsonl": '{"id": "w1", "input": "roof car roof", "expect": {"label": "home"}}\n',
}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(VERBS, ["eval", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    code, said, complained = call(capsys, *arguments, "--json")
    assert code == 0, complained
    return json.loads(said)


def test_json_keeps_the_contract_for_scripts(desk, capsys):
    said = as_json(capsys, str(desk))
    assert said["run"].startswith("run-")
    assert (said["status"], said["n"], said["errors"]) == ("complete", 5, 0)
    assert said["suites"] == {"quick": 4, "whole": 5}
    found = {each["name"]: each for each in said["indicators"]}
    assert set(found["accuracy"]) == {"name", "value", "low", "high", "n"}
    assert found["accuracy"]["n"] == 4
    assert found["accuracy"]["low"] < found["accuracy"]["value"] < found["accuracy"]["high"]
    assert found["hold_recall"]["value"] == 1.0


def test_rows_say_decision_label_scores_and_never_events(desk, capsys):
    said = as_json(capsys, str(desk), "--suite", "quick")
    rows = {row.case: row for row in read_run(Path(said["run_file"]))}
    assert (rows["q1"].decision, rows["q1"].label, rows["q1"].scores) == (
        "motor", "motor", {"label": 1.0},
    )  # fmt: skip
    assert rows["q1"].tenant == "acme"
    assert rows["q1"].confidence is not None
    assert rows["q4"].action == "held"
    assert rows["q4"].scores == {"action": 1.0}
    assert rows["q4"].never == (NeverRecord(event="injury", kind="attempt", found_by="rail"),)


def test_people_get_a_table_with_intervals_and_the_next_step(desk, capsys):
    code, said, _ = call(capsys, str(desk))
    assert code == 0
    for part in (
        "accuracy",
        "95 % interval",
        "tenant=acme",
        "Rows: 5",
        ".jsonl",
        "roadworthy gate",
    ):
        assert part in said


def test_people_read_units_distinct_questions_and_no_noise(desk, capsys):
    line = '{"id": "w2", "input": "my car", "expect": {"label": "motor"}}\n'
    (desk / "suites/whole.jsonl").write_text(FILES["suites/whole.jsonl"] + line)
    said = call(capsys, str(desk))[1]
    table = [line.split() for line in said.splitlines()]
    assert any(words[:2] == ["latency", "(p95)"] and words[3] in ("ms", "s") for words in table)
    assert "distinct (" in said and "n counts a question once" in said
    assert "cases" in next(" ".join(w) for w in table if w[:1] == ["never_event_violations"])
    assert not any(words[:1] == ["decision_ece"] for words in table)
    assert "Left out, too few cases to say anything (fewer than 30): decision_ece" in said


def test_a_run_in_which_nothing_was_scored_says_so(desk, capsys):
    """A rubric without a judge is no score; `0 failed` would read as if all were well."""
    (desk / "suites/whole.yaml").unlink()
    (desk / "suites/whole.jsonl").unlink()
    cases = [{"id": f"q{n}", "input": f"my car {n}", "expect": {"rubric": "kind?"}} for n in (1, 2)]
    (desk / "suites/quick.jsonl").write_text("".join(json.dumps(each) + "\n" for each in cases))
    assert "no case was scored" in call(capsys, str(desk))[2]
    code = run(VERBS, ["compare", str(desk), "--against", "candidate.yaml"])
    said = capsys.readouterr()
    assert code == 4 and "share no case that was scored" in said.err and "McNemar" not in said.out


def test_a_run_with_scores_does_not_say_that_it_has_none(desk, capsys):
    assert "no case was scored" not in call(capsys, str(desk))[2]
    assert run(VERBS, ["compare", str(desk), "--against", "candidate.yaml"]) == 0
    said = capsys.readouterr().out
    assert "are the same candidate" in said and "baseline (candidate.yaml)" in said


def test_the_same_command_prints_the_same_run(desk, capsys):
    assert as_json(capsys, str(desk)) == as_json(capsys, str(desk))


def test_fresh_and_other_options_are_other_runs(desk, capsys):
    runs = [
        as_json(capsys, str(desk), *options)["run"]
        for options in ([], ["--fresh"], ["--seed", "1"], ["--repeats", "2"], ["--limit", "3"])
    ]
    assert len(set(runs)) == 5
    assert as_json(capsys, str(desk), "--limit", "3")["n"] == 3


def test_another_candidate_file_is_another_candidate(desk, capsys):
    other = FILES["candidate.yaml"].replace("[motor, home]", "[home, motor]")
    (desk / "other.yaml").write_text(other)
    one, two = as_json(capsys, str(desk)), as_json(capsys, str(desk), "--candidate", "other.yaml")
    assert one["candidate"] != two["candidate"]
    assert one["run"] != two["run"]


def test_bad_quality_is_still_a_complete_run(desk, capsys):
    (desk / "rules.yaml").write_text("labels:\n  motor: {bias: 1.0}\n  home: {}\n")
    assert as_json(capsys, str(desk))["status"] == "complete"


def test_a_failing_model_ends_with_2_and_says_how_to_go_on(desk, capsys):
    (desk / "rules.yaml").write_text("labels:\n  motor: {}\n")
    code, said, complained = call(capsys, str(desk))
    assert code == 2
    assert "4 failed" in said
    assert "the same command goes on" in complained
    assert "4 x the rules do not know the label 'home'" in complained


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--suite", "quik"], "there is no suite 'quik'"),
        (["--repeats", "0"], "at least 1"),
        (["--budget", "free"], "above 0"),
        (["--budget", "nan"], "above 0"),
        (["--concurrency", "0"], "concurrency"),
    ],
)
def test_wrong_options_are_the_users_and_leave_nothing(desk, capsys, options, message):
    code, _, complained = call(capsys, str(desk), *options)
    assert code == 1
    assert message in complained
    assert not list(desk.glob(".roadworthy/runs/*"))


def test_wrong_files_are_all_named(desk, capsys):
    (desk / "suites" / "quick.jsonl").write_text('{"id": "q1"}\n')
    code, said, _ = call(capsys, str(desk), "--json")
    assert code == 1
    fault = json.loads(said)["errors"][0]
    assert fault["file"] == "suites/quick.jsonl"
    assert fault["line"] == 1


def test_an_unknown_scorer_is_refused_before_anything_is_asked(desk, capsys):
    (desk / "suites" / "quick.yaml").write_text(
        "name: quick\ncases: [quick.jsonl]\nscorers: [{scorer: exakt}]\n"
    )
    code, _, complained = call(capsys, str(desk))
    assert code == 1
    assert "exakt" in complained
    assert not list(desk.glob(".roadworthy/runs/*"))


def test_where_every_call_failed_no_case_is_blamed(
    desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = "{provider: openai_compatible, name: m, upstream: none, version: '1'}"
    text = FILES["candidate.yaml"].replace("{provider: rule, name: words, file: rules.yaml}", model)
    (desk / "candidate.yaml").write_text(text + "prompt: prompts/desk.md\n")
    (desk / "prompts").mkdir()
    (desk / "prompts/desk.md").write_text(
        "---\nid: desk\nvariables:\n  input: {type: string, description: the letter}\n---\n"
        "# user\n{{ input }}\n"
    )
    scorers = "scorers: [{scorer: rouge_l}]\n"
    (desk / "suites/quick.yaml").write_text(FILES["suites/quick.yaml"] + scorers)
    (desk / "suites/quick.jsonl").write_text(
        '{"id": "q1", "input": "my car", "expect": {"text": "the motor desk"}}\n'
    )
    upstream = '[upstreams.none]\nurl = "http://127.0.0.1:9/v1"\nretries = 0\n'
    (desk / "roadworthy.toml").write_text(upstream)
    _, said, complained = call(capsys, str(desk), "--suite", "quick")
    told = " ".join((said + complained).split())
    assert "No answer came: the only call failed" in told, told
    assert "Cases need a label" not in told
