"""A disk that is full: the file is named, nothing half-written is left, the code is 2."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from doubles.systems import write_system

LIMITED = (
    "import resource, signal, sys\n"
    "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))\n"
    "exec(sys.argv[2])\n"
)
"""Files may grow to so many bytes and no further: write(2) then fails as on a full disk."""


def limited(size: int, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )


def left_over(root: Path) -> list[Path]:
    return [
        path
        for path in root.rglob("*")
        if path.name.endswith(".tmp") or "writing-" in path.name or ".restoring" in path.name
    ]


WRITES = {
    "a blob": (
        "from pathlib import Path; from roadworthy.ledger import BlobStore\n"
        "BlobStore(Path(sys.argv[3]) / 'blobs').put(b'x' * 10_000)",
        "blobs/",
    ),
    "a key": (
        "from pathlib import Path; from roadworthy.ledger import Keyring\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "Keyring(Path(sys.argv[3]) / 'keys').create('ada')",
        "keys/ada.key",
    ),
}


@pytest.mark.parametrize("what", WRITES)
def test_what_cannot_be_written_is_named_and_nothing_is_left(tmp_path: Path, what: str) -> None:
    code, named = WRITES[what]
    done = limited(4096, code, str(tmp_path))
    assert "EvidenceError" in done.stderr
    assert f"{tmp_path}/{named}" in done.stderr
    assert left_over(tmp_path) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def command(size: int, *words: object) -> subprocess.CompletedProcess[str]:
    code = "sys.argv[1:] = sys.argv[3:]; from roadworthy.cli import main; main()"
    return limited(size, code, *map(str, words))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = write_system(tmp_path / "desk")
    done = command(resource.RLIM_INFINITY, "people", "add", "ada", root, "--role", "admin")
    assert done.returncode == 0, done.stderr
    return root


BUILD = (
    "sys.path.insert(0, sys.argv[4])\n"
    "from pathlib import Path; from doubles.pinnable import a_system\n"
    "from roadworthy.release import build_bundle, pin\n"
    "build_bundle(pin(a_system()), Path(sys.argv[3]))"
)


@pytest.mark.parametrize("out", ["x.tar", "bundle"])
def test_a_bundle_on_a_full_disk_is_2_and_not_the_users_mistake(tmp_path: Path, out: str) -> None:
    tests = str(Path(__file__).parents[2])
    assert limited(1 << 30, BUILD, str(tmp_path / "fits"), tests).returncode == 0
    done = limited(256, BUILD, str(tmp_path / out), tests)
    assert "EvidenceError" in done.stderr, "which is exit code 2"
    assert f"cannot be written to {tmp_path / out}: File too large" in done.stderr
    assert left_over(tmp_path) == []
    assert not (tmp_path / out).exists()


def test_a_restore_on_a_full_disk_is_2_and_the_backup_is_not_called_broken(
    root: Path, tmp_path: Path
) -> None:
    assert command(1 << 30, "backup", root, "--out", tmp_path / "b.tgz").returncode == 0
    before = sorted((root / ".roadworthy").iterdir())
    done = command(1024, "restore", tmp_path / "b.tgz", root)
    assert done.returncode == 2, done.stderr
    assert "ledger.db cannot be written: File too large" in done.stderr
    assert left_over(root) == []
    assert sorted((root / ".roadworthy").iterdir()) == before


def test_a_tenants_key_on_a_full_disk_names_the_file_and_leaves_the_old_keys(root: Path) -> None:
    assert command(1 << 30, "keys", "tenant", "add", "acme", root).returncode == 0
    tenants = root / ".roadworthy" / "serving" / "tenants.json"
    before = tenants.read_bytes(), sorted(tenants.parent.iterdir())
    done = command(100, "keys", "tenant", "add", "other", root)
    assert done.returncode == 2, done.stderr
    assert f"{tenants} cannot be written: File too large" in done.stderr
    assert "OSError" not in done.stderr
    assert (tenants.read_bytes(), sorted(tenants.parent.iterdir())) == before


def test_an_error_of_the_disk_without_a_name_promises_none() -> None:
    import errno

    from roadworthy.cli.dispatch import _what_helps

    assert "free some space" in _what_helps(OSError(errno.ENOSPC, "No space left on device"))
    assert "see to /a/b" in _what_helps(OSError(errno.EACCES, "Permission denied", "/a/b"))
    assert "it names" not in _what_helps(OSError(errno.EIO, "Input/output error"))
