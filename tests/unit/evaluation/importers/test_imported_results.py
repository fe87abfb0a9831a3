"""Results of other tools: what is read, and that nothing strange is read as if it were known."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from doubles import outside_results as outside
from roadworthy.domain import Imported, ImportedScore, UsageError, sha256
from roadworthy.evaluation.importers import Limits, read_results
from roadworthy.origins import MAX_TEXT


def one(path: Path) -> Imported:
    found, unread = read_results(path)
    assert not unread
    (only,) = found
    return only


def score(found: Imported, name: str) -> ImportedScore:
    return next(each for each in found.scores if each.name == name)


def test_promptfoo_names_its_version_and_counts_cases(tmp_path):
    path = outside.written(tmp_path / "out.json", outside.promptfoo())
    found = one(path)
    assert (found.tool, found.version, found.task) == ("promptfoo", "0.121.20", "sorting")
    assert found.format == "promptfoo results, version 3"
    assert (found.cases, found.rows, found.failed) == (4, 4, 0)
    assert score(found, "pass").value == 0.75
    assert found.files[0].digest == sha256(path.read_bytes())
    assert found.subject == found.files[0].digest


def test_a_repeat_of_promptfoo_is_no_case_of_its_own(tmp_path):
    rows = [outside.promptfoo_row(n % 2, n != 2, testIdx=n) for n in range(4)]
    found = one(outside.written(tmp_path / "o.json", outside.promptfoo(rows)))
    assert (found.cases, found.rows) == (2, 4)
    assert score(found, "pass").n == 2
    assert score(found, "pass").value == 0.75


def test_what_failed_is_counted_and_in_no_score(tmp_path):
    rows = [outside.promptfoo_row(0), outside.promptfoo_row(1, False, failureReason=2)]
    found = one(outside.written(tmp_path / "o.json", outside.promptfoo(rows)))
    assert (found.rows, found.failed) == (2, 1)
    assert (score(found, "pass").n, score(found, "pass").value) == (1, 1.0)


def test_the_wrapper_of_promptfoo_is_read_too(tmp_path):
    found = one(outside.written(tmp_path / "o.json", outside.promptfoo(version=4)))
    assert found.cases == 4


def test_lines_of_promptfoo_say_that_an_end_is_not_seen(tmp_path):
    rows = [outside.promptfoo_row(n) for n in range(3)]
    found = one(outside.written_lines(tmp_path / "o.jsonl", rows))
    assert found.cases == 3
    assert "cut off" in found.notes[0]


@pytest.mark.parametrize("kind", ["json", "eval"])
def test_inspect_is_read_from_both_forms(tmp_path, kind):
    path = tmp_path / f"log.{kind}"
    if kind == "json":
        outside.written(path, outside.inspect_log())
    else:
        outside.inspect_archive(path)
    found = one(path)
    assert (found.tool, found.version, found.model) == ("inspect_ai", "0.3.285", "mockllm/model")
    told = score(found, "match")
    assert (told.value, told.n, told.reported, told.follows) == (0.625, 4, 0.625, True)
    assert found.status == "complete"


def test_epochs_are_repeats(tmp_path):
    log = outside.inspect_log(outside.inspect_samples(epochs=3))
    found = one(outside.written(tmp_path / "l.json", log))
    assert (found.cases, found.rows, score(found, "match").n) == (4, 12, 4)


def test_a_headline_that_does_not_follow_from_the_rows_is_named(tmp_path):
    samples = outside.inspect_samples(["I", "I", "I", "I"])
    found = one(outside.written(tmp_path / "l.json", outside.inspect_log(samples)))
    told = score(found, "match")
    assert (told.value, told.reported, told.follows) == (0.0, 0.625, False)


def test_what_inspect_did_not_end_well_is_partial(tmp_path):
    for fields in ({"status": "error"}, {"status": "cancelled"}, {"invalidated": True}):
        found = one(outside.written(tmp_path / "l.json", outside.inspect_log(**fields)))
        assert found.status == "partial"
        assert found.notes


def test_values_that_are_no_numbers_are_counted_not_guessed(tmp_path):
    samples = outside.inspect_samples(["C", [1, 2], {"a": "C", "b": "maybe"}, "yes"])
    found = one(outside.written(tmp_path / "l.json", outside.inspect_log(samples)))
    assert score(found, "match").n == 2
    assert found.notes == ("2 values of match are no numbers",)


def test_lm_eval_takes_the_samples_that_lie_beside(tmp_path):
    found = one(outside.lm_eval(tmp_path))
    assert (found.version, found.model) == ("0.4.13", "dummy tiny")
    assert found.made_at.startswith("2026-11-01T")
    told = score(found, "sums/acc,none")
    assert (told.value, told.n, told.follows) == (0.75, 4, True)
    assert [each.name[:8] for each in found.files] == ["results_", "samples_"]


def test_a_figure_without_rows_is_only_what_the_tool_says(tmp_path):
    told = score(one(outside.lm_eval(tmp_path)), "sums/bleu,none")
    assert (told.value, told.low, told.n, told.reported) == (None, None, 0, 12.5)
    assert "only the tool's own figure" in told.reason


def test_a_folder_of_lm_eval_is_one_import(tmp_path):
    outside.lm_eval(tmp_path / "model")
    assert one(tmp_path).cases == 4


def test_a_folder_says_what_it_left_out(tmp_path):
    outside.written(tmp_path / "a.json", outside.promptfoo())
    outside.written(tmp_path / "b.json", {"something": "else"})
    found, unread = read_results(tmp_path)
    assert len(found) == 1
    assert list(unread) == ["b.json"]


STRANGE: list[tuple[str, Any, str]] = [
    ("promptfoo 5", {**outside.promptfoo(), "results": {"version": 5}}, "version 5"),
    ("promptfoo 2", {**outside.promptfoo(), "results": {"version": 2, "table": {}}}, "version 2"),
    ("promptfoo none", {**outside.promptfoo(), "results": {}}, "version None"),
    ("promptfoo wrapper", outside.promptfoo(version=9), "version 9"),
    ("promptfoo text", {**outside.promptfoo(), "results": {"version": "3"}}, "version '3'"),
    ("inspect 3", outside.inspect_log(version=3), "version 3"),
    ("inspect 1", outside.inspect_log(version=1), "version 1"),
    ("lm-eval 0.5", {"results": {}, "configs": {}, "versions": {}, "lm_eval_version": "0.5.0"},
     "lm-eval '0.5.0'"),
    ("lm-eval none", {"results": {}, "configs": {}, "versions": {}}, "lm-eval None"),
    ("a list", [1, 2], "no form that is known"),
    ("nothing", {}, "no form that is known"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "message"), [each[1:] for each in STRANGE],
                         ids=[each[0] for each in STRANGE])  # fmt: skip
def test_a_version_never_seen_is_refused(tmp_path, value, message):
    path = outside.written(tmp_path / "x.json", value)
    with pytest.raises(UsageError, match=message) as refused:
        read_results(path)
    assert refused.value.fix


CONTRADICTIONS: list[tuple[str, Any, str]] = [
    ("cut rows", {**outside.promptfoo(), "results": {
        **outside.promptfoo()["results"], "results": [outside.promptfoo_row()]}}, "its rows"),
    ("cut samples", {**outside.inspect_log(), "samples": outside.inspect_samples(["C"])},
     "calls 4 samples done and holds 1"),
    ("one sample twice", outside.inspect_log(outside.inspect_samples() * 2), "twice"),
    ("no samples", {key: value for key, value in outside.inspect_log().items()
                    if key != "samples"}, "no samples"),
    ("a score of text", outside.promptfoo([outside.promptfoo_row(score="high")]), "cannot be read"),
]  # fmt: skip


@pytest.mark.parametrize(("value", "message"), [each[1:] for each in CONTRADICTIONS],
                         ids=[each[0] for each in CONTRADICTIONS])  # fmt: skip
def test_a_file_that_contradicts_itself_is_refused(tmp_path, value, message):
    with pytest.raises(UsageError, match=message):
        read_results(outside.written(tmp_path / "x.json", value))


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_a_score_that_is_no_finite_number_is_refused(tmp_path, value):
    row = json.dumps(outside.promptfoo_row()).replace('"score": 1.0', f'"score": {value}')
    path = tmp_path / "x.jsonl"
    path.write_text(row + "\n", encoding="utf-8")
    with pytest.raises(UsageError):
        read_results(path)


def test_samples_that_are_not_those_counted_are_refused(tmp_path):
    path = outside.lm_eval(tmp_path)
    samples = next(tmp_path.glob("samples_*"))
    samples.write_text("".join(samples.read_text().splitlines(keepends=True)[:2]))
    with pytest.raises(UsageError, match="2 documents, and the results count 4"):
        read_results(path)


def test_a_task_of_lm_eval_names_no_file_outside(tmp_path):
    secret = outside.lm_eval(tmp_path / "elsewhere")
    counts = {"../elsewhere/samples_sums": {"original": 4, "effective": 4}}
    path = outside.lm_eval(tmp_path / "here", **{"n-samples": counts})
    found = one(path)
    assert secret.exists()
    assert found.rows == 0
    assert "beside the results" in found.notes[0]


def test_deep_nesting_is_refused(tmp_path):
    path = tmp_path / "deep.json"
    path.write_text('{"results": {"version": 3, "x": ' + "[" * 200_000 + "]" * 200_000 + "}}")
    with pytest.raises(UsageError):
        read_results(path)


def test_a_bomb_in_an_archive_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.eval"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("header.json", b" " * 50_000_000)
    with pytest.raises(UsageError, match="more than"):
        read_results(path, Limits(entry=1 << 20))


def test_an_archive_that_lies_about_a_size_is_refused(tmp_path):
    path = outside.inspect_archive(tmp_path / "log.eval")
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")  # the last entry of the directory: header.json
    data[at + 24 : at + 28] = (7).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(UsageError, match="not what the archive says"):
        read_results(path)


def test_a_log_that_was_never_ended_is_refused(tmp_path):
    path = outside.inspect_archive(tmp_path / "log.eval", left_out=("header.json",))
    with pytest.raises(UsageError, match="never ended"):
        read_results(path)


@pytest.mark.parametrize(
    ("name", "words"),
    [("dossier.json", "it is a dossier"), ("holiday.jpg", "an archive of no form that is known")],
)
def test_another_archive_is_no_log_that_was_cut(tmp_path, name, words):
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as file:
        file.writestr(name, b"{}")
    with pytest.raises(UsageError, match=words):
        read_results(tmp_path / "some.zip")


def test_an_archive_without_one_of_its_samples_is_refused(tmp_path):
    path = outside.inspect_archive(tmp_path / "l.eval", left_out=("samples/s1_epoch_1.json",))
    with pytest.raises(UsageError, match="3 samples and summaries of 4"):
        read_results(path)


@pytest.mark.parametrize("data", [b"PK\x03\x04", b"PK" + b"\0" * 400, b"PK\x05\x06" + b"\xff" * 18])
def test_a_damaged_archive_is_refused(tmp_path, data):
    path = tmp_path / "log.eval"
    path.write_bytes(data)
    with pytest.raises(UsageError):
        read_results(path)


def test_a_zstd_log_is_read_where_zstandard_is(tmp_path):
    zstandard = pytest.importorskip("zstandard", reason="pip install roadworthy[outside]")
    plain = outside.inspect_archive(tmp_path / "plain.eval")
    path = tmp_path / "log.eval"
    _recompressed(plain, path, zstandard)
    assert score(one(path), "match").value == 0.625


def test_a_zstd_bomb_is_not_unpacked(tmp_path):
    zstandard = pytest.importorskip("zstandard", reason="pip install roadworthy[outside]")
    plain = outside.inspect_archive(tmp_path / "plain.eval")
    path = tmp_path / "log.eval"
    _recompressed(plain, path, zstandard, content=b" " * 30_000_000, says=10)
    with pytest.raises(UsageError, match="not what the archive says"):
        read_results(path)


def _recompressed(plain: Path, path: Path, zstandard: Any, content: bytes = b"", says: int = 0):
    """The archive with method 93, as Inspect writes it; `zipfile` cannot."""
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as new:
        sizes = {}
        for entry in old.infolist():
            data = content or old.read(entry)
            sizes[entry.filename] = (says or len(data), entry.CRC)
            new.writestr(entry.filename, zstandard.ZstdCompressor().compress(data))
    data = bytearray(path.read_bytes())
    at = 0
    while (at := data.find(b"PK\x01\x02", at)) >= 0:
        length = int.from_bytes(data[at + 28 : at + 30], "little")
        name = data[at + 46 : at + 46 + length].decode()
        size, crc = sizes[name]
        data[at + 10 : at + 12] = (93).to_bytes(2, "little")
        data[at + 16 : at + 20] = crc.to_bytes(4, "little")
        data[at + 24 : at + 28] = size.to_bytes(4, "little")
        at += 4
    path.write_bytes(data)


def test_rows_names_files_and_lines_have_bounds(tmp_path):
    rows = [outside.promptfoo_row(n, namedScores={"a": 1.0}) for n in range(4)]
    path = outside.written(tmp_path / "x.json", outside.promptfoo(rows))
    lines = outside.written_lines(tmp_path / "x.jsonl", rows)
    for limits, message in (
        (Limits(rows=3), "more than 3 rows"),
        (Limits(scores=2), "more than 2 scores"),
        (Limits(document=100), "more than 0 MiB"),
    ):
        with pytest.raises(UsageError, match=message):
            read_results(path, limits)
    with pytest.raises(UsageError, match="line 1 has more than"):
        read_results(lines, Limits(line=100))
    with pytest.raises(UsageError, match="more than 1 files"):
        read_results(tmp_path, Limits(files=1))
    with pytest.raises(UsageError, match="more than 2 files"):
        read_results(outside.inspect_archive(tmp_path / "l.eval"), Limits(entries=2))


def test_hostile_names_are_one_short_line(tmp_path):
    name = "a\x1b[31m\n<script>" + "x" * 10_000
    rows = [outside.promptfoo_row(namedScores={name: 1.0}, provider={"id": name})]
    found = one(outside.written(tmp_path / "x.json", outside.promptfoo(rows)))
    for text in (found.model, *(each.name for each in found.scores)):
        assert text.isprintable()
        assert len(text) <= MAX_TEXT + len("named/")


def test_a_case_whose_score_comes_late_is_counted_once(tmp_path):
    cases = ("a", {}), ("b", {"x": "C"}), ("a", {"x": "I"}), ("b", {"x": "I"}), ("c", {"x": "C"})
    samples = [
        {"id": case, "epoch": n, "scores": {name: {"value": v} for name, v in scores.items()}}
        for n, (case, scores) in enumerate((*cases, ("a", {"x": "I"})))
    ]
    log = outside.inspect_log(samples)
    log["results"]["scores"] = []
    (told,) = one(outside.written(tmp_path / "l.json", log)).scores
    assert (told.n, told.rows) == (3, 5)
    assert told.value == pytest.approx((0.0 + 0.5 + 1.0) / 3)
