"""`keys media` and `provenance check` by their output and exit code."""

from __future__ import annotations

import datetime as dt
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.live_system import write_live_system
from doubles.pictures import a_picture, a_sound, decoded, encoded
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.mark_keys import AUTHORITY, SIGNING
from roadworthy.journal import Vault, open_master_key
from roadworthy.media import About, MarkError
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.marking import Marking

ABOUT = About(observation="01a2", system="letters", release="sha256:" + "0" * 64)
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return write_live_system(tmp_path, "http://127.0.0.1:9/v1")


def said(capsys: Capture, *words: str, ends: int = 0) -> Any:
    capsys.readouterr()
    assert run(VERBS, [*words, "--json"]) == ends
    return msgspec.json.decode(capsys.readouterr().out)


def marking(loop: Loop) -> Marking:
    workspace = loop.workspace
    vault = Vault(workspace.journal / "keys", open_master_key(workspace.keys))
    return Marking(workspace, vault)


def test_the_key_is_made_once_entered_and_renewed_under_the_same_authority(
    tmp_path: Path, loop: Loop, capsys: Capture
) -> None:
    with pytest.raises(MarkError, match="no key that signs"):
        marking(loop).marker()
    first = said(capsys, "keys", "media", str(tmp_path))
    again = said(capsys, "keys", "media", str(tmp_path))
    assert (first["made"], again["made"]) == (True, False)
    before = marking(loop).marker().signing
    renewed = said(capsys, "keys", "media", str(tmp_path), "--renew")
    after = marking(loop).marker().signing
    assert first["certificate"] == again["certificate"] == renewed["certificate"] == after.anchor
    assert before.chain != after.chain and before.anchor == after.anchor
    entries = list(loop_of(loop.workspace).ledger.entries(kind="media.key_made"))
    assert [entry.subject for entry in entries] == [first["fingerprint"]] * 2
    for name in (SIGNING, AUTHORITY):
        path = loop.workspace.keys / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "PRIVATE" not in str(entries[0].payload)


def test_a_file_is_looked_at(tmp_path: Path, loop: Loop, capsys: Capture) -> None:
    said(capsys, "keys", "media", str(tmp_path))
    marker = marking(loop).marker()
    at_s = int(dt.datetime(2026, 11, 22, tzinfo=dt.UTC).timestamp())
    done = marker.picture(encoded(a_picture()), ABOUT, at_s)
    files = {
        "ours.png": done.data,
        "again.jpg": encoded(decoded(done.data), "JPEG", quality=80),
        "other.png": encoded(a_picture(2)),
        "sound.wav": marker.sound(a_sound(), "wav", ABOUT).data,
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    found = {
        name: said(capsys, "provenance", "check", str(tmp_path / name), str(tmp_path))
        for name in files
    }
    origins = {name: each["made_by_ai"] for name, each in found.items()}
    assert origins == {
        "ours.png": "own watermark", "again.jpg": "own watermark", "other.png": "unknown",
        "sound.wav": "c2pa",
    }  # fmt: skip
    assert found["ours.png"]["c2pa"]["state"] == "trusted"
    assert found["ours.png"]["marked_s"] == at_s
    assert found["again.jpg"]["c2pa"]["state"] == "none"
    assert found["sound.wav"]["watermark"] == "not_found"
    assert run(VERBS, ["provenance", "check", str(tmp_path / "ours.png"), str(tmp_path)]) == 0
    assert "put in at 2026-11-22T00:00:00" in capsys.readouterr().out
    (tmp_path / "text.txt").write_text("no picture")
    assert run(VERBS, ["provenance", "check", str(tmp_path / "text.txt"), str(tmp_path)]) == 1
    assert "that can be decoded" in capsys.readouterr().err


def test_a_damaged_key_marks_nothing(tmp_path: Path, loop: Loop, capsys: Capture) -> None:
    said(capsys, "keys", "media", str(tmp_path))
    (loop.workspace.keys / SIGNING).write_bytes(b"{}")
    with pytest.raises(MarkError, match="cannot be read"):
        marking(loop).marker()
