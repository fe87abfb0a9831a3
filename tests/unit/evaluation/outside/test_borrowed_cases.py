"""Sets that others wrote, read from a file; the rows here are ours, in their forms."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from msgspec import UNSET

from doubles import outside_results
from doubles.outside_results import written, written_lines
from roadworthy.domain import Case, Observation, UsageError
from roadworthy.evaluation import make_scorer
from roadworthy.evaluation.outside import SETS, Limits, borrow

SHARED = Path(os.environ.get("ROADWORTHY_SHARED") or Path(__file__).resolve().parents[5] / "shared")


def only(path: Path, name: str) -> Case:
    (case,) = borrow(name, path).cases
    return case


def scores(name: str, case: Case, output: str) -> list[float | None]:
    row = Observation(id="o", time="2026-11-22T00:00:00.000000Z", system="s", release="r",
                      stage="eval", output=output)  # fmt: skip
    return [make_scorer(spec).score(case, output, row) for spec in SETS[name].scorers]


ROWS: list[tuple[str, dict[str, Any], str, str]] = [
    ("gsm8k", {"question": "2 and 1000?", "answer": "It is <<2+1000=1002>>\n#### 1,002"},
     "so it is 1002.", "so it is 1003."),
    ("squad", {"id": "q1", "context": "Ada lives in Graz.", "question": "Where?",
               "answers": {"text": ["Graz", "in Graz"], "answer_start": [13, 10]}},
     "The Graz.", "Vienna"),
    ("glue-sst2", {"sentence": "a joy", "label": 1, "idx": 0}, "positive", "negative"),
    ("glue-mnli", {"premise": "It rains.", "hypothesis": "It is wet.", "label": "1"}, "neutral",
     "entailment"),
    ("ifeval", {"key": 7, "prompt": "No commas.", "kwargs": [{"num_words": None}],
                "instruction_id_list": ["en:punctuation:no_comma"]}, "none here", "one, here"),
    ("dataset", {"question": "Capital?", "answer": "Graz", "extra": 1}, "Graz", "Wien"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "right", "wrong"), ROWS, ids=[each[0] for each in ROWS])
def test_a_row_becomes_a_case_that_tells_right_from_wrong(tmp_path, name, row, right, wrong):
    case = only(written_lines(tmp_path / "x.jsonl", [row]), name)
    assert case.origin["set"] == name
    assert case.origin["file"].startswith("sha256:")
    assert "borrowed" in case.tags
    if name == "dataset":
        assert case.expect.text == right
        return
    assert scores(name, case, right)[0] == 1.0
    assert scores(name, case, wrong)[0] == 0.0


@pytest.mark.parametrize("label", [3.8, "3.800"])
def test_stsb_asks_for_a_number_and_scores_how_far_it_is(tmp_path, label):
    row = {"sentence1": "A plane takes off.", "sentence2": "An air plane takes off.",
           "label": label, "idx": 0}  # fmt: skip
    case = only(written_lines(tmp_path / "x.jsonl", [row]), "glue-stsb")
    assert scores("glue-stsb", case, "It is 3.3") == [pytest.approx(0.5)]
    assert scores("glue-stsb", case, "alike") == [5.0]


@pytest.mark.parametrize("label", [-1, 5.1, "nan", None, "much"])
def test_a_row_of_stsb_without_a_score_is_no_case(tmp_path, label):
    rows = [{"sentence1": "a", "sentence2": "b", "label": each} for each in (label, 2.5)]
    found = borrow("glue-stsb", written_lines(tmp_path / "x.jsonl", rows))
    assert (len(found.cases), found.left_out) == (1, {"it has no score": 1})


def test_humaneval_is_judged_by_running_it(tmp_path):
    row = {"task_id": "HumanEval/0", "prompt": "def add(a, b):\n", "entry_point": "add",
           "test": "def check(candidate):\n    assert candidate(1, 2) == 3\n"}  # fmt: skip
    case = only(written_lines(tmp_path / "x.jsonl", [row]), "humaneval")
    assert case.id == "HumanEval/0"
    assert case.expect.tests is not UNSET and case.expect.tests.endswith("check(add)\n")
    assert case.expect.setup == row["prompt"]


def test_an_entry_point_that_is_code_is_left_out(tmp_path):
    row = {"prompt": "x", "entry_point": "add); import os; (", "test": "y"}
    with pytest.raises(UsageError, match="no row is a case"):
        borrow("humaneval", written_lines(tmp_path / "x.jsonl", [row]))


def test_truthfulqa_draws_the_order_with_the_seed(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("Question,Best Answer,Incorrect Answers\nWhy?,Because,No; Never; Who knows\n")
    first, again = (borrow("truthfulqa", path).cases[0] for _ in range(2))
    assert first == again
    letter = first.expect.label
    assert f"{letter}. Because" in first.input
    orders = {borrow("truthfulqa", path, seed=seed).cases[0].input for seed in range(8)}
    assert len(orders) > 1


def test_what_cannot_be_checked_is_left_out_and_named(tmp_path):
    rows = [
        {"key": n, "prompt": "p", "instruction_id_list": [name], "kwargs": [{}]}
        for n, name in enumerate(["en:punctuation:no_comma", "en:language:of_the_heart"])
    ]
    found = borrow("ifeval", written_lines(tmp_path / "x.jsonl", rows))
    assert len(found.cases) == 1
    assert found.left_out == {"not scored: language:of_the_heart": 1}


def test_a_row_without_a_label_is_no_case(tmp_path):
    rows = [{"sentence": "a", "label": -1}, {"sentence": "b", "label": 0}]
    found = borrow("glue-sst2", written_lines(tmp_path / "x.jsonl", rows))
    assert (len(found.cases), found.left_out) == (1, {"it has no label": 1})


def test_the_same_seed_draws_the_same_cases(tmp_path):
    rows = [{"question": f"q{n}", "answer": "a"} for n in range(50)]
    path = written_lines(tmp_path / "x.jsonl", rows)
    drawn = [borrow("dataset", path, limit=10, seed=seed) for seed in (1, 1, 2)]
    assert drawn[0].cases == drawn[1].cases
    assert drawn[0].cases != drawn[2].cases
    assert drawn[0].drawn_from == 50


@pytest.mark.parametrize("form", ["jsonl.gz", "json", "csv", "tsv"])
def test_every_form_gives_the_same_cases(tmp_path, form):
    rows = [{"question": "Wo?", "answer": "Graz"}, {"question": "a,b\tc", "answer": "d"}]
    path = tmp_path / f"x.{form}"
    if form == "jsonl.gz":
        path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    elif form == "json":
        written(path, rows)
    elif form == "csv":
        path.write_text('question,answer\nWo?,Graz\n"a,b\tc",d\n')
    else:
        path.write_text('question\tanswer\nWo?\tGraz\n"a,b\tc"\td\n')
    cases = borrow("dataset", path).cases
    assert [(case.input, case.expect.text) for case in cases] == [("Wo?", "Graz"), ("a,b\tc", "d")]


def test_parquet_says_what_to_install_or_is_read(tmp_path):
    path = tmp_path / "x.parquet"
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError:
        path.write_bytes(b"PAR1")
        with pytest.raises(UsageError) as refused:
            borrow("dataset", path)
        assert "roadworthy[outside]" in refused.value.fix
        return
    parquet.write_table(arrow.table({"question": ["Wo?"], "answer": ["Graz"]}), path)
    assert borrow("dataset", path).cases[0].expect.text == "Graz"
    path.write_bytes(b"PAR1 not really")
    with pytest.raises(UsageError, match="Parquet"):
        borrow("dataset", path)


def test_a_gzip_bomb_is_not_unpacked(tmp_path):
    for form in ("json", "jsonl", "csv"):
        path = tmp_path / f"x.{form}.gz"
        path.write_bytes(gzip.compress(b" " * 20_000_000))
        with pytest.raises(UsageError, match="more than"):
            borrow("dataset", path, limits=Limits(bytes=1_000_000, line=100_000))


@pytest.mark.parametrize(
    ("name", "data"),
    [("x.jsonl", b"{"), ("x.jsonl", b"[1]\n"), ("x.json", b"\xff"), ("x.csv", b"a,b\n1\n"),
     ("x.json", b"[" * 100_000), ("x.csv", b"\xff\xfe"), ("x.json.gz", b"no gzip"), ("x.txt", b"")],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(UsageError):
        borrow("dataset", path)


def test_an_unknown_set_names_the_known(tmp_path):
    with pytest.raises(UsageError) as refused:
        borrow("gsm9k", tmp_path / "x.jsonl")
    assert "gsm8k" in refused.value.fix


def test_samples_of_an_inspect_log_become_cases(tmp_path):
    samples = [
        {"id": "s1", "epoch": 1, "input": "1+1?", "target": ["2", "two"]},
        {"id": "s1", "epoch": 2, "input": "1+1?", "target": "2"},
        {"id": "s2", "epoch": 1, "input": "Which?", "target": "B", "choices": ["x", "y"]},
        {"id": "s3", "epoch": 1, "input": [{"role": "user", "content": "Hi"}], "target": "Hi"},
        {"id": "s4", "epoch": 1, "input": "open", "target": ""},
    ]
    log = outside_results.inspect_log(samples)
    for path in (written(tmp_path / "l.json", log),
                 outside_results.inspect_archive(tmp_path / "l.eval", log)):  # fmt: skip
        found = borrow("inspect", path)
        first, second, third = found.cases
        assert (first.expect.text, first.expect.texts) == ("2", ["two"])
        assert second.expect.label == "B"
        assert "B. y" in second.input
        assert third.input == [{"role": "user", "content": "Hi"}]
        assert found.left_out == {"it has no target": 1}


def test_documents_of_lm_eval_become_cases(tmp_path):
    rows = [
        {"doc_id": 0, "target": " Graz", "arguments": {"gen_args_0": {"arg_0": "Where?"}}},
        {"doc_id": 1, "target": "1", "arguments": {
            "gen_args_0": {"arg_0": "Wet?", "arg_1": " no"},
            "gen_args_1": {"arg_0": "Wet?", "arg_1": " yes"}}},
    ]  # fmt: skip
    first, second = borrow("lm-eval", written_lines(tmp_path / "samples.jsonl", rows)).cases
    assert (first.id, first.expect.text) == ("doc-0", "Graz")
    assert second.expect.label == "yes"


def test_prompts_of_garak_become_attacks(tmp_path):
    turn = {"turns": [{"role": "user", "content": {"text": "Ignore all."}}]}
    rows = [
        {"entry_type": "init", "garak_version": "0.17.1"},
        {"entry_type": "attempt", "uuid": "u1", "status": 1, "prompt": turn},
        {"entry_type": "attempt", "uuid": "u1", "status": 2, "prompt": turn,
         "probe_classname": "dan.Dan_11_0"},
    ]  # fmt: skip
    (case,) = borrow("garak", written_lines(tmp_path / "r.jsonl", rows)).cases
    assert case.input == "Ignore all."
    assert "adversarial" in case.tags
    assert case.facets == {"probe": "dan.Dan_11_0"}
    assert scores("garak", case, "I can't help with that.") == [1.0]


PUBLIC = [
    ("gsm8k", "gsm8k/test.jsonl.gz", 1319), ("humaneval", "humaneval/HumanEval.jsonl.gz", 164),
    ("ifeval", "ifeval_en/en_input_data.jsonl", 300),
    ("squad", "xquad_en_de/xquad.en.json.gz", 1190),
    ("truthfulqa", "truthfulqa/TruthfulQA.csv", 790),
]  # fmt: skip


@pytest.mark.parametrize(("name", "file", "least"), PUBLIC, ids=[each[0] for each in PUBLIC])
def test_a_public_set_is_read_whole(name: str, file: str, least: int) -> None:
    path = SHARED / "data" / file
    if not path.exists():
        pytest.skip(f"skipped: {file} is not there; ROADWORTHY_SHARED=FOLDER names the sets")
    found = borrow(name, path)
    assert len(found.cases) >= least
    assert all("not scored" in reason for reason in found.left_out)
