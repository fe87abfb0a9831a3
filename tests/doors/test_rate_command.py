"""`roadworthy rate`: from a task to signed ratings, by terminal and file; what is refused."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import msgspec
import pytest

from doubles.judged_desk import JudgedDesk
from doubles.rated_desk import RatedDesk, knows
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import RatingFile
from roadworthy.flows.gate.rating import find_task, submission_of


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RatedDesk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    desk = RatedDesk(tmp_path / "desk")
    asyncio.run(desk.both())
    desk.acting("Ada")
    return desk


@pytest.fixture
def call(capsys, monkeypatch):
    def called(*arguments: object, keys: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(keys))
        code = run(VERBS, ["rate", *map(str, arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return called


@pytest.fixture
def started(desk, call):
    code, said, _ = call(
        "profile", "Ada", "--role", "handler", "--language", "en", "--dir", desk.root
    )
    assert code == 0, said
    code, said, _ = call("start", desk.root, "--against", "other.yaml", "--n", 4, "--seed", 2)
    assert code == 0
    assert "4 of 80" in said
    return desk


def submitted(desk) -> list:
    return list(desk.loop().ledger.entries(kind="rating.submitted"))


def test_the_terminal_rates_undoes_skips_and_enters(started, call):
    keys = "1\nu\n2\n3\nc\nboth name a desk\n4\ns\n\ns\ncannot tell\n"
    code, said, _ = call("answer", started.root, "--as", "Ada", keys=keys)
    assert code == 0
    assert "4 ratings, signed by Ada" in said
    (entry,) = submitted(started)
    assert (entry.payload["n"], entry.payload["skipped"]) == (4, 1)
    said = submission_of(started.loop(), entry)
    assert [each.choice for each in said.ratings] == ["right", "tie", "neither", ""]
    assert said.ratings[2].comment == "both name a desk"
    assert said.ratings[3].skipped == "cannot tell"


def test_the_terminal_goes_on_where_it_stopped(started, call):
    code, said, _ = call("answer", started.root, "--as", "Ada", keys="1\n1\nq\n")
    assert code == 4
    assert "2 are kept, 2 are left" in said
    assert not submitted(started)
    code, said, _ = call("answer", started.root, "--as", "Ada", keys="2\n2\n")
    assert code == 0
    assert submitted(started)[0].payload["n"] == 4
    code, said, _ = call("answer", started.root, "--as", "Ada")
    assert "already" in said
    assert len(submitted(started)) == 1


def test_the_end_of_the_input_is_no_rating(started, call):
    code, _, _ = call("answer", started.root, "--as", "Ada", keys="")
    assert (code, submitted(started)) == (4, [])


def test_the_terminal_names_no_candidate_and_no_answer_drives_it(started, call):
    _, said, _ = call("answer", started.root, "--as", "Ada", keys="q\n")
    for secret in ("other", "candidate", "run-", "sha256"):
        assert secret not in said


def test_a_page_and_what_it_saves_are_entered(started, call, tmp_path):
    out = tmp_path / "ada.html"
    code, said, _ = call("page", started.root, "--out", out, "--as", "Ada")
    assert code == 0
    assert "4 items for Ada" in said
    file = tmp_path / "ratings.json"
    file.write_bytes(exported(started))
    code, said, _ = call("import", file, "--dir", started.root, "--json")
    assert code == 0
    assert json.loads(said) == {
        "entry": submitted(started)[0].seq, "rater": "Ada", "n": 4, "open": 0,
    }  # fmt: skip
    code, _, err = call("import", file, "--dir", started.root)
    assert code == 1
    assert err.count("was entered before") == 4


def exported(desk, **changes) -> bytes:
    said = desk.submission(find_task(desk.loop(), "desk"), "Ada", knows)
    file = RatingFile(
        task=said.task, sheet=said.sheet, rater=said.rater, key_id=said.key_id,
        ratings=list(said.ratings),
    )  # fmt: skip
    return msgspec.json.encode(msgspec.structs.replace(file, **changes))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"{", "these are no ratings"),
        (b"\xff\xfe", "these are no ratings"),
        (b"[" * 100_000, "these are no ratings"),
        (b'{"roadworthy": 1, "task": "t", "extra": 1}', "extra"),
        (b'{"roadworthy": 2, "task": "t"}', "these are no ratings"),
    ],
)
def test_a_file_that_holds_no_ratings_is_refused(started, call, tmp_path, data, why):
    file = tmp_path / "ratings.json"
    file.write_bytes(data)
    code, _, err = call("import", file, "--dir", started.root)
    assert code == 1
    assert why in err
    assert not submitted(started)


@pytest.mark.parametrize(
    ("changes", "code", "why"),
    [
        ({"task": "sha256:" + "a" * 64}, 1, "names no single task"),
        ({"sheet": "sha256:" + "a" * 64}, 1, "never handed out"),
        ({"key_id": "0" * 16}, 3, "handed to Ada"),
        ({"rater": "Bo"}, 3, "handed to Ada"),
        ({"ratings": []}, 1, "no rating in it"),
    ],
)
def test_a_file_for_another_task_sheet_or_person_is_refused(
    started, call, tmp_path, changes, code, why
):
    file = tmp_path / "ratings.json"
    call("page", started.root, "--out", tmp_path / "p.html", "--as", "Ada")
    file.write_bytes(exported(started, **changes))
    found, _, err = call("import", file, "--dir", started.root)
    assert (found, submitted(started)) == (code, [])
    assert why in err


def test_results_and_exports(started, call, tmp_path):
    file = tmp_path / "ratings.json"
    file.write_bytes(exported(started))
    assert call("import", file, "--dir", started.root)[0] == 0
    code, said, _ = call("results", started.root, "--json")
    found = json.loads(said)
    assert code == 0
    assert (found["overall"]["value"], found["overall"]["n"]) == (1.0, 4)
    assert found["by_rater"][0]["left"]["n"] == 4
    out = tmp_path / "dpo.jsonl"
    code, said, err = call("export", started.root, "--form", "dpo", "--out", out)
    assert code == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == 4
    assert set(rows[0]) == {"prompt", "chosen", "rejected"}
    assert "prove nothing" in err
    (entry,) = started.loop().ledger.entries(kind="ratings.exported")
    assert len(entry.payload["cases"]) == 4


def test_without_a_task_there_is_nothing_to_rate(desk, call):
    code, _, err = call("results", desk.root)
    assert code == 4
    assert "roadworthy rate start" in err


def test_results_say_what_a_judge_is_worth_beside_people(tmp_path, call, monkeypatch):
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    desk = JudgedDesk(tmp_path / "judged", says=lambda prompt: "2")
    asyncio.run(desk.evaluate(candidate="other.yaml"))
    fixed = desk.task(rubric="helpful", n=40)
    for name in ("Ada", "Bo"):
        desk.rate(fixed, desk.rater(name), knows)
    code, said, _ = call("results", desk.root)
    assert code == 0
    assert "not proven better than chance: what it says proves nothing" in said
    found = json.loads(call("results", desk.root, "--json")[1])
    assert found["judge"]["agree"]["value"] == 0.0
    assert found["judge"]["specificity"]["value"] == 0.0
    assert found["judge"]["n"] == 40
    assert found["agreement"]["alpha"] is None


def test_eval_marks_what_only_a_judge_says(tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    desk = JudgedDesk(tmp_path / "judged")
    asyncio.run(desk.evaluate())
    assert run(VERBS, ["eval", str(desk.root)]) == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "helpful" in line)
    assert "uncorrected judge" in line


def test_who_is_not_qualified_is_refused_in_words(desk, call):
    call("profile", "Ada", "--role", "x", "--language", "en", "--dir", desk.root)
    code, said, _ = call(
        "start", desk.root, "--against", "other.yaml", "--n", 4, "--qualified-for", "motor"
    )
    assert code == 0
    assert "for raters who are qualified for motor" in said
    code, _, wrong = call("answer", desk.root, "--as", "Ada", keys="1\n")
    assert code == 1
    assert "qualified for motor; the profile of Ada names nothing" in wrong
    call("profile", "Ada", "--role", "x", "--language", "en", "--qualified-for", "motor",
         "--dir", desk.root)  # fmt: skip
    assert call("answer", desk.root, "--as", "Ada", keys="1\n1\n1\n1\n")[0] == 0
    code, said, _ = call("results", desk.root, "--json")
    assert json.loads(said)["qualifications"] == ["motor"]
