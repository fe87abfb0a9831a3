"""Hostile text in every field that a person, a caller or another tool fills: no surface obeys it.

Terminal: nothing but printable signs. Markdown: no HTML, no mention. XML: well-formed, and the text
is text. HTML: no tag of a stranger's; what a browser makes of it, in the tests of tests/e2e.
"""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from doubles import outside_results as outside
from doubles.desk import Desk, cases
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.flows.workspace.people import add_person

EVIL = (
    "\x1b[2J\x1b]0;owned\x07\x9b2J\u202e<img src=x onerror=alert(1)> | @ana `x` [a](//e.vil) =1\r\n"
)
"""Terminal control, a mark of direction, HTML, a table cell's end, a mention, a link, a formula."""


def evil(name: str) -> str:
    return f"{name}{EVIL}"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.delenv("ROADWORTHY_HOME", raising=False)
    made = Desk(tmp_path / "desk")
    asked = cases(80)
    for number, case in enumerate(asked):
        if number % 8 == 0:
            case |= {
                "id": evil(f"c{number}"), "input": evil(str(case["input"])),
                "tags": ["golden", evil("tag")], "facets": {"facet": evil("value")},
                "source": evil("source"), "context": {"key": evil("word")},
            }  # fmt: skip
        case["facets"] = {**case["facets"], "tenant": evil("acme")}  # type: ignore[dict-item]
    made.cases(asked)
    made.write(
        "safety-slos.yaml",
        json.dumps({"slos": [
            {"name": evil("accuracy"), "metric": "accuracy", "target": ">= 0.8",
             "by": ["tenant"], "objective": evil("be right")},
            {"name": "worse", "metric": "accuracy", "target": ">= 0.999", "where": "tag:golden",
             "evidence": "proven", "by": ["tenant"]},
        ]}),
    )  # fmt: skip
    made.write(
        "suites/main.yaml",
        json.dumps({"name": evil("main"), "cases": ["main.jsonl"], "description": evil("all")}),
    )
    add_person(made.loop(), name="ana", roles=["engineer"])
    return made


def call(capsys: Any, *arguments: object) -> tuple[int, str]:
    code = run(VERBS, list(map(str, arguments)))
    said = capsys.readouterr()
    return code, said.out + said.err


def plain(said: str) -> None:
    """Only what shows itself, line by line."""
    for line in said.split("\n"):
        assert line.isprintable(), repr(line)


def test_check_obeys_no_file(desk: Desk, capsys: Any) -> None:
    _, said = call(capsys, "check", desk.root)
    plain(said)
    desk.write("candidate.yaml", json.dumps({"task": evil("x"), evil("key"): evil("value")}))
    desk.write(f"suites/{evil('b').replace('/', '')}.yaml", json.dumps({"nome": evil("x")}))
    code, said = call(capsys, "check", desk.root)
    assert code == 1
    plain(said)


@pytest.mark.parametrize("verb", [["eval"], ["gate"], ["ci"], ["suite", "coverage"], ["explain"]])
def test_no_command_lets_a_field_drive_the_terminal(desk: Desk, capsys: Any, verb: Any) -> None:
    asyncio.run(desk.evaluate())
    _, said = call(capsys, *verb, desk.root)
    plain(said)


@pytest.mark.parametrize("verb", [["check"], ["eval"], ["gate"]])
def test_json_for_scripts_says_the_same_and_drives_no_terminal(
    desk: Desk, capsys: Any, verb: Any
) -> None:
    asyncio.run(desk.evaluate())
    run(VERBS, [*verb, str(desk.root), "--json"])
    said = capsys.readouterr().out
    plain(said)
    if verb == ["gate"]:
        assert any(EVIL in each["name"] for each in json.loads(said)["slos"])


def test_a_gate_posts_text_only(desk: Desk, capsys: Any, tmp_path: Path) -> None:
    asyncio.run(desk.evaluate())
    markdown, junit = tmp_path / "gate.md", tmp_path / "gate.xml"
    _, said = call(capsys, "gate", desk.root, "--markdown", markdown, "--junit", junit)
    plain(said)
    posted = markdown.read_text(encoding="utf-8")
    assert "acme" in posted, "the hostile facet is on the page"
    plain(posted.replace("\u2060", ""))  # it breaks mentions and links
    assert "<img" not in posted
    assert not re.search(r"(?<!\\)\[a", posted)
    assert "@ana" not in posted
    rows = [line for line in posted.splitlines() if line.startswith("| ") and "acme" in line]
    assert rows
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {9}
    found = ElementTree.fromstring(junit.read_text(encoding="utf-8"))
    names = [case.get("name", "") for case in found.iter("testcase")]
    assert any("acme" in name for name in names)
    for name in names:
        plain(name)


def test_an_import_shows_text_only(desk: Desk, capsys: Any, tmp_path: Path) -> None:
    rows = [
        outside.promptfoo_row(n, namedScores={evil("score"): 1.0}, provider={"id": evil("model")})
        for n in range(3)
    ]
    file = tmp_path / (evil("out").replace("/", "") + ".json")
    outside.written(file, {**outside.promptfoo(rows), "config": {"description": evil("task")}})
    for more in (["--look"], [], []):
        code, said = call(capsys, "import", file, "--dir", desk.root, *more)
        assert code == 0, said
        plain(said)
    _, said = call(capsys, "import", "--dir", desk.root)
    plain(said)
    outside.written(file, {"results": {}, evil("key"): 1})
    code, said = call(capsys, "import", file, "--dir", desk.root)
    assert code == 1
    plain(said)


def test_the_report_holds_no_tag_that_a_field_brought(
    desk: Desk, capsys: Any, tmp_path: Path
) -> None:
    asyncio.run(desk.evaluate())
    out = tmp_path / "page.html"
    code, said = call(capsys, "report", desk.root, "--out", out)
    plain(said)
    assert code == 0, said
    page = out.read_text(encoding="utf-8")
    assert "onerror" in page, "the hostile text is on the page"
    assert "<img src=x" not in page
    assert not re.search(r'href="?(javascript|//e\.vil)', page)


def test_a_pre_read_holds_text_only(desk: Desk, capsys: Any) -> None:
    asyncio.run(desk.evaluate())
    _, said = call(capsys, "deliberate", desk.root)
    plain(said)
    note = (desk.root / "deliberation-note.md").read_text(encoding="utf-8")
    plain(note.replace("\u2060", ""))
    assert "<img" not in note
