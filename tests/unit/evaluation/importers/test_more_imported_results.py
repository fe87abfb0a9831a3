"""garak, DeepEval and MLflow: what is read, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from doubles import outside_results as outside
from roadworthy.domain import Imported, UsageError
from roadworthy.evaluation.importers import read_results


def one(path: Path) -> Imported:
    ((found,), _) = read_results(path)
    return found


def values(found: Imported) -> dict[str, float | None]:
    return {each.name: each.value for each in found.scores}


def test_garak_counts_what_resisted_attempt_by_attempt(tmp_path):
    found = one(outside.written_lines(tmp_path / "x.report.jsonl", outside.garak()))
    assert (found.tool, found.version, found.model) == ("garak", "0.17.1", "test test.Blank")
    assert (found.cases, found.rows, found.failed) == (4, 8, 1)
    (told,) = found.scores
    assert told.name == "dan.Dan_11_0/dan.DAN"
    assert told.value == pytest.approx((0.5 + 1.0 + 0.5 + 0.0) / 4)
    assert (told.n, told.rows) == (4, 7)
    assert told.reported == pytest.approx(4 / 7)
    assert told.follows


def test_garak_of_before_is_read_too(tmp_path):
    rows = outside.garak("0.10.3.1", detector="detector.dan.DAN", total=7)
    for key in ("total_evaluated", "total_processed", "nones", "fails"):
        rows[-2].pop(key)
    (told,) = one(outside.written_lines(tmp_path / "x.jsonl", rows)).scores
    assert told.follows


def test_garak_that_did_not_end_is_partial(tmp_path):
    assert (
        one(outside.written_lines(tmp_path / "x.jsonl", outside.garak()[:-1])).status == "partial"
    )


def test_deepeval_tells_score_and_verdict_apart(tmp_path):
    found = one(outside.written(tmp_path / "run.json", outside.deepeval()))
    assert values(found) == {"Same": 0.8125, "Same/pass": 0.75}
    assert any("judge-1" in note for note in found.notes)


def test_a_case_of_deepeval_that_no_metric_judged_is_failed(tmp_path):
    run = outside.deepeval()
    run["testCases"][0]["metricsData"][0] |= {"error": "no key", "success": None, "score": None}
    run["testCases"][0]["success"] = None
    found = one(outside.written(tmp_path / "run.json", {**run, "testPassed": 2}))
    assert (found.rows, found.failed) == (4, 1)
    assert values(found)["Same/pass"] == pytest.approx(2 / 3)


def test_a_table_of_mlflow_is_read_as_json_and_csv(tmp_path):
    told = one(outside.written(tmp_path / "eval_results_table.json", outside.mlflow()))
    path = tmp_path / "t.csv"
    path.write_text(
        "inputs,outputs,toxicity/v1/score,right/score\n"
        'q,"a\nb",0.1,True\nq,b,0.3,False\nq,c,,\n', encoding="utf-8",
    )  # fmt: skip
    for found in (told, one(path)):
        assert values(found) == {"right": 0.5, "toxicity": pytest.approx(0.2)}
        assert (found.cases, found.failed) == (3, 1)


def test_an_expected_answer_of_mlflow_is_no_score(tmp_path):
    found = one(outside.written(tmp_path / "t.json", outside.mlflow_genai()))
    assert values(found) == {"kind": 0.5}


def test_what_may_be_an_expected_answer_is_refused(tmp_path):
    table = outside.mlflow_genai()
    without = {"columns": table["columns"][:-1], "data": [row[:-1] for row in table["data"]]}
    with pytest.raises(UsageError, match="may be an expected answer"):
        read_results(outside.written(tmp_path / "t.json", without))
    path = tmp_path / "t.csv"
    path.write_text(",".join(table["columns"]) + "\ntr-1,yes,1,q,a,[{}]\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no assessments that can be read"):
        read_results(path)


STRANGE: list[tuple[str, Any, str]] = [
    ("garak 0.18", outside.garak("0.18.0"), "garak '0.18.0'"),
    ("garak 1", outside.garak("1.0"), "garak '1.0'"),
    ("garak without its beginning", outside.garak()[2:], "begin with garak's version"),
    ("garak judged twice", [*outside.garak(), outside.garak()[3]], "judged twice"),
    ("garak passed too many", outside.garak(passed=9), "9 passed of 7"),
    ("garak of nothing", [{"entry_type": "digest"}], "which garak wrote it"),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "message"), [each[1:] for each in STRANGE],
                         ids=[each[0] for each in STRANGE])  # fmt: skip
def test_a_strange_report_of_garak_is_refused(tmp_path, rows, message):
    with pytest.raises(UsageError, match=message):
        read_results(outside.written_lines(tmp_path / "x.jsonl", rows))


DOCUMENTS: list[tuple[str, Any, str]] = [
    ("deepeval without verdicts", {"testCases": [{"name": "a"}]}, "cannot be read"),
    ("deepeval of a version", outside.deepeval(testRunVersion="99"), "names a version"),
    ("deepeval counts", outside.deepeval(testPassed=4), "its cases"),
    ("mlflow metric 2", outside.mlflow(columns=["inputs", "outputs", "toxicity/v2/score", "x"]),
     "another version than 1"),
    ("mlflow without metrics", outside.mlflow(columns=["inputs", "outputs", "a", "b"]),
     "without a metric"),
    ("mlflow cut row", outside.mlflow(data=[["q", "a", 0.1]]), "3 cells and 4 columns"),
    ("mlflow twice", outside.mlflow(columns=["inputs", "outputs", "x/v1/score", "x/score"]),
     "two columns"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "message"), [each[1:] for each in DOCUMENTS],
                         ids=[each[0] for each in DOCUMENTS])  # fmt: skip
def test_a_strange_document_is_refused(tmp_path, value, message):
    with pytest.raises(UsageError, match=message):
        read_results(outside.written(tmp_path / "x.json", value))


@pytest.mark.parametrize("cell", ["nan", "inf", "-Infinity"])
def test_a_cell_that_is_no_finite_number_is_refused(tmp_path, cell):
    path = tmp_path / "t.csv"
    path.write_text(f"inputs,outputs,x/v1/score\nq,a,{cell}\n", encoding="utf-8")
    with pytest.raises(UsageError, match="score 'x' of case"):
        read_results(path)


def test_a_csv_of_something_else_is_refused(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UsageError, match="no metric"):
        read_results(path)
