"""Files that the tools themselves wrote (`tests/golden/outside`), read as they are."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from doubles import outside_results as outside
from roadworthy.domain import Imported, UsageError
from roadworthy.evaluation.importers import read_results
from roadworthy.origins import without_nan

REAL = Path(__file__).parents[3] / "golden" / "outside"


def one(path: str) -> Imported:
    (found,), _ = read_results(REAL / path)
    return found


def values(found: Imported) -> dict[str, tuple[float | None, int]]:
    return {
        each.name: (None if each.value is None else round(each.value, 4), each.n)
        for each in found.scores
    }


def test_a_log_of_inspect_with_all_that_logs_hold():
    pytest.importorskip("zstandard", reason="pip install roadworthy[outside]")
    found = one("inspect-0.3.285/sums2.eval")
    assert (found.tool, found.version) == ("inspect_ai", "0.3.285")
    assert (found.model, found.cases, found.rows, found.failed) == ("openai/fake", 3, 9, 1)
    told = values(found)
    assert told["match"] == (0.6667, 3)
    assert told["many/b"] == (0.5, 3)
    assert told["letters"] == (0.8333, 3)
    assert told.get("none", (None, 0)) == (None, 0)
    by_name = {each.name: each for each in found.scores}
    assert by_name["many/b"].reported == 0.5
    assert by_name["many/b"].follows
    assert "b" not in by_name
    assert "8 values of none are no numbers" in found.notes
    assert "8 values of words are no numbers" in found.notes


@pytest.mark.parametrize(
    ("path", "tool", "version", "cases", "rows"),
    [
        ("inspect-0.3.285/one.json", "inspect_ai", "0.3.285", 1, 1),
        ("lm-eval-0.4.13", "lm_eval", "0.4.13", 3, 3),
        ("garak-0.17.1", "garak", "0.17.1", 8, 16),
        ("promptfoo-0.121.20/sums.json", "promptfoo", "0.121.20", 6, 6),
        ("promptfoo-0.121.20/sums.jsonl", "promptfoo", "", 6, 6),
        ("deepeval-4.3.1", "deepeval", "", 3, 3),
        ("mlflow-3.17.2/eval_results_table.json", "mlflow", "", 3, 3),
        ("mlflow-3.17.2/genai_result.json", "mlflow", "", 3, 3),
    ],
)
def test_what_each_tool_wrote_is_read_whole(path, tool, version, cases, rows):
    found = one(path)
    assert (found.tool, found.version) == (tool, version)
    assert (found.cases, found.rows, found.failed) == (cases, rows, 0)
    assert found.status == "complete"
    assert all(each.follows is not False for each in found.scores)
    assert found.scores


RIGHT = {
    "lm-eval-0.4.13": ("sums_gen/exact_match,none", 3),
    "promptfoo-0.121.20/sums.json": ("pass", 6),
    "promptfoo-0.121.20/sums.jsonl": ("pass", 6),
    "deepeval-4.3.1": ("Exact Match", 3),
    "mlflow-3.17.2/eval_results_table.json": ("same", 3),
    "mlflow-3.17.2/genai_result.json": ("right", 3),
}


@pytest.mark.parametrize("path", RIGHT)
def test_two_of_three_answers_are_right_whoever_counts(path):
    name, n = RIGHT[path]
    assert values(one(path))[name] == (0.6667, n)


def test_means_over_several_models_say_so(tmp_path):
    rows = [outside.promptfoo_row(n, provider={"id": name}) for n in range(2) for name in "ab"]
    for path in (
        outside.written(tmp_path / "x.json", outside.promptfoo(rows)),
        outside.written_lines(tmp_path / "x.jsonl", rows),
    ):
        (found,), _ = read_results(path)
        assert found.notes[0] == "2 models answered, and the means are over all"


def test_an_archive_written_without_samples_says_so(tmp_path):
    path = tmp_path / "log.eval"
    head = {key: value for key, value in outside.inspect_log().items() if key != "samples"}
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("header.json", json.dumps(head))
        file.writestr("summaries.json", "[]")
    with pytest.raises(UsageError, match="holds no samples") as refused:
        read_results(path)
    assert "log_samples" in refused.value.fix


def test_a_metric_that_broke_is_told():
    found = one("deepeval-4.3.1")
    assert "Broken judged 3 cases not at all" in found.notes
    assert "Broken" not in values(found)


def test_a_tools_other_files_in_its_folder_are_left_out_by_name():
    (found,), unread = read_results(REAL / "mlflow-3.17.2" / "eval_results_table.json")
    assert found.tool == "mlflow"
    assert unread == {}


def test_nan_is_no_score_in_a_log_of_inspect_and_stays_a_word_in_its_texts(tmp_path):
    log = outside.inspect_log()
    log["eval"]["task"] = 'NaN "NaN" \\'
    text = json.dumps(log).replace('"value": "I"', '"value": NaN')
    path = tmp_path / "log.json"
    path.write_text(text, encoding="utf-8")
    (found,), _ = read_results(path)
    assert found.task == 'NaN "NaN" \\'
    assert any("are no numbers" in note for note in found.notes)


@pytest.mark.parametrize("value", ["Infinity", "-Infinity"])
def test_an_infinite_score_of_inspect_is_refused(tmp_path, value):
    text = json.dumps(outside.inspect_log()).replace('"value": "I"', f'"value": {value}')
    path = tmp_path / "log.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="malformed") as refused:
        read_results(path)
    assert refused.value.fix


@pytest.mark.parametrize(
    ("data", "plain"),
    [
        (b'{"a": NaN}', b'{"a": null}'),
        (b'["NaN", NaN, "\\"NaN"]', b'["NaN", null, "\\"NaN"]'),
        (b'"NaN', b'"NaN'),
        (b'"NaN\\', b'"NaN\\'),
        (b"[1]", b"[1]"),
    ],
)
def test_nan_is_replaced_outside_of_texts_only(data, plain):
    assert without_nan(data) == plain


@pytest.mark.parametrize("piece", [b'\\"', b'"', b"\\", b'"\\\n', b"N"])
def test_a_hostile_text_around_nan_is_read_once(piece):
    """Were it read again from each of its quotes, this would not end today."""
    data = b"NaN " + piece * 1_000_000
    assert without_nan(data) == b"null " + data[4:]


@pytest.mark.parametrize("data", ['{"version": 2, "status"', '{"results": {', "{"])
def test_a_file_that_was_cut_is_called_malformed(tmp_path, data):
    path = tmp_path / "x.json"
    path.write_text(data, encoding="utf-8")
    with pytest.raises(UsageError, match=r"malformed|truncated"):
        read_results(path)


NEVER_SEEN = {
    "inspect": (outside.inspect_log(version=3), "version 3"),
    "lm-eval": ({"results": {}, "configs": {}, "versions": {}, "lm_eval_version": "0.5.0"},
                "lm-eval '0.5.0'"),
    "promptfoo": ({**outside.promptfoo(), "results": {"version": 4}}, "version 4"),
    "deepeval": ({"testCases": [{"name": "a", "metrics": []}]}, "DeepEval 4.3"),
    "mlflow": (outside.mlflow(columns=["inputs", "outputs", "toxicity/v2/score", "x"]),
               "another version than 1"),
}  # fmt: skip


@pytest.mark.parametrize("tool", NEVER_SEEN)
def test_each_importer_names_the_form_that_it_never_saw(tmp_path, tool):
    value, message = NEVER_SEEN[tool]
    with pytest.raises(UsageError, match=message) as refused:
        read_results(outside.written(tmp_path / "x.json", value))
    assert refused.value.fix


def test_a_report_of_a_garak_never_seen_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"garak '0\.18\.0'; read are 0\.10 to 0\.17") as refused:
        read_results(outside.written_lines(tmp_path / "x.jsonl", outside.garak("0.18.0")))
    assert refused.value.fix
