"""The report as a file: its policy, its data blocks, what is left out, what it is written over."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import select
import stat
import zlib
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from doubles.inspected import a_decision, a_row, an_inspection
from roadworthy.console.report import page
from roadworthy.console.report.data import CHUNK_CASES
from roadworthy.console.report.page import write_report
from roadworthy.domain import (
    Assessment,
    Case,
    Expect,
    NeverRecord,
    RailVerdict,
    SafetySLO,
    UsageError,
    Verdict,
)


class Reader(HTMLParser):
    """What a browser would take from the file: tags, scripts, words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif self._inside != "style" and data.strip():
            self.words.append(data.strip())


def written(folder: Path, rows: Any, *, texts: bool = True, **more: Any) -> Reader:
    out = folder / "run.html"
    with an_inspection(folder, rows, **more) as inspection:
        write_report(inspection, out, texts=texts)
    return Reader(out.read_text(encoding="utf-8"))


def block(found: Reader, name: str) -> Any:
    text = next(text for attributes, text in found.scripts if attributes.get("id") == name)
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", text)
    return json.loads(zlib.decompress(base64.b64decode(text)))


def case_of(found: Reader, number: int = 0) -> dict[str, Any]:
    index = block(found, "index")
    values = block(found, "chunk-0")["cases"][number]
    item = dict(zip(index["detail"], values, strict=True))
    for name in ("repeats", "before"):
        item[name] = [dict(zip(index["repeat"], each, strict=True)) for each in item[name]]
    return item


