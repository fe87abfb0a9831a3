"""`roadworthy emergency`, and where its rails are listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.flows.workspace.routing import read_table
from roadworthy.manifests import open_workspace

TWO = ("--as", "bob", "--as", "cleo")
WHY = ("--reason", "it leaks")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return tmp_path


def called(*arguments: str) -> int:
    return run(VERBS, list(arguments))


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    capsys.readouterr()
    code = called(*arguments, "--json")
    return code, json.loads(capsys.readouterr().out)


def test_it_is_added_listed_and_lifted(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, added = said(
        capsys, "emergency", "add", "no-mauve", str(home), "--word", "mauve", *WHY, *TWO,
        "--scope", "tenant:acme", "--for", "24h",
    )  # fmt: skip
    assert code == 0 and added["recorded"]
    rail = added["rail"]
    assert (rail["scope"], rail["value"], rail["system"]) == ("tenant", "acme", "letters")
    _, listed = said(capsys, "mitigation", "list", str(home))
    assert [(one["id"], one["kind"], one["scope"]) for one in listed] == [
        (rail["id"], "emergency_rail", "tenant:acme")
    ]
    code, stands = said(capsys, "status", str(home))
    assert code == 3 and [one["rail"] for one in stands["emergencies"]] == ["emergency:no-mauve"]
    assert called("status", str(home)) == 3
    assert "a release must carry it, or it ends then" in capsys.readouterr().out
    assert called("emergency", "list", str(home)) == 0
    assert called("mitigation", "list", str(home)) == 0
    assert capsys.readouterr().out.count("no-mauve") >= 2
    assert called("emergency", "lift", "no-mauve", str(home), *WHY, "--as", "bob") == 1
    assert "2 people act together" in capsys.readouterr().err
    code, gone = said(capsys, "emergency", "lift", "no-mauve", str(home), *WHY, *TWO)
    assert code == 0 and gone["lifted"] == rail["id"]
    assert said(capsys, "mitigation", "list", str(home))[1] == []


def test_a_rail_written_as_in_rails_yaml(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = home / "urgent.yaml"
    file.write_text(
        "id: cards\ndetector: pii\non: output\naction: redact\noptions: {kinds: [PAYMENT_CARD]}\n"
    )
    code, added = said(
        capsys, "emergency", "add", "cards", str(home), "--file", str(file), *WHY, *TWO
    )
    assert code == 0 and added["rail"]["detector"] == "pii" and added["rail"]["action"] == "redact"
    assert added["streams"] and "characters" in added["streams"][0]
    file.write_text("id: cards\ndetectr: pii\n")
    assert called("emergency", "add", "more", str(home), "--file", str(file), *WHY, *TWO) == 1
    assert "urgent.yaml:2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (("--word", "a", "--pattern", "b", *TWO), "what does it look for"),
        (TWO, "what does it look for"),
        (("--word", "a", "--as", "bob"), "2 people act together"),
        (("--word", "a", "--as", "bob", "--as", "bob"), "2 people act together"),
        (("--word", "a", *TWO, "--for", "73h"), "72 hours at most"),
        (("--word", "a", *TWO, "--for", "soon"), "no duration"),
        (("--word", "a", *TWO, "--scope", "world"), "is not a scope"),
        (("--word", "a", *TWO, "--action", "flag"), "flag"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_added(
    home: Path, capsys: pytest.CaptureFixture[str], wrong: tuple[str, ...], words: str
) -> None:
    assert called("emergency", "add", "no-mauve", str(home), *WHY, *wrong) == 1
    assert words in capsys.readouterr().err
    assert not read_table(open_workspace(home).routing).emergencies


@pytest.mark.parametrize("pattern", ["(?=x)", "(x)\\1", "a*"])
def test_a_pattern_that_cannot_be_built_says_what_can(
    home: Path, capsys: pytest.CaptureFixture[str], pattern: str
) -> None:
    code, told = said(capsys, "emergency", "add", "x", str(home), "--pattern", pattern, *WHY, *TWO)
    assert code == 1
    assert "cannot be built" in told["error"]
    assert "--word" in told["fix"]
