"""Writing a user's file: whole or not at all, and into what is no file as it comes."""

from __future__ import annotations

import os
import select
import stat
import sys
from pathlib import Path

import pytest

from roadworthy.domain import EvidenceError, UsageError, sha256
from roadworthy.flows.workspace.own_files import (
    begins,
    beside,
    is_stream,
    own_file,
    require_own,
    write_own,
)


def test_a_file_is_there_as_a_whole_or_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with own_file(out) as file:
        file.write(b"one")
        assert not out.exists()
    assert (out.read_bytes(), file.size, file.digest) == (b"one", 3, sha256(b"one"))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    with pytest.raises(ZeroDivisionError), own_file(out) as file:
        file.write(b"two")
        raise ZeroDivisionError
    assert out.read_bytes() == b"one"
    assert [one.name for one in tmp_path.iterdir()] == ["out"]


def test_a_link_stays_one_and_what_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("far")
    for text in (b"new", b"again"):
        write_own(tmp_path / "link", text)
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "far").read_bytes() == text


def test_a_pipe_that_nobody_reads_is_refused_and_none_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(EvidenceError, match="nobody reads it"), own_file(tmp_path / "pipe"):
        raise AssertionError
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with (
        pytest.raises(EvidenceError, match="nobody read for"),
        own_file(tmp_path / "pipe", patience_s=0.01) as file,
    ):
        file.write(bytes(1 << 20))
    os.close(reader)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_reader_that_leaves_is_told_as_a_fault(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(EvidenceError, match="cannot be written"), own_file(tmp_path / "pipe") as f:
        os.close(reader)
        f.write(b"x")


@pytest.mark.parametrize("place", ["/dev/fd/{}", "/proc/self/fd/{}", "{link}"])
@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_what_is_open_is_written_into_and_stays_what_it_is(
    tmp_path: Path, place: str, kind: str
) -> None:
    # /dev/stdout is such a link; where it leads to a file, that file has more in it than ours
    read, write = os.pipe()
    if kind == "file":
        write = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
        os.write(write, b"before ")
    link = tmp_path / "stdout"
    link.symlink_to(f"/proc/self/fd/{write}")
    out = Path(place.format(write, link=link))
    assert is_stream(out)
    assert beside(out) is None
    write_own(out, b"ours")
    assert link.is_symlink()
    if kind == "file":
        assert (tmp_path / "log").read_bytes() == b"before ours"
    else:
        assert select.select([read], [], [], 0)[0]
        assert os.read(read, 99) == b"ours"
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(
        ["stdout", *(["log"] if kind == "file" else [])]
    )


def test_who_puts_a_file_there_whole_takes_no_pipe_and_nobody_a_circle(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "round").symlink_to("round")
    with pytest.raises(UsageError, match="no plain file"):
        require_own(tmp_path / "pipe", begins(b"x"), kind="page")
    require_own(tmp_path / "pipe", begins(b"x"), kind="page", streams=True)
    with pytest.raises(UsageError, match="in a circle"):
        require_own(tmp_path / "round", begins(b"x"), kind="page", streams=True)
    with pytest.raises(UsageError, match="no plain file"):
        require_own(Path(f"/dev/fd/{sys.__stderr__.fileno()}"), begins(b"x"), kind="page")