def test_the_policy_allows_the_pages_own_script_and_nothing_else(tmp_path):
    found = written(tmp_path, [a_row()])
    policy = next(
        str(attributes["content"])
        for tag, attributes in found.tags
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    )
    running = [text for attributes, text in found.scripts if "type" not in attributes]
    assert len(running) == 1
    digest = base64.b64encode(hashlib.sha256(running[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert {attributes["type"] for attributes, _ in found.scripts if "type" in attributes} == {
        "application/octet-stream"
    }


def test_nothing_is_loaded_from_anywhere(tmp_path):
    found = written(tmp_path, [a_row()])
    for tag, attributes in found.tags:
        assert tag not in ("link", "img", "iframe", "object", "embed", "form", "base")
        assert "src" not in attributes
        assert "style" not in attributes
        assert str(attributes.get("href") or "#").startswith("#")
        assert not [name for name in attributes if name.startswith("on")]
    assert "url(" not in page.PAGE.style()
    assert "innerHTML" not in page.PAGE.script()
    assert "eval(" not in page.PAGE.script()


def test_the_same_run_gives_the_same_bytes(tmp_path):
    rows = [a_row(f"c{i}", scores={"label": float(i % 2)}, label="motor") for i in range(40)]
    digests = set()
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        with an_inspection(folder, rows) as inspection:
            digests.add(write_report(inspection, folder / "run.html").digest)
    assert len(digests) == 1


def test_a_case_carries_everything_that_was_asked_and_said(tmp_path):
    rail = RailVerdict(rail="pii", side="output", outcome="redact", kinds=("email",), score=0.9)
    rows = [
        a_row(
            "c1", repeat=0, output="mail [email]", raw_output="mail a@b.org", rails=(rail,),
            scores={"exact": 0.0, "raw.exact": 1.0}, decision="motor", confidence=0.123456,
            label="motor", label_probabilities={"motor": 0.123456}, latency_ms=12.0, cost="0.01",
            currency="EUR", never=(NeverRecord(event="e", kind="attempt", found_by="rail"),),
            attributes={"expect_action": "block"},
        ),
        a_row("c1", repeat=1, status="error", error="timed out", action="error"),
    ]  # fmt: skip
    case = Case(
        id="c1", input="my car", expect=Expect(text="motor", regex="m.*"),
        turns=[{"role": "user", "content": "hello"}], context={"a": 1}, source="incident:3",
    )  # fmt: skip
    found = written(tmp_path, rows, cases=[case])
    item = case_of(found)
    assert (item["input"], item["expect"]) == ("my car", {"text": "motor", "regex": "m.*"})
    assert (item["turns"][0]["content"], item["context"], item["source"]) == (
        "hello", {"a": 1}, "incident:3",
    )  # fmt: skip
    first, second = item["repeats"]
    assert (first["output"], first["raw"]) == ("mail [email]", "mail a@b.org")
    assert first["scores"] == {"exact": 0.0, "raw.exact": 1.0}
    assert (first["confidence"], first["cost"]) == (0.1235, "0.01 EUR")
    assert first["never"] == [["e", "attempt", "rail"]]
    assert (second["status"], second["error"]) == ("error", "timed out")
    at, score = first["rails"][0]
    assert block(found, "chunk-0")["rails"][at] == ["pii", "output", "redact", ["email"], "", ""]
    assert score == 0.9


def test_a_case_that_changed_since_the_run_shows_no_text_of_another_question(tmp_path):
    asked = Case(id="c1", input="old question")
    with an_inspection(tmp_path, [a_row("c1"), a_row("c2")], cases=[asked]) as inspection:
        inspection.texts._cases["main"]["c1"] = Case(id="c1", input="new question")
        write_report(inspection, tmp_path / "run.html")
    found = Reader((tmp_path / "run.html").read_text())
    assert "changed since the run" in case_of(found, 0)["absent"]
    assert "in no suite any more" in case_of(found, 1)["absent"]
    assert case_of(found, 0)["input"] == ""


def test_without_texts_no_text_of_a_case_is_in_the_file(tmp_path):
    secret = "SECRET-WORDS"
    rail = RailVerdict(rail="pii", side="output", outcome="flag", reason=secret)
    row = a_row(
        "c1", output=secret, raw_output=f"raw {secret}", error=secret, rails=(rail,),
        attributes={"note": secret}, tags=("golden",), label="motor", scores={"label": 1.0},
    )  # fmt: skip
    other = a_row("c1", output=secret, scores={"label": 0.0})
    case = Case(
        id="c1", input=secret, expect=Expect(label="motor", text=secret, rubric=secret),
        turns=[{"content": secret}], context={"k": secret}, source=secret,
    )  # fmt: skip
    found = written(tmp_path, [row], texts=False, cases=[case], before=[other])
    everything = json.dumps([block(found, "index"), block(found, "chunk-0")])
    assert secret not in everything
    assert secret not in (tmp_path / "run.html").read_text()
    item = case_of(found)
    assert item["absent"] == "left out of this report"
    assert item["expect"] == {"label": "motor"}
    assert item["repeats"][0]["scores"] == {"label": 1.0}
    assert item["tags"] == ["golden"]


def test_cases_lie_in_chunks_that_the_columns_find(tmp_path):
    rows = [a_row(f"c{i:04d}", output=f"answer {i}") for i in range(2 * CHUNK_CASES + 5)]
    found = written(tmp_path, rows)
    index = block(found, "index")
    assert index["chunks"] == 3
    assert index["starts"] == [0, CHUNK_CASES, 2 * CHUNK_CASES]
    assert len(index["columns"]["id"]) == len(rows)
    assert {len(values) for values in index["columns"].values()} == {len(rows)}
    assert [len(block(found, f"chunk-{i}")["cases"]) for i in range(3)] == [256, 256, 5]


def test_large_texts_make_small_chunks(tmp_path):
    rows = [a_row(f"c{i}", output="x" * 700_000) for i in range(5)]
    assert block(written(tmp_path, rows), "index")["starts"] == [0, 3]


def test_verdicts_of_cases(tmp_path):
    good, bad, unjudged = {"label": 1.0}, {"label": 0.0}, {"raw.label": 1.0}
    rows = [
        a_row("a", scores=good),
        a_row("b", scores=bad),
        a_row("c", scores=good), a_row("c", repeat=1, scores=bad),
        a_row("d", status="error"),
        a_row("e", scores=unjudged),
        a_row("f", scores=good), a_row("f", repeat=1, status="error"),
    ]  # fmt: skip
    index = block(written(tmp_path, rows), "index")
    said = [index["verdicts"][code] for code in index["columns"]["verdict"]]
    assert said == ["passed", "failed", "flaky", "error", "not judged", "flaky"]
    assert index["columns"]["passes"] == [1, 0, 1, 0, 0, 1]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict.PASS, "May be released"),
        (Verdict.FAIL, "May not be released"),
        (Verdict.INCONCLUSIVE, "Not decided, so it may not be released"),
        (Verdict.ERROR, "Could not be judged, so it may not be released"),
    ],
)
def test_the_decision_is_said_first_and_in_words(tmp_path, verdict, words):
    slo = SafetySLO(name="accuracy", target=">= 0.5")
    judged = Assessment(
        slo=slo, name="accuracy", target=">= 0.5", estimate=0.7, low=0.6, high=0.8, n=90,
        verdict=verdict, reason="because",
    )  # fmt: skip
    found = written(tmp_path, [a_row()], decision=a_decision(verdict, judged, reasons=("why",)))
    assert words in found.words
    assert found.words.index(words) < found.words.index("Objectives", 10)
    assert "because" in found.words


