"""Result files as other tools write them, made by hand in their forms; small and ours."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any


def written(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def written_lines(path: Path, rows: list[Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def promptfoo_row(number: int = 0, success: bool = True, **fields: Any) -> dict[str, Any]:
    row: dict[str, Any] = {
        "success": success, "score": float(success), "promptIdx": 0, "testIdx": number,
        "testCase": {"vars": {"x": number}, "assert": [{"type": "equals", "value": "a"}]},
        "vars": {"x": number}, "provider": {"id": "echo"}, "failureReason": 0 if success else 1,
        "namedScores": {},
    }  # fmt: skip
    return {**row, **fields}


def promptfoo(rows: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    rows = [promptfoo_row(n, n != 2) for n in range(4)] if rows is None else rows
    errors = sum(row["failureReason"] == 2 for row in rows)
    passed = sum(row["success"] for row in rows)
    return {
        "evalId": "eval-1",
        "results": {
            "version": 3, "timestamp": "2026-11-01T10:00:00.000Z", "prompts": [], "results": rows,
            "stats": {"successes": passed, "failures": len(rows) - passed - errors,
                      "errors": errors},
        },
        "config": {"description": "sorting"}, "metadata": {"promptfooVersion": "0.121.20"},
        **fields,
    }  # fmt: skip


def inspect_samples(values: list[Any] | None = None, epochs: int = 1) -> list[dict[str, Any]]:
    values = ["C", "C", "I", "P"] if values is None else values
    return [
        {"id": f"s{number}", "epoch": epoch, "scores": {"match": {"value": value}}}
        for epoch in range(1, epochs + 1)
        for number, value in enumerate(values)
    ]


def inspect_log(samples: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    samples = inspect_samples() if samples is None else samples
    done = sum("error" not in each for each in samples)
    return {
        "version": 2, "status": "success",
        "eval": {"task": "sums", "model": "mockllm/model", "created": "2026-11-01T10:00:00+00:00",
                 "dataset": {"samples": len(samples)}, "packages": {"inspect_ai": "0.3.285"}},
        "results": {"total_samples": len(samples), "completed_samples": done, "scores": [
            {"name": "match", "scorer": "match", "reducer": None,
             "metrics": {"accuracy": {"name": "accuracy", "value": 0.625},
                         "stderr": {"name": "stderr", "value": 0.2}}}]},
        "samples": samples,
        **fields,
    }  # fmt: skip


def inspect_archive(
    path: Path, log: dict[str, Any] | None = None, *, left_out: tuple[str, ...] = ()
) -> Path:
    """The same as an .eval archive, deflated."""
    log = inspect_log() if log is None else log
    samples = log["samples"]
    files = {f"samples/{each['id']}_epoch_{each['epoch']}.json": each for each in samples}
    files["summaries.json"] = samples
    files["header.json"] = {key: value for key, value in log.items() if key != "samples"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in files.items():
            if name not in left_out:
                archive.writestr(name, json.dumps(value))
    path.write_bytes(buffer.getvalue())
    return path


def lm_eval(folder: Path, *, values: list[float] | None = None, **fields: Any) -> Path:
    """Results and samples of one task."""
    values = [1.0, 0.0, 1.0, 1.0] if values is None else values
    results = {
        "results": {"sums": {"alias": "sums", "acc,none": sum(values) / len(values),
                             "acc_stderr,none": 0.25, "bleu,none": 12.5}},
        "configs": {}, "versions": {"sums": 1}, "n-shot": {"sums": 0},
        "n-samples": {"sums": {"original": len(values), "effective": len(values)}},
        "config": {"model": "dummy"}, "date": 1793527200.5, "lm_eval_version": "0.4.13",
        "model_name": "tiny", **fields,
    }  # fmt: skip
    written_lines(
        folder / "samples_sums_2026-11-01T10-00-00.000001.jsonl",
        [{"doc_id": n, "doc": {}, "doc_hash": "d", "filter": "none", "metrics": ["acc", "bleu"],
          "acc": value, "bleu": ["a", "b"]} for n, value in enumerate(values)],
    )  # fmt: skip
    return written(folder / "results_2026-11-01T10-00-00.000001.json", results)


def garak(version: str = "0.17.1", **fields: Any) -> list[dict[str, Any]]:
    """A report: four attempts of two generations, five of eight resisted, one not judged."""
    hits = [[0.0, 1.0], [0.0, 0.0], [1.0, 0.4], [0.9, None]]
    attempts = [
        {"entry_type": "attempt", "uuid": f"u{n}", "seq": n, "status": status,
         "probe_classname": "dan.Dan_11_0", "detector_results": {"dan.DAN": results}}
        for n, results in enumerate(hits) for status in (1, 2)
    ]  # fmt: skip
    return [
        {"entry_type": "start_run setup", "run.eval_threshold": 0.5,
         "plugins.target_type": "test", "plugins.target_name": "test.Blank"},
        {"entry_type": "init", "garak_version": version, "start_time": "2026-11-01T10:00:00"},
        *attempts,
        {"entry_type": "eval", "probe": "dan.Dan_11_0", "detector": "dan.DAN", "passed": 4,
         "fails": 3, "nones": 1, "total_evaluated": 7, "total_processed": 8, **fields},
        {"entry_type": "completion", "end_time": "2026-11-01T10:01:00"},
    ]  # fmt: skip


def deepeval(**fields: Any) -> dict[str, Any]:
    cases = [
        {"name": f"test_case_{n}", "input": "q", "success": n != 1, "order": n,
         "metricsData": [{"name": "Same", "threshold": 0.5, "success": n != 1,
                          "score": 0.25 if n == 1 else 1.0, "evaluationModel": "judge-1"}]}
        for n in range(4)
    ]  # fmt: skip
    return {"testCases": cases, "conversationalTestCases": [], "metricsScores": [],
            "testPassed": 3, "testFailed": 1, "runDuration": 0.1, **fields}  # fmt: skip


def mlflow(**fields: Any) -> dict[str, Any]:
    return {
        "columns": ["inputs", "outputs", "toxicity/v1/score", "right/score"],
        "data": [["q", "a", 0.1, 1], ["q", "b", 0.3, 0], ["q", "c", None, None]],
        **fields,
    }


def mlflow_genai() -> dict[str, Any]:
    """Two rows: `kind` is judged, `answer` is what was expected; both have a `/value`."""
    rows = []
    for said in ("yes", "no"):
        assessments = [
            {"assessment_name": "kind", "feedback": {"value": said}},
            {"assessment_name": "answer", "expectation": {"value": "1"}},
        ]
        rows.append(["tr-1", said, "1", "q", "a", assessments])
    columns = ["trace_id", "kind/value", "answer/value", "request", "response", "assessments"]
    return {"columns": columns, "data": rows}
