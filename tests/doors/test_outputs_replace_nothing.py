"""What a verb writes for its user replaces nothing but what that very verb wrote before."""

from __future__ import annotations

import gzip
import json
import os
import select
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import GateDecision, Verdict
from roadworthy.flows.workspace.own_files import (
    IsOurs,
    is_backup,
    is_gate_junit,
    is_gate_markdown,
    is_note,
    is_preferences,
)
from roadworthy.policy import to_junit, to_markdown

PLACES = (
    "candidate.yaml",
    "charter.yaml",
    "backup.tgz",
    "notes.md",
    "cases.jsonl",
    ".roadworthy/ledger.db",
    ".roadworthy/checkpoints.jsonl",
    ".roadworthy/trust.yaml",
    ".roadworthy/serving/routing.json",
    ".roadworthy/keys/machine.key",
    ".roadworthy/new.file",
    "link.txt",
)
"""Files that are there, and one that would be new inside the workspace."""

VERBS_THAT_WRITE = {
    "checkpoint": ("ledger", "checkpoint", "DIR", "--out", "OUT"),
    "prove": ("ledger", "prove", "1", "DIR", "--out", "OUT"),
    "prove-growth": ("ledger", "prove-growth", "KEPT", "DIR", "--out", "OUT"),
    "gate markdown": ("gate", "DIR", "--markdown", "OUT"),
    "gate junit": ("gate", "DIR", "--junit", "OUT"),
    "ci markdown": ("ci", "DIR", "--markdown", "OUT"),
    "ci junit": ("ci", "DIR", "--junit", "OUT"),
    "backup": ("backup", "DIR", "--out", "OUT"),
    "build": ("release", "build", "DIR", "--out", "OUT", "--as", "ann"),
    "calibrate": ("calibrate", "DIR", "--suite", "q", "--map", "platt", "--out", "REL"),
}


PROOFS = {"prove": "inclusion_proof", "prove-growth": "consistency_proof"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "desk"
    root.mkdir()
    write_live_system(root, "http://127.0.0.1:9/v1")
    assert run(VERBS, ["ledger", "checkpoint", str(root), "--out", str(root / "kept.txt")]) == 0
    assert run(VERBS, ["backup", str(root), "--out", str(root / "backup.tgz")]) == 0
    (root / "notes.md").write_text("# What we know\n")
    (root / "cases.jsonl").write_text('{"id": "a", "input": "x"}\n')
    (root / "link.txt").symlink_to(".roadworthy/serving/routing.json")
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "desk", symlinks=True)
    return tmp_path / "desk"


def arguments(root: Path, verb: str, out: str) -> list[str]:
    stands = {"DIR": str(root), "OUT": str(root / out), "REL": out, "KEPT": str(root / "kept.txt")}
    return [stands.get(word, word) for word in VERBS_THAT_WRITE[verb]]