def test_without_a_decision_the_report_never_says_that_it_may_be_released(tmp_path):
    found = written(tmp_path, [a_row(scores={"label": 1.0})])
    assert "The gate has not decided on this run" in found.words
    assert not [words for words in found.words if words.startswith("May be released")]


def test_what_was_not_looked_at_is_not_reported_as_looked_at(tmp_path):
    rail = RailVerdict(rail="toxicity", side="output", outcome="not_checked", reason="no model")
    found = written(tmp_path, [a_row(rails=(rail,))])
    assert "1 x no model" in found.words
    text = " ".join(found.words)
    assert "nothing is known of attacks" in text
    assert "nothing is known of its calibration" in text
    assert "Not compared: no other run was named." in text


def test_an_empty_run_is_a_report_too(tmp_path):
    found = written(tmp_path, [])
    assert block(found, "index")["columns"]["id"] == []
    assert "No objective was judged on this run." in found.words


def test_something_else_is_not_written_over(tmp_path):
    out = tmp_path / "charter.yaml"
    out.write_text("system: x")
    with (
        an_inspection(tmp_path, [a_row()]) as inspection,
        pytest.raises(UsageError, match="is no report"),
    ):
        write_report(inspection, out)
    assert out.read_text() == "system: x"
    with (
        an_inspection(tmp_path, [a_row()]) as inspection,
        pytest.raises(UsageError, match="no folder"),
    ):
        write_report(inspection, tmp_path / "none" / "run.html")


def test_a_report_is_there_as_a_whole_or_not_at_all(tmp_path):
    out = tmp_path / "run.html"
    with an_inspection(tmp_path, [a_row()]) as inspection:
        write_report(inspection, out)
        first = out.read_bytes()
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        write_report(inspection, out)
        assert out.read_bytes() == first
        inspection.rows.path.write_bytes(b"")
        with pytest.raises(Exception, match=r"not a row|truncated"):
            write_report(inspection, out)
    assert out.read_bytes() == first
    assert [p.name for p in tmp_path.glob(".roadworthy-*")] == []


def test_a_report_into_a_pipe_is_the_report_and_the_pipe_stays_one(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with an_inspection(tmp_path, [a_row()]) as inspection, ThreadPoolExecutor() as pool:
        whole = write_report(inspection, tmp_path / "run.html")
        reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(reader, True)
        arrived = pool.submit(lambda: _read_to_end(reader))
        written = write_report(inspection, tmp_path / "pipe")
    assert arrived.result() == (tmp_path / "run.html").read_bytes()
    assert (written.bytes, written.digest) == (whole.bytes, whole.digest)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def _read_to_end(handle: int) -> bytes:
    """What a pipe gives until its writer is through; before one is there it gives nothing."""
    select.select([handle], [], [])
    with os.fdopen(handle, "rb") as file:
        return file.read()
