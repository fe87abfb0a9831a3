"""Commands about several folders: each counts once, and two of one name are told apart."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"


@pytest.fixture
def systems(tmp_path: Path) -> tuple[Path, Path]:
    for name in ("desk", "twin"):
        skipped = shutil.ignore_patterns(".roadworthy", "__pycache__")
        shutil.copytree(EXAMPLE, tmp_path / name, ignore=skipped)
    return tmp_path / "desk", tmp_path / "twin"


def test_a_folder_that_is_named_twice_counts_once(
    systems: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    desk, twin = systems
    run(VERBS, ["obligations", str(desk), f"{desk}/../desk", str(twin), str(desk), "--json"])
    assert len(msgspec.json.decode(capsys.readouterr().out)) == 2
    run(VERBS, ["obligations", str(desk), str(desk), "--json"])
    (one,) = msgspec.json.decode(capsys.readouterr().out)
    assert one["system"] == "claims-desk", "several were named: the form is that of several"
    run(VERBS, ["scope", str(desk), str(desk), "--json"])
    assert len(msgspec.json.decode(capsys.readouterr().out)) == 1


def test_columns_of_two_systems_of_one_name_say_which_folder_each_is(
    systems: tuple[Path, Path], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(systems[0].parent)
    run(VERBS, ["scope", "desk", "twin"])
    out = capsys.readouterr().out
    assert "claims-desk (desk)" in out
    assert "claims-desk (twin)" in out
