"""What `roadworthy import` refuses says what is read, and what is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from doubles import actions_run as actions
from doubles import mlflow_answers as real
from doubles.desk import Desk
from doubles.importing_desk import PDFS, call, desk_of_ana, entries


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return desk_of_ana(tmp_path / "desk", monkeypatch)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return shutil.copytree(real.FILES, tmp_path / "mlruns")


GOOD_ROW = {"id": "s1", "traceId": "t1", "name": "n", "source": "API", "dataType": "NUMERIC",
            "value": 1, "timestamp": "2026-11-20"}  # fmt: skip


def written(folder: Path, name: str) -> Path:
    """Files and folders that are nearly one of the forms."""
    row = json.dumps(GOOD_ROW)
    texts = {
        "letter.txt": "dear all",
        "empty.csv": "",
        "numbers.csv": "a,b\n1,2\n",
        "scores.csv": "id,traceId,name,value\n1,t,n,0.5\n",
        "cut.jsonl": f"{row[:40]}\n{row}\n",
        "later.jsonl": f"{row}\n{row[:40]}",
        "other.jsonl": '{"a": 1}\n{"a"\n',
        "traces.json": '[{"id": "1", "timestamp": "2026-11-20", "input": "x"}]',
        "junit.xml": actions.JUNIT,
    }
    if name in texts:
        (folder / name).write_text(texts[name])
        return folder / name
    made = folder / name
    made.mkdir()
    if name == "with-junit":
        (made / "junit.xml").write_text(actions.JUNIT)
    if name == "with-letter":
        (made / "letter.txt").write_text("dear all")
    return made


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("letter.txt", "no form that is known"),
        ("empty.csv", "it is empty"),
        ("numbers.csv", "no metric among its columns"),
        ("scores.csv", "nearly Langfuse's scores: without dataType, source"),
        ("cut.jsonl", "line 1 was cut off"),
        ("later.jsonl", "line 2"),
        ("other.jsonl", "line 2 was cut off"),
        ("traces.json", "nearly Langfuse's traces: without name"),
        ("junit.xml", "put it beside its jobs.json (gh api"),
        ("with-junit", "no jobs.json: gh api"),
        ("with-letter", "none of its files has one of the forms"),
        ("with-nothing", "it is empty"),
    ],
)
@pytest.mark.parametrize("kind", [(), ("--kind", "bias_log")])
def test_what_is_refused_says_what_is_read_and_what_is_missing(
    desk, capsys, tmp_path, name, words, kind
):
    path = written(tmp_path, name)
    code, _, error = call(capsys, "import", path, "--dir", desk.root, *kind)
    error = " ".join(error.split())
    assert code == 1
    assert words in error
    assert "holds results of an evaluation" not in error
    if name != "later.jsonl":  # that one is Langfuse's, and says so
        for form in ("mlruns/", "Langfuse", "GitHub Actions", "signed PDFs", "promptfoo"):
            assert form in error
    assert entries(desk) == []


@pytest.mark.parametrize(
    "named",
    [("--run", "deadbeef"), ("--run", "../../0"), ("--model", "sorter@nobody"),
     ("--model", "nobody/1"), ("--model", "sorter/99")],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["files", "database", "server"])
def test_a_run_that_is_not_there_leads_to_those_that_are(
    desk, store, capsys, tmp_path, named, kind
):
    from contextlib import nullcontext

    places = {
        "files": lambda: nullcontext(store),
        "database": lambda: nullcontext(real.database(tmp_path / "mlflow.db")),
        "server": lambda: real.serving(real.told()),
    }
    with places[kind]() as place:
        code, said, error = call(capsys, "import", place, "--dir", desk.root, *named, "--json")
    assert code == 1, said + error
    assert "the newest: " in json.loads(said)["fix"]


def test_a_folder_of_a_run_leads_to_the_tracking_folder(desk, store, capsys):
    folder = next(store.glob(f"*/{real.IN_FILES['first']}"))
    code, _, error = call(capsys, "import", folder, "--dir", desk.root)
    assert code == 1
    assert "give the tracking folder above it" in error


def test_junit_with_a_document_type_says_what_to_do(desk, capsys, tmp_path):
    folder = actions.folder(tmp_path / "run")
    (folder / "bad.xml").write_text("<!DOCTYPE x><testsuites/>")
    code, said, _ = call(capsys, "import", folder, "--dir", desk.root, "--json")
    assert code == 1
    assert "leave the file out of the folder" in json.loads(said)["fix"]


PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "bring-evidence.md"
TYPED = [
    line.removeprefix("$ roadworthy ")
    for line in PAGE.read_text("utf-8").splitlines()
    if line.startswith("$ roadworthy import")
]


def test_the_commands_of_the_page_run_as_printed(desk, store, capsys, tmp_path, monkeypatch):
    shutil.copytree(store, desk.root / "mlruns")
    actions.folder(desk.root / "run")
    shutil.copy(PDFS / "pades.pdf", desk.root / "certificate.pdf")
    for name in ("notified-body.pem", "fulcio.pem"):
        shutil.copy(PDFS / "root.pem", desk.root / name)
    monkeypatch.chdir(desk.root)
    assert len(TYPED) == 3
    for typed in TYPED:
        code, said, error = call(capsys, *typed.split())
        assert code == 0, f"{typed}: {error}"
        assert "entry " in said
    assert len(entries(desk)) == len(TYPED)


def test_the_matrix_of_a_folder_that_is_no_system_names_the_folder(capsys, tmp_path):
    code, said, _ = call(capsys, "matrix", tmp_path, "--json")
    assert code == 1
    (fault,) = json.loads(said)["errors"]
    assert fault["file"] == str(tmp_path / "charter.yaml")
    assert "is no system's folder" in fault["message"]
