"""A pipe, a device or an endless file in the place of a small one: refused, never waited for.

Each reader runs in a process of its own with little memory, so that one that waits or reads on is
seen as that.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.live_system import write_live_system
from roadworthy.manifests import Workspace
from roadworthy.wiring.watched import WatchedFile

MEMORY = 1500 << 20

READERS = {
    "routing": "from roadworthy.flows.workspace.routing import read_table as read",
    "tenants": "from roadworthy.serving import load_tenants as read",
    "heads": "from roadworthy.ledger import CheckpointLog\n"
    "read = lambda p: CheckpointLog(p).newest()",
    "every head": "from roadworthy.ledger import CheckpointLog\n"
    "read = lambda p: list(CheckpointLog(p).read())",
    "new head": "from roadworthy.ledger import CheckpointLog\n"
    "read = lambda p: CheckpointLog(p).append_newer(None)",
    "auditor's heads": "from roadworthy_verify.checkpoint import heads_of_file as read",
    "auditor's trust": "from roadworthy_verify import load_trust as read",
    "auditor's proof": "from roadworthy_verify.proof import _document as read",
    "segment": "from roadworthy.journal.reading import read_segment\n"
    "read = lambda p: list(read_segment(p))",
    "answer": "from roadworthy.journal.reading import _mentioning\n"
    "read = lambda p: list(_mentioning(p, b'x'))",
    "states": "from roadworthy.journal import read_states\nread = lambda p: read_states(p.parent)",
    "key": "from roadworthy.ledger import Keyring\n"
    "def read(p):\n    p.parent.chmod(0o700)\n    return Keyring(p.parent).signer('file')",
    "table while publishing": "from roadworthy.ledger.archive import _published\n"
    "def read(p):\n"
    "    (p.parent / 'serving').mkdir()\n"
    "    p.rename(p.parent / 'serving' / 'routing.json')\n"
    "    return _published(p.parent)",
}
"""How each small file is read; `read` takes a path."""

NAMES = {"states": "file.json", "key": "file.key"}

RUN = """
import sys
from pathlib import Path
{reader}
from roadworthy.domain import RoadworthyError
from roadworthy_verify import CheckpointError, TrustError
from roadworthy_verify.proof import ProofError
try:
    read(Path(sys.argv[1]))
except (RoadworthyError, CheckpointError, TrustError, ProofError, OSError) as error:
    print("refused:", error)
else:
    print("read")
"""


def _pipe(path: Path) -> None:
    os.mkfifo(path, 0o600)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _huge(path: Path) -> None:
    path.touch(0o600)
    os.truncate(path, 8 << 30)


def _little_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def said(code: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, timeout=120, check=False, preexec_fn=_little_memory,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.mark.parametrize("make", [_pipe, _device], ids=["pipe", "device"])
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_plain_file_is_refused_and_not_waited_for(
    tmp_path: Path, reader: str, make: Callable[[Path], None]
) -> None:
    path = tmp_path / NAMES.get(reader, "file")
    make(path)
    assert "refused: " in said(RUN.format(reader=READERS[reader]), str(path))


@pytest.mark.parametrize("reader", ["routing", "tenants", "auditor's heads", "auditor's trust"])
def test_a_file_without_end_is_refused_before_it_takes_the_memory(
    tmp_path: Path, reader: str
) -> None:
    _huge(tmp_path / "file")
    assert "refused: " in said(RUN.format(reader=READERS[reader]), str(tmp_path / "file"))


def test_text_that_is_no_utf_8_is_refused_like_any_damage(tmp_path: Path) -> None:
    for reader in ("routing", "tenants", "states"):
        path = tmp_path / NAMES.get(reader, "file")
        path.write_bytes(b'{"published_at": "\xff", "keys": {"\xff": {}}, "worker": "\xff"}')
        assert "refused: " in said(RUN.format(reader=READERS[reader]), str(path)), reader


@pytest.mark.parametrize("name", ["serving/routing.json", "checkpoints.jsonl", "trust.yaml"])
def test_commands_end_where_a_pipe_stands_in_the_place_of_a_file(tmp_path: Path, name: str) -> None:
    workspace: Workspace = write_live_system(tmp_path, "http://127.0.0.1:9/v1").workspace
    path = workspace.root / name
    path.unlink()
    _pipe(path)
    command = "import sys; from roadworthy.__main__ import main; main()"
    for arguments in (
        ("ledger", "verify", str(tmp_path)),
        ("kill", "system", str(tmp_path), "--reason", "drill"),
        ("backup", str(tmp_path), "--out", str(tmp_path / "backup.tgz")),
    ):
        assert "Traceback" not in said(command, *arguments)


def test_a_watched_file_that_cannot_be_looked_at_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "routing.json"
    path.write_bytes(b"{}")
    watched = WatchedFile(path)
    assert watched.changed()
    path.unlink()
    path.symlink_to(path)
    assert watched.changed()
    assert not watched.changed()
