"""`roadworthy suite run-outside`: asked here, scored elsewhere, and every way that is no result."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doubles import foreign_tool
from doubles.desk import Desk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import sha256
from roadworthy.flows.runs.outside_desk import OutsideDesk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    return Desk(tmp_path / "desk")


@pytest.fixture
def python(tmp_path: Path) -> Path:
    return foreign_tool.written(tmp_path / "python")


def call(capsys, *arguments: object) -> tuple[int, str, str]:
    code = run(VERBS, list(map(str, arguments)))
    said = capsys.readouterr()
    return code, said.out, said.err


def run_outside(capsys, desk, python, how, *more):
    """Run the stand-in for Inspect AI in one of its moods."""
    return call(
        capsys, "suite", "run-outside", "inspect", "cars.py", "--dir", desk.root, "--python",
        python, *more, "--json", "--", how,
    )  # fmt: skip


def imports(desk):
    return list(desk.loop().ledger.entries(kind="evidence.imported"))


def gives_no_result(capsys, desk, python, how, because, *more):
    code, said, error = run_outside(capsys, desk, python, how, *more)
    assert code == 2, said + error
    assert because in json.loads(said)["error"]
    assert imports(desk) == []
    return json.loads(said)


def runs(pid: str) -> bool:
    """Whether a process is there, and not only waiting for somebody to read its exit code."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def test_its_figures_are_bound_to_the_candidate_and_say_who_asked_and_who_scored(
    desk, python, capsys
):
    code, said, error = run_outside(capsys, desk, python, "honest")
    assert code == 0, error
    told = json.loads(said)
    (found,) = told["imported"]
    assert found["trust"] == "asked here, scored by Inspect AI"
    assert (told["questions"], told["failed"], told["begun"]) == (2, 0, 1)
    assert found["scores"][0]["value"] == 0.5
    (entry,) = imports(desk)
    assert entry.payload["candidate"] == desk.digest() == found["candidate"]
    assert entry.payload["trust"] == found["trust"]
    assert entry.actor.startswith("machine:")
    assert entry.subject == found["files"][0]["digest"]
    lines = (Path(told["folder"]) / "asked.jsonl").read_bytes().splitlines()
    rows = [json.loads(line)["observation"] for line in lines]
    assert sorted(row["decision"] for row in rows) == ["home", "motor"]
    assert {row["release"] for row in rows} == {desk.digest()}


def test_the_gate_names_it_and_judges_nothing_on_it(desk, python, capsys):
    assert run_outside(capsys, desk, python, "honest")[0] == 0
    code, said, _ = call(capsys, "gate", desk.root, "--json")
    assert code == 4
    told = json.loads(said)
    assert told["decision"] == "INCONCLUSIVE"
    assert any("asked here, scored by Inspect AI" in each for each in told["notes"])


def test_the_list_says_how_much_each_is_trusted(desk, python, capsys):
    assert run_outside(capsys, desk, python, "honest")[0] == 0
    code, said, _ = call(capsys, "import", "--dir", desk.root, "--json")
    assert code == 0
    assert [each["trust"] for each in json.loads(said)] == ["asked here, scored by Inspect AI"]


def test_a_tool_that_crashes_gives_no_result(desk, python, capsys):
    gives_no_result(capsys, desk, python, "crash", "it fell over")


def test_a_tool_that_hangs_is_stopped_with_its_children_and_gives_no_result(desk, python, capsys):
    gives_no_result(capsys, desk, python, "hang", "did not end within 5 s", "--timeout", 5)
    (child,) = (desk.root / ".roadworthy" / "runs" / "outside").glob("*/child")
    assert not runs(child.read_text())


def test_a_tool_that_asks_nothing_gives_no_result(desk, python, capsys):
    gives_no_result(capsys, desk, python, "nothing", "asked the candidate nothing")
    gives_no_result(capsys, desk, python, "silent", "asked the candidate nothing")


def test_a_tool_that_leaves_no_file_gives_no_result(desk, python, capsys):
    gives_no_result(capsys, desk, python, "no-file", "left no log")


@pytest.mark.parametrize(
    ("how", "because"),
    [
        ("other-answer", "an answer that was not given here"),
        ("added", "an answer that was not given here"),
        ("twice", "an answer that was not given here"),
        ("left-out", "1 of 2 answers that were given are in no row"),
        ("unscored", "was not asked of the candidate"),
        ("strange", "no form that is known"),
    ],
)
def test_a_file_that_tells_of_other_answers_gives_no_result(desk, python, capsys, how, because):
    gives_no_result(capsys, desk, python, how, because)


def test_a_question_that_the_release_would_change_unnoticed_gives_no_result(desk, python, capsys):
    """A release that owns its prompt drops system messages and tools: the score would be another
    task's."""
    gives_no_result(capsys, desk, python, "system", "the release owns the prompt")
    gives_no_result(capsys, desk, python, "tools", "the release owns its prompt")


def test_a_refused_question_gives_no_result_even_when_the_tool_goes_on(desk, python, capsys):
    gives_no_result(capsys, desk, python, "swallows", "was not put to the candidate")


def test_a_question_that_the_door_turns_away_gives_no_result_even_when_the_tool_goes_on(
    desk, python, capsys
):
    gives_no_result(capsys, desk, python, "picture", "was not put to the candidate")


def test_a_fault_of_ours_gives_no_result_even_when_the_tool_goes_on(
    desk, python, capsys, monkeypatch
):
    asks = OutsideDesk._reply

    async def breaks(self, messages, sampling, extra):
        if messages[0]["content"] == "boom":
            raise RuntimeError("a fault of ours")
        return await asks(self, messages, sampling, extra)

    monkeypatch.setattr(OutsideDesk, "_reply", breaks)
    gives_no_result(capsys, desk, python, "tolerant", "it failed here: RuntimeError")


