"""Exports of Langfuse, as its UI and API write them: counted, and nothing that was said kept."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from roadworthy.domain import Brought, UsageError
from roadworthy.origins import Wanted, read_foreign

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
SAID = "my car has a flat tyre"


def trace(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"t{number}", "timestamp": f"2026-11-2{number}T10:00:00.000Z", "name": "sort",
        "userId": "u1", "sessionId": None, "release": "r1", "environment": "default", "tags": [],
        "input": SAID, "output": "motor", "metadata": {}, "totalCost": 0.001,
        "latency": 1.2, **more,
    }  # fmt: skip


def observation(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"o{number}", "traceId": "t1", "type": "GENERATION", "name": "call",
        "startTime": "2026-11-21T10:00:00.000Z", "model": "gemma", "level": "DEFAULT",
        "input": SAID, "output": "motor", "calculatedTotalCost": 0.1, **more,
    }  # fmt: skip


def score(number: int, value: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": f"s{number}", "traceId": "t1", "observationId": None, "name": "helpful",
        "source": "ANNOTATION", "dataType": "NUMERIC", "value": value, "stringValue": None,
        "timestamp": "2026-11-21T11:00:00.000Z", "comment": SAID, **more,
    }  # fmt: skip


def written(folder: Path, rows: list[dict[str, Any]], form: str) -> Path:
    path = folder / f"export.{form}"
    if form == "json":
        path.write_text(json.dumps(rows))
    elif form == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        out = io.StringIO()
        table = csv.DictWriter(out, list(rows[0]))
        table.writeheader()
        table.writerows(
            {key: json.dumps(v) if isinstance(v, dict | list) else v for key, v in row.items()}
            for row in rows
        )
        path.write_text(out.getvalue())
    return path


def one(path: Path) -> Brought:
    found = read_foreign(str(path), Wanted(now=NOW))
    assert found is not None
    (brought,) = found
    return brought


def figures(path: Path) -> dict[str, tuple[str, int]]:
    return {each.name: (each.value, each.n) for each in one(path).received.figures}


@pytest.mark.parametrize("form", ["json", "jsonl", "csv"])
def test_the_tables_are_counted_in_each_form(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, [trace(1), trace(2), trace(2)], form)
    assert figures(path) == {"traces": ("2", 2), "cost": ("0.002", 2)}
    found = one(path).received
    assert "1 rows stand there twice and count once" in found.notes
    assert (found.trust, found.by) == ("claimed", "Langfuse")
    assert found.origin.exported_at == "2026-11-22T10:00:00.000Z"
    rows = [observation(1), observation(2, level="ERROR"), observation(3, type="SPAN", model="")]
    assert figures(written(tmp_path, rows, form)) == {
        "observations": ("3", 3), "observations: GENERATION": ("2", 3),
        "observations: SPAN": ("1", 3), "observations with an error": ("1", 3), "cost": ("0.3", 3),
    }  # fmt: skip
    word = {"dataType": "CATEGORICAL", "name": "tone"}
    rows = [
        score(1, 1), score(2, 0.5), score(3, 0.6), score(4, None, stringValue="kind", **word),
        score(5, None, stringValue="curt", **word), score(6, None, stringValue="kind", **word),
        score(7, 1, dataType="BOOLEAN", name="right"),
        score(8, 0, dataType="BOOLEAN", name="right"),
    ]  # fmt: skip
    assert figures(written(tmp_path, rows, form)) == {
        "scores": ("8", 8), "helpful": ("0.7", 3), "right": ("0.5", 2), "tone = curt": ("1", 3),
        "tone = kind": ("2", 3),
    }  # fmt: skip


def test_nothing_that_people_said_is_kept(tmp_path: Path) -> None:
    brought = one(written(tmp_path, [trace(1)], "jsonl"))
    assert (brought.original, brought.files) == (b"", ())
    assert SAID not in str(brought.received)
    assert "keep the file" in brought.received.notes[0]


def test_a_page_of_the_api_and_a_trace_that_was_downloaded(tmp_path: Path) -> None:
    path = tmp_path / "page.json"
    page = {"data": [trace(1), trace(2)], "meta": {"page": 1, "totalItems": 2, "totalPages": 1}}
    path.write_text(json.dumps(page))
    assert figures(path)["traces"] == ("2", 2)
    whole = trace(1, observations=[observation(1)], scores=[score(1, 1)])
    path.write_text(json.dumps(whole))
    counted = figures(path)
    assert {kind: counted[kind] for kind in ("traces", "observations", "scores")} == {
        "traces": ("1", 1), "observations": ("1", 1), "scores": ("1", 1),
    }  # fmt: skip


def test_results_of_others_that_trace_are_no_export(tmp_path: Path) -> None:
    path = tmp_path / "promptfoo.json"
    path.write_text(json.dumps({"results": {"results": [{"traceId": "t1"}]}, "config": {}}))
    assert read_foreign(str(path), Wanted(now=NOW)) is None


@pytest.mark.parametrize("meta", [{"totalPages": 3, "page": 1}, {"cursor": "abc"}])
def test_a_page_of_several_is_refused(tmp_path: Path, meta: dict[str, Any]) -> None:
    path = tmp_path / "page.json"
    path.write_text(json.dumps({"data": [trace(1)], "meta": meta}))
    with pytest.raises(UsageError, match="a page of several"):
        one(path)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize("value", ["NaN", "inf", "much", "1e99"])
def test_a_score_that_is_no_number_is_refused_with_its_line(
    tmp_path: Path, form: str, value: str
) -> None:
    path = written(tmp_path, [score(1, 1), score(2, value)], form)
    line = {"jsonl": 2, "csv": 3}[form]
    with pytest.raises(UsageError, match=rf"line {line}: score 'helpful' is .* no number"):
        one(path)


@pytest.mark.parametrize(
    ("form", "words"),
    [("json", "export.json"), ("jsonl", "line 2"), ("csv", r"line \d+ has \d+ cells|no CSV")],
)
def test_an_export_that_was_cut_off_is_refused(tmp_path: Path, form: str, words: str) -> None:
    path = written(tmp_path, [trace(1), trace(2)], form)
    path.write_text(path.read_text()[:-40])
    with pytest.raises(UsageError, match=words):
        one(path)


def test_rows_of_another_version_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, [score(1, 1), {"traceId": "t1", "verdict": 1}], "jsonl")
    with pytest.raises(UsageError, match="line 2 is no trace, observation or score"):
        one(path)


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_an_export_says_which_system_it_is_about(tmp_path: Path, form: str) -> None:
    rows = [trace(1, metadata={"roadworthy.system": "loans"}), trace(2)]
    assert one(written(tmp_path, rows, form)).received.system == "loans"
    rows.append(trace(3, metadata={"roadworthy.system": "desk"}))
    with pytest.raises(UsageError, match="is about 2 systems: desk, loans"):
        one(written(tmp_path, rows, form))


@given(st.text(max_size=120), st.sampled_from(["json", "jsonl", "csv"]))
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_an_export_holds_it_is_read_or_refused(
    tmp_path: Path, text: str, form: str
) -> None:
    path = tmp_path / f"fuzz.{form}"
    good = written(tmp_path, [score(1, 1)], form).read_bytes()
    path.write_bytes(good + text.encode("utf-8", "surrogatepass"))
    with contextlib.suppress(UsageError):
        one(path)


def test_a_time_that_is_none_is_refused_for_age_counts_from_it(tmp_path: Path) -> None:
    path = tmp_path / "traces.jsonl"
    path.write_text(json.dumps(trace(1, timestamp=1_700_000_000_000)))
    with pytest.raises(UsageError, match=r"line 1: '1700000000000' is no time"):
        read_foreign(str(path), Wanted(now=NOW))
