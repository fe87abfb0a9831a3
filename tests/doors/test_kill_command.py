"""`kill`, `resume` and `keys tenant` by their output and exit code."""

from __future__ import annotations

import tarfile
from pathlib import Path

import msgspec
import pytest

from doubles.live_system import write_live_system
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.flows.workspace.routing import read_table
from roadworthy.manifests import Workspace

SAFELY = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
"""Python 3.11 has it from 3.11.4 on."""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ROADWORTHY_PERSON", raising=False)
    write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return tmp_path


def kills(root: Path) -> list[tuple[str, str, str]]:
    table = read_table(Workspace(root / ".roadworthy").routing)
    return [(flag.scope, flag.value, flag.system) for flag in table.kills]


def test_a_kill_is_published_signed_and_recorded(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["kill", "slice:supplier=S-9", str(root), "--reason", "odd", "--as", "dan"]
    assert run(VERBS, [*arguments, "--json"]) == 0
    said = msgspec.json.decode(capsys.readouterr().out)
    assert said["recorded"] is True and said["by"].startswith("person:")
    assert kills(root) == [("slice", "supplier=S-9", "letters")]


def test_a_kill_by_nobody_still_stops(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(VERBS, ["kill", "system", str(root), "--reason", "odd"]) == 0
    assert kills(root) == [("system", "letters", "letters")]
    assert "nobody signed it" in capsys.readouterr().err


def test_a_kill_with_a_broken_ledger_still_stops_and_says_so(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (root / ".roadworthy").glob("ledger.db*"):
        path.unlink()
    (root / ".roadworthy" / "ledger.db").mkdir()
    assert run(VERBS, ["kill", "tenant:acme", str(root), "--reason", "odd", "--as", "dan"]) == 2
    assert kills(root) == [("tenant", "acme", "letters")]
    assert "not in the ledger yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["everything", "--reason", "x"], ["system", "--reason", " "], ["system"]]
)
def test_a_kill_that_says_nothing_is_refused(root: Path, arguments: list[str]) -> None:
    assert run(VERBS, ["kill", arguments[0], str(root), *arguments[1:]]) == 1
    assert kills(root) == []


def test_a_kill_over_a_damaged_table_says_what_goes_on_meanwhile(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    routing = Workspace(root / ".roadworthy").routing
    damaged = routing.read_bytes()[:-5]
    routing.write_bytes(damaged)
    assert run(VERBS, ["kill", "system", str(root), "--reason", "odd", "--as", "dan"]) == 2
    said = capsys.readouterr().err
    assert "the kill was not published" in said
    assert "nothing is answered" in said and "cuts the streams that run" in said
    assert "serving/routing.json" in said and "activate the release again" in said
    assert routing.read_bytes() == damaged


def test_the_way_out_of_a_damaged_table_is_the_one_that_the_error_names(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    backup = tmp_path / "b.tgz"
    assert run(VERBS, ["backup", str(root), "--out", str(backup)]) == 0
    workspace = Workspace(root / ".roadworthy")
    workspace.routing.write_bytes(b"{")
    with tarfile.open(backup) as archive:
        archive.extract("serving/routing.json", workspace.root, **SAFELY)
    assert run(VERBS, ["kill", "system", str(root), "--reason", "odd", "--as", "dan"]) == 0
    assert kills(root) == [("system", "letters", "letters")]


def test_a_kill_that_cannot_be_written_says_that_nothing_was_stopped(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace(root / ".roadworthy")
    workspace.lock.unlink(missing_ok=True)
    workspace.lock.mkdir()
    assert run(VERBS, ["kill", "system", str(root), "--reason", "odd", "--as", "dan"]) == 2
    said = capsys.readouterr().err
    assert "nothing was stopped" in said
    assert "stop `roadworthy serve` itself" in said
    assert kills(root) == []


def test_a_broken_charter_does_not_keep_a_kill_from_acting(root: Path) -> None:
    (root / "charter.yaml").write_text("not: [valid")
    assert run(VERBS, ["kill", "system", str(root), "--reason", "odd", "--as", "dan"]) == 0
    assert kills(root) == [("system", "letters", "letters")]


@pytest.mark.parametrize(
    ("people", "code"),
    [
        (["bob", "cleo"], 0),
        (["bob"], 1),
        (["bob", "bob"], 1),
        (["bob", "nobody"], 1),
        ([], 1),
    ],
)
def test_two_people_lift(
    root: Path, capsys: pytest.CaptureFixture[str], people: list[str], code: int
) -> None:
    run(VERBS, ["kill", "tenant:acme", str(root), "--reason", "odd", "--as", "dan"])
    named = [word for person in people for word in ("--as", person)]
    lift = ["resume", "tenant:acme", str(root), "--reason", "mended", *named]
    assert run(VERBS, lift) == code
    assert len(kills(root)) == (0 if code == 0 else 1)


def test_whoever_may_not_lift_is_refused_with_3(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add = ["people", "add", "eve", str(root), "--role", "engineer", "--as", "ann"]
    assert run(VERBS, add) == 0
    run(VERBS, ["kill", "system", str(root), "--reason", "odd", "--as", "dan"])
    lift = ["resume", "system", str(root), "--reason", "mended", "--as", "bob", "--as", "eve"]
    assert run(VERBS, lift) == 3
    assert "eve is engineer; this needs operator" in capsys.readouterr().err
    assert kills(root) == [("system", "letters", "letters")]


def test_a_tenants_key_is_shown_once(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(VERBS, ["keys", "tenant", "add", "acme", str(root), "--json"]) == 0
    key = msgspec.json.decode(capsys.readouterr().out)["key"]
    assert key.startswith("rw-") and len(key) >= 46
    assert run(VERBS, ["keys", "tenant", "list", str(root), "--json"]) == 0
    listed = capsys.readouterr().out
    assert key not in listed
    (row,) = msgspec.json.decode(listed)["keys"]
    assert (row["tenant"], row["scopes"], row["state"]) == ("acme", ["chat"], "valid")
    assert run(VERBS, ["keys", "tenant", "revoke", row["id"], str(root)]) == 0
    assert run(VERBS, ["keys", "tenant", "revoke", row["id"], str(root)]) == 1
    assert run(VERBS, ["keys", "tenant", "add", "acme", str(root), "--scope", "all"]) == 1


def edited_out(root: Path) -> None:
    """As somebody with the files in hand does it: no kill, and a version further."""
    routing = Workspace(root / ".roadworthy").routing
    table = msgspec.json.decode(routing.read_bytes())
    table |= {"kills": [], "version": table["version"] + 1}
    routing.write_bytes(msgspec.json.encode(table))


@pytest.mark.parametrize("verb", ["kill", "resume"])
def test_a_kill_that_was_edited_out_is_put_back_loudly(
    root: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    assert run(VERBS, ["kill", "tenant:acme", str(root), "--reason", "odd", "--as", "dan"]) == 0
    edited_out(root)
    kill = ["kill", "tenant:other", str(root), "--reason", "odd", "--as", "dan"]
    resume = ["resume", "tenant:none", str(root), "--reason", "odd", "--as", "dan", "--as", "cleo"]
    capsys.readouterr()
    assert run(VERBS, kill if verb == "kill" else resume) == (0 if verb == "kill" else 1)
    said = capsys.readouterr().err
    assert "(tenant:acme) was not in the routing table any more" in said
    assert ("tenant", "acme", "letters") in kills(root)


def test_a_kill_that_was_edited_out_is_still_lifted_by_two(root: Path) -> None:
    assert run(VERBS, ["kill", "tenant:acme", str(root), "--reason", "odd", "--as", "dan"]) == 0
    edited_out(root)
    lift = ["resume", "tenant:acme", str(root), "--reason", "odd", "--as", "dan", "--as", "cleo"]
    assert run(VERBS, lift) == 0
    assert kills(root) == []
    assert run(VERBS, ["kill", "tenant:b", str(root), "--reason", "odd", "--as", "dan"]) == 0
    assert kills(root) == [("tenant", "b", "letters")]


def test_whoever_only_reads_says_which_kill_is_gone_and_writes_nothing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(VERBS, ["kill", "tenant:acme", str(root), "--reason", "odd", "--as", "dan"]) == 0
    edited_out(root)
    capsys.readouterr()
    assert run(VERBS, ["incident", "list", str(root)]) == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "(kill-" in said and "nobody lifted tenant:acme" in said
    assert kills(root) == []