def test_more_questions_than_allowed_give_no_result(desk, python, capsys):
    gives_no_result(capsys, desk, python, "many", "more than 5 questions", "--most", 5)


BREAKS = """\
def answer(request):
    text = request["messages"][-1]["content"]
    if "boom" in text:
        raise RuntimeError("it broke")
    said = "motor" if "car" in text else "home"
    return {"text": said, "usage": {"input_tokens": 1000000, "output_tokens": 0}}
"""

PRICES = """\
[[prices]]
model = "answer"
since = "2026-01-01"
input = 1.0
output = 1.0
"""

CHATS = """\
task: chat
model: {{provider: python, name: answer, file: breaks.py, digest: "{digest}",
        options: {{trusted: true}}}}
"""


def test_a_model_that_fails_is_an_error_to_the_tool_and_never_an_answer(desk, python, capsys):
    """The endpoint's fallback text would be scored as if the model had said it."""
    desk.write("breaks.py", BREAKS)
    desk.write("candidate.yaml", CHATS.format(digest=sha256(BREAKS.encode())))
    code, said, error = run_outside(capsys, desk, python, "tolerant")
    assert code == 0, said + error
    told = json.loads(said)
    assert (told["questions"], told["failed"]) == (2, 1)
    (entry,) = imports(desk)
    assert entry.payload["status"] == "partial"
    assert (entry.payload["unanswered"], entry.payload["failed"]) == (1, 1)


def test_a_streamed_answer_is_the_same_answer(desk, python, capsys):
    code, said, error = run_outside(capsys, desk, python, "streams")
    assert code == 0, said + error
    assert json.loads(said)["imported"][0]["scores"][0]["value"] == 1.0


def test_another_model_than_the_candidate_is_not_there(desk, python, capsys):
    gives_no_result(capsys, desk, python, "other-model", "404")


def test_the_address_has_one_model_and_nothing_else(desk, python, capsys):
    gives_no_result(capsys, desk, python, "/models", '"id":"desk"')
    gives_no_result(capsys, desk, python, "/embeddings", "refused with 404")


def test_a_budget_that_is_spent_ends_it(desk, python, capsys):
    desk.write("breaks.py", BREAKS)
    desk.write("candidate.yaml", CHATS.format(digest=sha256(BREAKS.encode())))
    desk.write("roadworthy.toml", PRICES)
    told = gives_no_result(capsys, desk, python, "many", "budget of 3 is spent", "--budget", 3)
    assert "3 questions answered" in told["error"]


def test_what_was_paid_before_is_not_paid_again(desk, python, capsys):
    desk.write("breaks.py", BREAKS)
    desk.write("candidate.yaml", CHATS.format(digest=sha256(BREAKS.encode())))
    desk.write("roadworthy.toml", PRICES)
    costs = []
    for more in ((), ("--budget", 1), ("--no-cache",)):
        code, said, error = run_outside(capsys, desk, python, "honest", *more)
        assert code == 0, said + error
        costs.append(json.loads(said)["cost"])
    assert costs == ["2 USD", "", "2 USD"]


def test_what_a_tool_prints_cannot_write_to_the_terminal(desk, python, capsys):
    told = gives_no_result(capsys, desk, python, "escapes", "exit code 4")
    assert told["error"].isprintable()


def test_the_address_answers_nobody_without_the_key(desk, python, capsys):
    gives_no_result(capsys, desk, python, "stranger", "refused with 401")


def test_the_tool_sees_no_secret_of_this_process(desk, python, capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-user")
    monkeypatch.setenv("GRADER_KEY", "for the tool")
    code, said, error = run_outside(capsys, desk, python, "honest", "--pass", "GRADER_KEY")
    assert code == 0, error
    folder = Path(json.loads(said)["folder"])
    seen = json.loads((folder / "environment.json").read_text())
    assert "OPENAI_API_KEY" not in seen
    assert seen["GRADER_KEY"] == "for the tool"
    code, said, _ = run_outside(capsys, desk, python, "honest", "--pass", "NOT_THERE")
    assert code == 1
    assert "NOT_THERE" in json.loads(said)["error"]


def test_the_same_question_again_is_another_repeat(desk, python, capsys):
    code, said, error = run_outside(capsys, desk, python, "repeats")
    assert code == 0, error
    lines = (Path(json.loads(said)["folder"]) / "asked.jsonl").read_bytes().splitlines()
    assert [json.loads(each)["observation"].get("repeat", 0) for each in lines] == [0, 1, 2]


def test_a_run_that_gave_no_result_is_told_of(desk, python, capsys):
    """Who runs a task until it is good leaves a trace: each beginning is entered before it asks."""
    run_outside(capsys, desk, python, "crash")
    code, said, _ = run_outside(capsys, desk, python, "honest")
    assert code == 0
    assert json.loads(said)["begun"] == 2
    _, said, _ = call(capsys, "gate", desk.root, "--json")
    assert any("begun and gave no result: cars.py" in one for one in json.loads(said)["notes"])


def test_a_tool_that_is_missing_is_named_with_its_install_command(desk, capsys, tmp_path):
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    code, said, _ = run_outside(capsys, desk, python, "honest")
    told = json.loads(said)
    assert code == 1
    assert "Inspect AI is not installed" in told["error"]
    assert "pip install 'inspect-ai" in told["fix"]
    assert list(desk.loop().ledger.entries(kind="outside.begun")) == []


def test_a_tool_that_nobody_knows_is_the_users_matter(desk, python, capsys):
    code, said, _ = call(
        capsys, "suite", "run-outside", "trulens", "x", "--dir", desk.root, "--json"
    )
    assert code == 1
    assert "inspect, lm-eval, garak" in json.loads(said)["fix"]