@pytest.mark.parametrize("verb", VERBS_THAT_WRITE)
def test_no_verb_replaces_what_it_did_not_write(
    root: Path, verb: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for place in PLACES:
        if verb == "backup" and place == "backup.tgz":
            continue
        before = {name: _held(root / name) for name in PLACES}
        assert run(VERBS, arguments(root, verb, place)) == 1, place
        assert place.rpartition("/")[2] in "".join(capsys.readouterr().err.split()), place
        assert {name: _held(root / name) for name in PLACES} == before, place


def _held(path: Path) -> bytes | None:
    """What must stay: a database's file may grow by what was recorded before."""
    return path.read_bytes() if path.exists() and path.suffix != ".db" else None


@pytest.mark.parametrize("verb", ["checkpoint", "prove", "prove-growth", "backup", "build"])
def test_a_verb_writes_over_its_own_earlier_file_an_empty_one_and_a_device(
    root: Path, verb: str
) -> None:
    # a checkpoint that was kept is never empty: somebody emptied it
    empty = () if verb == "checkpoint" else ("empty.tar",)
    for name in ("out.tar", "out.tar", *empty):
        (root / "empty.tar").touch()
        assert run(VERBS, arguments(root, verb, name)) == 0
        assert (root / name).stat().st_size > 0
    if verb != "build":
        (root / "null").symlink_to("/dev/null")
        assert run(VERBS, arguments(root, verb, "null")) == 0


@pytest.mark.parametrize(
    "verb", ["checkpoint", "prove", "prove-growth", "backup", "build", "calibrate"]
)
@pytest.mark.parametrize("kind", ["pipe", "device", "link to a pipe", "circle"])
def test_no_verb_replaces_a_pipe_a_device_or_a_link(
    root: Path, verb: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "node.json" if verb == "calibrate" else "node.tar"
    _make(root, name, kind)
    before = _nodes(root)
    assert run(VERBS, arguments(root, verb, name)) in (1, 2)  # nobody reads; the device is full
    assert name in "".join(capsys.readouterr().err.split())
    assert _nodes(root) == before


@pytest.mark.parametrize("verb", ["checkpoint", "prove", "prove-growth", "backup"])
def test_what_a_verb_writes_into_a_pipe_arrives_there(root: Path, verb: str) -> None:
    os.mkfifo(root / "pipe")
    with (
        ThreadPoolExecutor() as pool,
        os.fdopen(os.open(root / "pipe", os.O_RDONLY | os.O_NONBLOCK), "rb") as file,
    ):
        done = pool.submit(run, VERBS, arguments(root, verb, "pipe"))
        ready = select.poll()
        ready.register(file, select.POLLIN)
        assert ready.poll(60_000)
        os.set_blocking(file.fileno(), True)
        arrived = file.read()
        assert done.result() == 0
    assert stat.S_ISFIFO((root / "pipe").lstat().st_mode)
    assert run(VERBS, arguments(root, verb, "file")) == 0
    told = {"backup": 2}.get(verb, 16)
    assert arrived[:told] == (root / "file").read_bytes()[:told]
    assert is_backup(arrived) == (verb == "backup")


@pytest.mark.parametrize("verb", ["checkpoint", "prove", "prove-growth", "backup"])
def test_what_goes_to_standard_output_is_the_file_and_nothing_else(root: Path, verb: str) -> None:
    command = [sys.executable, "-m", "roadworthy", *arguments(root, verb, "stdout")]
    (root / "stdout").symlink_to("/proc/self/fd/1")
    with (root / "taken").open("wb") as file:
        done = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, check=True)
    assert b"stdout" in done.stderr
    assert (root / "stdout").is_symlink()
    taken = (root / "taken").read_bytes()
    if verb == "backup":
        assert gzip.decompress(taken)  # which refuses what follows an archive
    elif verb == "checkpoint":
        assert is_note(taken)
    else:
        assert json.loads(taken)["kind"] == PROOFS[verb]


def _make(root: Path, name: str, kind: str) -> None:
    if kind == "device":
        try:
            os.mknod(root / name, stat.S_IFCHR | 0o666, os.makedev(1, 7))  # what /dev/full is
        except PermissionError:
            pytest.skip("only root makes devices")
    elif kind == "circle":
        (root / name).symlink_to(name)
    else:
        os.mkfifo(root / (name if kind == "pipe" else "pipe"))
        if kind != "pipe":
            (root / name).symlink_to("pipe")


def _nodes(root: Path) -> dict[str, tuple[int, int]]:
    """What lies in the folder, and of what kind."""
    found = {one.name: one.lstat() for one in root.iterdir() if one.name != ".roadworthy"}
    return {name: (facts.st_ino, facts.st_mode) for name, facts in found.items()}


def test_a_proof_of_another_kind_is_not_replaced(root: Path) -> None:
    assert run(VERBS, arguments(root, "prove", "proof.json")) == 0
    assert run(VERBS, arguments(root, "prove-growth", "proof.json")) == 1
    assert run(VERBS, arguments(root, "checkpoint", "proof.json")) == 1


def test_the_files_of_each_kind_are_told_from_others() -> None:
    decision = GateDecision(
        decision=Verdict.INCONCLUSIVE, system="s", candidate="sha256:00", run="", bar=""
    )
    kinds: dict[str, tuple[bytes, IsOurs]] = {
        "markdown": (to_markdown(decision).encode(), is_gate_markdown),
        "titled": (to_markdown(decision, title="Pull request").encode(), is_gate_markdown),
        "junit": (to_junit(decision).encode(), is_gate_junit),
        "dpo": (b'{"prompt": "p", "chosen": "a", "rejected": "b"}\n{', is_preferences),
        "kto": (b'{"prompt": "p", "completion": "a", "label": true}\n', is_preferences),
    }
    others = (
        b"",
        b"\xff",
        b"[" * 9000,
        b"# Notes\n",
        b'{"id": "a"}\n',
        b"<testsuite/>",
        b"{}",
        b"1",
    )
    for name, (data, is_ours) in kinds.items():
        assert is_ours(data), name
        foreign = [other for key, (other, kind) in kinds.items() if kind is not is_ours]
        assert not any(is_ours(other) for other in (*others, *foreign)), name
    assert not any(is_backup(other) or is_note(other) for other in others)


def test_a_refused_output_is_refused_before_anything_is_recorded(root: Path) -> None:
    size = (root / ".roadworthy" / "checkpoints.jsonl").read_bytes()
    assert run(VERBS, arguments(root, "gate markdown", "candidate.yaml")) == 1
    assert (root / ".roadworthy" / "checkpoints.jsonl").read_bytes() == size
