"""`roadworthy media`: figures of feature files, and a named error for every broken one."""

from __future__ import annotations

import io
import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.statistics import frechet, kernel_distance


def saved(path: Path, table: Any) -> str:
    np.save(path, table)
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    source = np.random.default_rng(1)
    return {
        "ours": saved(tmp_path / "ours.npy", source.normal(size=(80, 6)).astype(np.float32)),
        "theirs": saved(tmp_path / "theirs.npy", source.normal(size=(90, 6)) + 0.3),
        "words": saved(tmp_path / "words.npy", source.normal(size=(80, 6))),
    }


def test_every_figure_comes_with_its_n_and_interval(
    files: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["media", files["ours"], "--reference", files["theirs"], "--texts", files["words"]]
    assert run(VERBS, [*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    a, b = np.load(files["ours"]), np.load(files["theirs"])
    assert found["fid"]["value"] == pytest.approx(frechet(a, b).value)
    assert found["kid"]["value"] == pytest.approx(kernel_distance(a, b).value)
    assert (found["fid"]["n"], found["fid"]["reference"], found["fid"]["columns"]) == (80, 90, 6)
    assert found["clip_score"]["low"] < found["clip_score"]["value"] < found["clip_score"]["high"]
    assert found["features"]["digest"].startswith("sha256:")
    assert run(VERBS, asked) == 0
    assert "less its bias" in capsys.readouterr().out


class Bomb:
    """What a pickle would run."""

    def __reduce__(self) -> Any:
        return print, ("it ran",)


def archive() -> bytes:
    data = io.BytesIO()
    np.savez(data, a=np.ones((50, 3)), b=np.ones((50, 3)))
    return data.getvalue()


def objects() -> bytes:
    data = io.BytesIO()
    np.save(data, np.array([Bomb()], dtype=object), allow_pickle=True)
    return data.getvalue()


BROKEN = {
    "empty": b"",
    "words": b"these are no features",
    "a cut file": b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'fortran_order': False, 'shape'",
    "code in the head": b"\x93NUMPY\x01\x00\x10\x00__import__('os')",
    "a pickle": pickle.dumps(Bomb()),
    "objects": objects(),
    "an archive": archive(),
}


@pytest.mark.parametrize("kind", sorted(BROKEN))
def test_a_file_that_is_no_table_is_refused_and_never_run(
    kind: str, files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.npy"
    broken.write_bytes(BROKEN[kind])
    assert run(VERBS, ["media", str(broken), "--reference", files["theirs"]]) == 1
    said = capsys.readouterr()
    assert "broken.npy" in said.err
    assert "it ran" not in said.out + said.err


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (np.full((50, 6), np.nan), "finite numbers"),
        (np.ones((9, 6)), "9 rows"),
        (np.ones((50, 4)), "one encoder"),
        (np.ones(50), "a row a picture"),
    ],
)
def test_numbers_that_say_nothing_are_named(
    table: Any, said: str, files: dict[str, str], tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    path = saved(tmp_path / "table.npy", table)
    assert run(VERBS, ["media", path, "--reference", files["theirs"]]) == 1
    assert said in capsys.readouterr().err


def test_something_to_compare_with_must_be_named(
    files: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(VERBS, ["media", files["ours"]]) == 1
    assert "--reference" in capsys.readouterr().err
    assert run(VERBS, ["media", files["ours"], "--texts", str(tmp_path / "none.npy")]) == 1
    assert "cannot be read" in capsys.readouterr().err
