"""Sealed segments as Parquet: what the ledger vouches for, by system and hour, without a text."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from doubles.answers_that_left import CHARTER, Answers
from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import UsageError, VerificationError
from roadworthy.flows.journals.exporting import export_journal
from roadworthy.journal import segments
from roadworthy.wiring.loop import loop_of

needs_pyarrow = pytest.mark.skipif(find_spec("pyarrow") is None, reason="needs pyarrow: make setup")


@pytest.fixture
def answers(tmp_path: Path) -> Answers:
    loop = write_live_system(
        tmp_path / "system", "http://127.0.0.1:9/v1", {"charter.yaml": CHARTER}
    )
    return Answers(loop_of(loop.workspace))


async def sealed(answers: Answers) -> Path:
    """One answer and what was said of it, each in a segment that the ledger vouches for."""
    seen = await answers.leave("said to Ann", end_user="ann")
    await answers.learn(answers.says(seen, label="fine", note="Ann was glad"))
    answers.control().round()
    return segments(answers.loop.workspace.journal)[0]


def table_of(path: Path) -> Any:
    import pyarrow.parquet as parquet

    return parquet.ParquetFile(path).read()


@needs_pyarrow
async def test_every_row_says_which_leaf_of_which_root_it_was(
    answers: Answers, tmp_path: Path
) -> None:
    path = await sealed(answers)
    out = tmp_path / "out"
    done = export_journal(answers.loop, out)
    assert (done.segments, done.rows, done.there, done.unsealed) == (2, 2, 0, 0)
    (file,) = (out / "answers").rglob("*.parquet")
    entry = answers.loop.ledger.newest(kind="journal.sealed", subject=path.stem)
    assert entry is not None
    assert file.parent.parent.name == "system=letters"
    table = table_of(file)
    assert table.schema.metadata == {
        b"roadworthy.segment": path.stem.encode(),
        b"roadworthy.root": str(entry.payload["root"]).encode(),
        b"roadworthy.entry": str(entry.seq).encode(),
        b"roadworthy.records": b"3",
    }
    (row,) = table.to_pylist()
    assert (row["leaf"], row["tenant"], row["action"]) == (1, "acme", "answered")
    assert dict(row["facets"])["supplier"] == "S-9"
    import pyarrow.parquet as parquet

    (whole,) = parquet.read_table(out / "answers").to_pylist()
    assert (whole["system"], whole["id"]) == ("letters", row["id"])
    assert file.parent.name == f"hour={row['time']:%Y-%m-%dT%H}"
    rows = [row for each in (out / "learned").iterdir() for row in table_of(each).to_pylist()]
    assert [(each["observation"], each["label"]) for each in rows] == [(row["id"], "fine")]
    for each in out.rglob("*.parquet"):
        assert b"Ann" not in each.read_bytes() and "Ann" not in str(table_of(each).to_pylist())


@needs_pyarrow
async def test_the_same_again_writes_only_what_is_new(answers: Answers, tmp_path: Path) -> None:
    await sealed(answers)
    out = tmp_path / "out"
    export_journal(answers.loop, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.parquet")}
    await answers.leave()
    assert export_journal(answers.loop, out).unsealed == 1
    answers.control().round()
    done = export_journal(answers.loop, out)
    assert (done.segments, done.rows, done.there) == (1, 1, 2)
    assert all(path.stat().st_mtime_ns == at for path, at in before.items())


@needs_pyarrow
async def test_a_segment_that_is_not_as_it_was_sealed_is_not_exported(
    answers: Answers, tmp_path: Path
) -> None:
    path = await sealed(answers)
    whole = path.read_bytes()
    for data in (whole.replace(b"acme", b"acmf"), b""):
        path.write_bytes(data)
        with pytest.raises(VerificationError, match=path.stem):
            export_journal(answers.loop, tmp_path / "out")
    path.unlink()
    with pytest.raises(VerificationError, match="is gone"):
        export_journal(answers.loop, tmp_path / "out")
    assert not list(tmp_path.glob("out/**/*"))


@needs_pyarrow
async def test_a_name_of_a_system_leads_nowhere_else(answers: Answers, tmp_path: Path) -> None:
    from roadworthy.domain import Observation
    from roadworthy.journal.parquet import _answers

    seen = Observation(
        id="o", time="2026-11-21T20:00:00.000000Z", system="../../x", release="", stage="live"
    )
    path = _answers(tmp_path, "s", seen)
    assert path.resolve().is_relative_to(tmp_path.resolve())
    assert path.parent.parent.name == "system=..%2F..%2Fx"


async def test_without_pyarrow_it_is_said_what_is_missing(
    answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sealed(answers)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(UsageError, match="pyarrow"):
        export_journal(answers.loop, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@needs_pyarrow
async def test_the_command_says_how_many(
    answers: Answers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await sealed(answers)
    words = ["journal", "export", str(tmp_path / "system"), "--parquet"]
    assert run(VERBS, [*words, str(tmp_path / "out")]) == 0
    assert "2 segments, 2 rows in 3 files" in capsys.readouterr().out
    (tmp_path / "file").write_text("")
    assert run(VERBS, [*words, str(tmp_path / "file")]) == 1
    assert "cannot be written" in capsys.readouterr().err
