"""A dossier verifies offline, and not once anything in it was changed, added or taken out."""

from __future__ import annotations

import hashlib
import io
import re
import shutil
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from doubles.set_clock import SetClock
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.console.dossier import to_index
from roadworthy.domain import Draft
from roadworthy.flows.papers.dossier import NAMING, PERSONAL, Contents, Extent, Look, make_dossier
from roadworthy.flows.workspace.own_files import own_file
from roadworthy.ledger import (
    Ed25519Signer,
    MemoryEntryStore,
    Shown,
    excerpt_lines,
    root_of,
    sign_checkpoint,
    sign_envelope,
    statement,
)
from roadworthy.manifests import load_system
from roadworthy.wiring.loop import open_loop
from roadworthy_verify import verify_path
from roadworthy_verify.dossier import PREDICATE
from roadworthy_verify.excerpt import read_excerpt

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "claims-desk"
REPORT = {"observation": "o1", "note": "Mrs Miller of Acacia Avenue said so"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A workspace with entries of two systems, and the dossier of one."""
    folder = tmp_path_factory.mktemp("dossier") / "desk"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    home = folder / ".roadworthy"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROADWORTHY_HOME", str(home))
        assert run(VERBS, ["people", "add", "rosa", "--role", "risk_officer", str(folder)]) == 0
        assert run(VERBS, ["classify", str(folder), "--record", "--as", "rosa"]) == 0
        loop = open_loop(folder)
        for system, kind, payload in (
            ("other", "incident.noted", {"note": "another company's plight"}),
            ("claims-desk", "outcome.reported", REPORT),
            ("other", "incident.noted", {"note": "again"}),
            ("other", "incident.noted", {"note": "and again"}),
            ("claims-desk", "review.decided", {"reason": "she of Acacia Avenue is right"}),
            ("", "journal.held", {"scope": {"subject": "Mrs Miller of Acacia Avenue"}}),
        ):
            loop.ledger.record(Draft(system=system, kind=kind, subject="s", actor=loop.machine,
                                     payload=payload))  # fmt: skip
        for kind in sorted(NAMING):
            loop.ledger.record(Draft(system="", kind=kind, subject="tenant a, end user Acacia",
                                     actor=loop.machine, payload={}))  # fmt: skip
        out = folder.parent / "dossier.zip"
        assert run(VERBS, ["dossier", str(folder), "--out", str(out), "--complete"]) == 4
        assert run(VERBS, ["dossier", str(folder), "--out", str(out), "--replace"]) == 0
    return out, home / "trust.yaml"


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def packed(path: Path, files: dict[str, bytes]) -> Path:
    """An archive in the form of a dossier."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, data)
    return path


def test_it_verifies_with_the_readers_keys_and_says_how_far_it_goes(
    made: tuple[Path, Path],
) -> None:
    report = verify_path(made[0], trust=made[1])
    assert report.ok, report.fault
    assert (report.details["redacted"], report.details["hidden"]) == (3, 5)
    assert report.details["signatures_of_people"] == 2
    assert report.details["missing"] > 0


def test_without_keys_it_says_that_nobody_gave_them(made: tuple[Path, Path]) -> None:
    report = verify_path(made[0])
    assert (report.ok, report.authentic, report.details["trust_from"]) == (True, False, "beside")
    assert report.to_json()["authentic"] is False
    assert verify_path(made[0], trust=made[1]).to_json()["authentic"] is True


def test_the_organisations_own_rules_come_along_with_how_each_stands(
    made: tuple[Path, Path],
) -> None:
    found = parts(made[0])
    ours = (EXAMPLE / "catalogues" / "house-rules.yaml").read_bytes()
    assert found["catalogues/own/house-rules.yaml"] == ours
    rules = msgspec.json.decode(found["statements/obligations-house-rules.json"])
    assert {one["id"] for one in rules} >= {"H-1", "H-2"}
    page = found["index.html"].decode()
    assert "House rules for AI systems" in page
    assert "A second look each month" in page
    assert page.count("<h2>Duties</h2>") == 1


def test_other_peoples_words_and_other_systems_stay_here(made: tuple[Path, Path]) -> None:
    for name, data in parts(made[0]).items():
        assert b"Acacia" not in data, name
        assert b"plight" not in data, name


def test_what_was_said_leaves_when_it_is_asked_for(
    made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made[0].parent / "desk"
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    out = made[0].parent / "asked.zip"
    run(VERBS, ["dossier", str(folder), "--out", str(out), "--show", "outcome.reported"])
    assert b"Acacia" in parts(out)["log/entries.ndjson"]
    assert verify_path(out, trust=made[1]).ok


def test_a_word_that_is_no_kind_is_refused_with_those_that_are(
    made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made[0].parent / "desk"
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    out = made[0].parent / "refused.zip"
    assert run(VERBS, ["dossier", str(folder), "--out", str(out), "--show", "outcomes"]) == 1
    said = capsys.readouterr().err
    assert "'outcomes'" in said
    assert all(kind in said for kind in PERSONAL | NAMING)
    assert not out.exists()


def test_an_older_dossier_is_written_over_only_when_that_is_asked_for(
    made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made[0].parent / "desk"
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    out = made[0].parent / "again.zip"
    older = shutil.copy(made[0], out).read_bytes()
    words = ["dossier", str(folder), "--out", str(out)]
    assert run(VERBS, words) == 1
    assert "--replace" in capsys.readouterr().err
    assert out.read_bytes() == older
    assert run(VERBS, [*words, "--replace"]) == 0
    assert out.read_bytes() != older
    assert verify_path(out, trust=made[1]).ok


@pytest.mark.parametrize(("before", "behind"), [(b"#!/bin/sh\n", b""), (b"", b"more")])
def test_bytes_before_and_behind_a_dossier_are_tampering(
    made: tuple[Path, Path], tmp_path: Path, before: bytes, behind: bytes
) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(before + made[0].read_bytes() + behind)
    assert verify_path(path, trust=made[1]).exit_code == 5


def test_an_archive_of_somebody_else_is_not_written_over(
    made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made[0].parent / "desk"
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    theirs = packed(made[0].parent / "photos.zip", {"holiday.txt": b"ours"})
    kept = theirs.read_bytes()
    assert run(VERBS, ["dossier", str(folder), "--out", str(theirs), "--replace"]) == 1
    assert theirs.read_bytes() == kept


def test_the_first_page_opens_from_a_disk(made: tuple[Path, Path]) -> None:
    files = parts(made[0])
    page = files["index.html"].decode()
    assert "<script" not in page
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in page
    for link in page.split('href="')[1:]:
        target = link.split('"')[0]
        assert target.startswith("#") or target in files, target


@pytest.mark.parametrize("name", ["index.html", "trust.yaml", "dossier.json", "log/entries.ndjson",
                                  "dossier.dsse.json", "statements/obligations.json"])  # fmt: skip
def test_one_changed_byte_is_found(made: tuple[Path, Path], tmp_path: Path, name: str) -> None:
    files = parts(made[0])
    data = bytearray(files[name])
    data[len(data) // 2] ^= 1
    report = verify_path(packed(tmp_path / "x.zip", {**files, name: bytes(data)}), trust=made[1])
    assert report.exit_code == 5, report.fault


@settings(max_examples=40, deadline=None)
@given(where=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_never_verified_as_something_else(
    made: tuple[Path, Path], where: int, bit: int
) -> None:
    whole = made[0].read_bytes()
    data = bytearray(whole)
    data[where % len(data)] ^= 1 << bit
    path = made[0].parent / "flipped.zip"
    path.write_bytes(bytes(data))
    report = verify_path(path, trust=made[1])
    if report.ok:  # bits that fill up the last byte of packed data
        assert parts(path) == parts(made[0])


def test_every_byte_of_the_archives_own_headers_counts(made: tuple[Path, Path]) -> None:
    whole, path = made[0].read_bytes(), made[0].parent / "header.zip"
    with zipfile.ZipFile(made[0]) as archive:
        members, listed_at = archive.infolist(), archive.start_dir
    at = next(one.header_offset for one in members if one.filename == "log/entries.ndjson")
    local, listed, end = range(at, at + 68), range(listed_at, listed_at + 70), range(-22, 0)
    for place in (*local, *listed, *end):
        data = bytearray(whole)
        data[place] ^= 1 << (place % 8)
        path.write_bytes(bytes(data))
        assert not verify_path(path, trust=made[1]).ok, place


def test_what_no_list_names_is_found(made: tuple[Path, Path], tmp_path: Path) -> None:
    whole, path = made[0].read_bytes(), tmp_path / "x.zip"
    hidden = packed(tmp_path / "y.zip", {"index.html": b"all is well"}).read_bytes()
    local = hidden[: hidden.index(b"PK\x01\x02")]
    forged = (whole + b"PS: all is well", local + whole, whole[:-2] + b"\2\0ok")
    for data in (*forged, whole + hidden):
        path.write_bytes(data)
        assert verify_path(path, trust=made[1]).exit_code == (5 if data in forged else 1)


def test_bytes_behind_the_end_of_a_packed_file_are_found(
    made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Longer:
        """Packs as zlib does, and one thing more behind the end."""

        def __init__(self, *options: Any) -> None:
            self._packer = zlib.compressobj(*options)

        def compress(self, data: bytes) -> bytes:
            return self._packer.compress(data)

        def flush(self) -> bytes:
            return self._packer.flush() + b"all is well"

    files = parts(made[0])
    with monkeypatch.context() as patch:
        patch.setattr(zipfile, "_get_compressor", lambda *_: Longer(6, zlib.DEFLATED, -15))
        path = packed(tmp_path / "x.zip", files)
    assert parts(path) == files
    report = verify_path(path, trust=made[1])
    assert (report.exit_code, "behind its end" in report.fault) == (5, True)
    assert verify_path(packed(tmp_path / "y.zip", files), trust=made[1]).ok


def test_no_file_is_a_link(made: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts(made[0]).items():
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o120777 << 16
            archive.writestr(info, data)
    report = verify_path(path, trust=made[1])
    assert (report.exit_code, "not listed as a plain file" in report.fault) == (5, True)


def lines_of(files: dict[str, bytes]) -> list[bytes]:
    return files["log/entries.ndjson"].splitlines(keepends=True)


def signed_again(files: dict[str, bytes], entries: bytes) -> dict[str, bytes]:
    """As a sender would who changes the manifest along, and cannot sign it."""
    manifest = msgspec.json.decode(files["dossier.json"])
    manifest["files"]["log/entries.ndjson"] = {
        "sha256": hashlib.sha256(entries).hexdigest(), "bytes": len(entries),
    }  # fmt: skip
    data = msgspec.json.encode(manifest, order="sorted")
    return {**files, "log/entries.ndjson": entries, "dossier.json": data}


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: lines[2:],
        lambda lines: lines[:-1],
        lambda lines: [*lines[:1], b"null\n", *lines[2:]],
        lambda lines: [*lines[2:4], *lines[:2], *lines[4:]],
    ],
    ids=["withheld", "cut", "redacted", "reordered"],
)
def test_an_entry_that_is_withheld_is_found(
    made: tuple[Path, Path], tmp_path: Path, change: Callable[[Any], Any]
) -> None:
    files = parts(made[0])
    changed = signed_again(files, b"".join(change(lines_of(files))))
    assert verify_path(packed(tmp_path / "x.zip", changed), trust=made[1]).exit_code == 5


def test_what_was_taken_out_or_put_in_is_found(made: tuple[Path, Path], tmp_path: Path) -> None:
    files = parts(made[0])
    less = {name: data for name, data in files.items() if not name.endswith("model-card.md")}
    report = verify_path(packed(tmp_path / "less.zip", less), trust=made[1])
    assert (report.exit_code, "taken out" in report.fault) == (5, True)
    report = verify_path(packed(tmp_path / "more.zip", {**files, "extra.md": b"x"}), trust=made[1])
    assert (report.exit_code, "put in" in report.fault) == (5, True)


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/./b", "a//b", "documents/../x"])
def test_a_name_that_leaves_the_archive_is_refused(
    made: tuple[Path, Path], tmp_path: Path, name: str
) -> None:
    files = {**parts(made[0]), name: b"x"}
    assert verify_path(packed(tmp_path / "x.zip", files), trust=made[1]).exit_code == 5


def test_a_zip_that_is_no_dossier_is_no_evidence(tmp_path: Path) -> None:
    report = verify_path(packed(tmp_path / "x.zip", {"a.txt": b"x"}))
    assert report.state == "not_evidence"


def test_an_archive_that_was_cut_is_found(made: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "cut.zip"
    path.write_bytes(made[0].read_bytes()[:-2000])
    assert verify_path(path, trust=made[1]).exit_code == 5


@pytest.mark.parametrize(
    ("size", "right", "wanted"),
    [
        (0, False, (5, "another root")),  # of the dossier's own size
        (2, False, (5, "another root")),
        (2, True, (0, "")),
        (5, True, (4, "by hash only")),  # within the entries of the other system
        (5, False, (4, "by hash only")),
        (1_000_000, False, (4, "whether both are of one history is not shown")),
    ],
)
def test_a_checkpoint_that_was_kept_is_held_against_the_log(
    made: tuple[Path, Path], tmp_path: Path, size: int, right: bool, wanted: tuple[int, str]
) -> None:
    head = msgspec.json.decode(parts(made[0])["log/checkpoint.json"])
    loop = open_loop(made[0].parent / "desk")
    kept = tmp_path / "kept.jsonl"
    size = size or head["size"]
    other = sign_checkpoint(
        origin=head["origin"], size=size, time=head["time"],
        root=root_of(loop.ledger.store.leaves(0, size)) if right else b"\x07" * 32,
        signer=loop.keyring.signer("machine"),
    )  # fmt: skip
    kept.write_bytes(msgspec.json.encode(other) + b"\n")
    report = verify_path(made[0], trust=made[1], checkpoint=kept)
    assert (report.exit_code, wanted[1] in report.fault) == (wanted[0], True)


def test_a_checkpoint_of_another_log_is_no_beginning_of_this_one(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    head = msgspec.json.decode(parts(made[0])["log/checkpoint.json"])
    other = sign_checkpoint(
        origin="roadworthy.local/another", size=head["size"], time=head["time"],
        root=bytes.fromhex(head["root"]),
        signer=open_loop(made[0].parent / "desk").keyring.signer("machine"),
    )  # fmt: skip
    (tmp_path / "kept.jsonl").write_bytes(msgspec.json.encode(other) + b"\n")
    report = verify_path(made[0], trust=made[1], checkpoint=tmp_path / "kept.jsonl")
    assert (report.exit_code, "not roadworthy.local/another" in report.fault) == (5, True)


def test_an_unpacked_dossier_is_told_from_what_is_no_evidence(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    with zipfile.ZipFile(made[0]) as archive:
        archive.extractall(tmp_path / "unpacked")
    report = verify_path(tmp_path / "unpacked", trust=made[1])
    assert (report.exit_code, "give the zip itself" in report.fault) == (1, True)


def test_over_changed_evidence_no_dossier_is_made_and_the_next_step_is_said(
    made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    desk = Path(shutil.copytree(made[0].parent / "desk", tmp_path / "desk"))
    monkeypatch.setenv("ROADWORTHY_HOME", str(desk / ".roadworthy"))
    loop = open_loop(desk)
    digest = loop.blobs.put(b"what a gate decided")
    loop.ledger.record(Draft(system="claims-desk", kind="gate.decided", subject="s",
                             actor=loop.machine, payload={"decision": "FAIL"}))  # fmt: skip
    loop.ledger.record(Draft(system="claims-desk", kind="bar.fixed", subject="s",
                             actor=loop.machine, payload={"bar": digest}))  # fmt: skip
    loop.blobs.path(digest).write_bytes(b"what a gate denied")
    out = tmp_path / "d.zip"
    assert run(VERBS, ["dossier", str(desk), "--out", str(out), "--json"]) == 5
    said = msgspec.json.decode(capsys.readouterr().out)
    assert "was changed" in said["error"]
    assert "roadworthy restore BACKUP DIR" in said["fix"]
    assert not out.exists()


def signed_by_its_sender(
    made: tuple[Path, Path], path: Path, more: dict[str, bytes], *, less: str = "", **changes: Any
) -> Path:
    """A dossier whose own machine signed what is not so; what is changed to None is left out."""
    files = {**parts(made[0]), **more}
    manifest = {**msgspec.json.decode(files["dossier.json"]), **changes}
    manifest = {key: value for key, value in manifest.items() if value is not None}
    for name, data in more.items():
        listed = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        manifest["files"][name] = listed
    if less:
        del files[less], manifest["files"][less]
    files["dossier.json"] = msgspec.json.encode(manifest, order="sorted")
    signer = open_loop(made[0].parent / "desk").keyring.signer("machine")
    said = {"system": manifest["system"], "signed_at": manifest["made_at"]}
    digest = "sha256:" + hashlib.sha256(files["dossier.json"]).hexdigest()
    envelope = sign_envelope(statement(PREDICATE, digest, said), signers=[signer])
    return packed(path, {**files, "dossier.dsse.json": msgspec.json.encode(envelope)})


def test_evidence_that_no_entry_names_is_found(made: tuple[Path, Path], tmp_path: Path) -> None:
    path, data = tmp_path / "x.zip", b'{"accuracy":"1.0"}'
    name = f"evidence/{hashlib.sha256(data).hexdigest()}.json"
    assert verify_path(signed_by_its_sender(made, path, {}), trust=made[1]).ok
    report = verify_path(signed_by_its_sender(made, path, {name: data}), trust=made[1])
    assert (report.exit_code, "no entry that is shown names" in report.fault) == (5, True)
    other = f"evidence/{'0' * 64}.json"
    report = verify_path(signed_by_its_sender(made, path, {other: data}), trust=made[1])
    assert (report.exit_code, "is not what has that digest" in report.fault) == (5, True)


@pytest.mark.parametrize("missing", [5, None, {"a": 1}])
def test_a_manifest_of_another_shape_is_an_answer_and_no_crash(
    made: tuple[Path, Path], tmp_path: Path, missing: Any
) -> None:
    path = signed_by_its_sender(made, tmp_path / "x.zip", {}, missing=missing)
    assert verify_path(path, trust=made[1]).exit_code == 5


def test_a_dossier_that_unpacks_for_ever_is_not_unpacked(
    made: tuple[Path, Path], tmp_path: Path
) -> None:
    files = msgspec.json.decode(parts(made[0])["dossier.json"])["files"]
    files["index.html"]["bytes"] = 1 << 50
    path = signed_by_its_sender(made, tmp_path / "x.zip", {}, files=files)
    report = verify_path(path, trust=made[1])
    assert (report.exit_code, "larger than any dossier's" in report.fault) == (5, True)


def test_a_strangers_signature_is_unknown(made: tuple[Path, Path], tmp_path: Path) -> None:
    trust = tmp_path / "trust.yaml"
    key = Ed25519Signer.generate()
    trust.write_text(
        f"roadworthy: 1\nkeys:\n- key_id: '{key.key_id}'\n  name: me\n  kind: person\n"
        f"  public_key: '{key.public_key_base64}'\n  valid_from: '2020-01-01T00:00:00.000000Z'\n"
    )
    assert verify_path(made[0], trust=trust).state == "unknown_key"


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 700), st.data())
def test_any_part_of_a_log_leads_to_its_root(size: int, data: st.DataObject) -> None:
    store = MemoryEntryStore(SetClock())
    store.append([
        Draft(system=f"s{number % 3}", kind="k.done", subject=str(number), actor="machine:a",
              payload={})
        for number in range(size)
    ])  # fmt: skip
    shown = data.draw(st.sets(st.integers(1, size)))
    upto = data.draw(st.integers(1, size))
    counts = Shown()
    lines = excerpt_lines(
        store, upto, shows=lambda row: row[0] in shown, redacts=lambda row: row[0] % 2 == 0,
        counts=counts,
    )  # fmt: skip
    found = read_excerpt(io.BytesIO(b"".join(lines)), upto)
    assert not found.fault
    assert found.root == root_of(store.leaves(0, upto))
    assert (found.shown, found.hidden) == (counts.shown, counts.hidden)
    assert found.shown == len([number for number in shown if number <= upto])


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A workspace whose entries name two blobs, and its dossier."""
    folder = tmp_path_factory.mktemp("proven") / "desk"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".roadworthy", "__pycache__"))
    home = folder / ".roadworthy"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROADWORTHY_HOME", str(home))
        loop = open_loop(folder)
        bar, envelope = (loop.blobs.put_json({"of": name}) for name in ("bar", "envelope"))
        for kind, payload in (
            ("bar.fixed", {"bar": bar}),
            ("release.signed", {"attestations": [{"type": "gate", "envelope": envelope}]}),
            ("release.signed", {"attestations": [{"type": "gate", "envelope": envelope}]}),
        ):
            loop.ledger.record(Draft(system="claims-desk", kind=kind, subject="s",
                                     actor=loop.machine, payload=payload))  # fmt: skip
        assert run(VERBS, ["dossier", str(folder), "--out", str(folder.parent / "d.zip")]) == 0
    return folder.parent / "d.zip", home / "trust.yaml"


def evidence_in(path: Path) -> list[str]:
    return sorted(name for name in parts(path) if name.startswith("evidence/"))


def without(proven: tuple[Path, Path], path: Path, name: str, **changes: Any) -> Path:
    """The dossier without a file, its own machine's signature under that."""
    return signed_by_its_sender(proven, path, {}, less=name, **changes)


def test_a_blob_that_is_withheld_is_found(proven: tuple[Path, Path], tmp_path: Path) -> None:
    """Also where its sender signs the list without it: an entry that is shown names it."""
    assert verify_path(proven[0], trust=proven[1]).ok
    assert len(evidence_in(proven[0])) == 2
    for name in evidence_in(proven[0]):
        report = verify_path(without(proven, tmp_path / "x.zip", name), trust=proven[1])
        assert report.exit_code == 5
        assert f"{name}, which entry" in report.fault and "is missing" in report.fault


def test_what_is_left_out_by_intention_is_listed_by_name(
    proven: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = proven[0].parent / "desk"
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    name = evidence_in(proven[0])[0]
    digest = f"sha256:{name[9:-5]}"
    out = tmp_path / "less.zip"
    assert run(VERBS, ["dossier", str(folder), "--out", str(out), "--withhold", digest]) == 0
    assert name not in evidence_in(out)
    report = verify_path(out, trust=proven[1])
    assert report.ok, report.fault
    (left,) = report.details["withheld"]
    assert (left["digest"], left["why"]) == (digest, "left out by who made the dossier")
    assert any(line.startswith(f"withheld: {name}, which entry") for line in report.lines)
    assert digest in parts(out)["index.html"].decode()


def test_a_dossier_without_evidence_that_it_names_is_never_called_whole(
    proven: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where no document has a gap: what stayed elsewhere is no less missing."""
    folder = proven[0].parent / "desk"
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    seen: list[Contents] = []

    def index(contents: Contents) -> bytes:
        seen.append(contents)
        return to_index(contents)

    with own_file(tmp_path / "less.zip") as file:
        made = make_dossier(
            load_system(folder), open_loop(folder), file,
            Look(index=index, page=lambda _: b"", deliberations=lambda: ()), on="2026-11-22",
            asked=Extent(withheld=[f"sha256:{evidence_in(proven[0])[0][9:-5]}"]),
        )  # fmt: skip
    assert not structs.replace(made, missing=()).whole
    assert structs.replace(made, missing=(), withheld=()).whole
    less = structs.replace(seen[0], missing=())
    page = to_index(less).decode()
    assert "Nothing is missing." not in page and "Nothing else." in page
    assert "that is not in it: 1;" in page
    assert "Nothing is missing." in to_index(structs.replace(less, withheld=())).decode()


def test_what_is_gone_ends_the_making_and_can_only_be_left_out_by_name(
    proven: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    folder = tmp_path / "desk"
    shutil.copytree(proven[0].parent / "desk", folder)
    monkeypatch.setenv("ROADWORTHY_HOME", str(folder / ".roadworthy"))
    digest = f"sha256:{evidence_in(proven[0])[0][9:-5]}"
    open_loop(folder).blobs.path(digest).unlink()
    out = tmp_path / "x.zip"
    assert run(VERBS, ["dossier", str(folder), "--out", str(out)]) == 2
    assert digest in capsys.readouterr().err
    assert not out.exists()
    assert run(VERBS, ["dossier", str(folder), "--out", str(out), "--withhold", digest]) == 0
    (left,) = verify_path(out, trust=proven[1]).details["withheld"]
    assert left["why"] == "gone where it was made"
    other = f"sha256:{'0' * 64}"
    both = ["--withhold", digest, "--withhold", other, "--replace"]
    assert run(VERBS, ["dossier", str(folder), "--out", str(out), *both]) == 1
    assert "is nothing that an entry" in capsys.readouterr().err


def test_a_false_word_about_what_was_left_out_is_found(
    proven: tuple[Path, Path], tmp_path: Path
) -> None:
    one, other = evidence_in(proven[0])
    said = [{"digest": f"sha256:{name[9:-5]}", "entry": 1, "why": "x"} for name in (one, other)]
    path = tmp_path / "x.zip"
    assert verify_path(without(proven, path, one, withheld=said[:1]), trust=proven[1]).ok
    report = verify_path(without(proven, path, one, withheld=said), trust=proven[1])
    assert (report.exit_code, "is there, and said to be left out" in report.fault) == (5, True)
    strange = [*said[:1], {"digest": f"sha256:{'1' * 64}", "entry": 1, "why": "x"}]
    report = verify_path(without(proven, path, one, withheld=strange), trust=proven[1])
    assert (report.exit_code, "no entry that is shown names it" in report.fault) == (5, True)
    for broken in (5, [5], [{"digest": 1}], [{**said[0], "why": " "}], [said[0], said[0]]):
        report = verify_path(without(proven, path, one, withheld=broken), trust=proven[1])
        assert (report.exit_code, "no manifest" in report.fault) == (5, True)


def test_a_dossier_of_before_still_verifies_and_names_what_was_gone(
    proven: tuple[Path, Path], tmp_path: Path
) -> None:
    """It had no list of what was left out, and said in words what was gone."""
    name, path = evidence_in(proven[0])[0], tmp_path / "x.zip"
    assert verify_path(signed_by_its_sender(proven, path, {}, withheld=None), trust=proven[1]).ok
    gone = f"entry 1 names sha256:{name[9:-5]}: it is not there"
    report = verify_path(
        without(proven, path, name, withheld=None, missing=["a", gone]), trust=proven[1]
    )
    assert report.ok, report.fault
    assert report.details["withheld"][0]["why"] == "gone where the dossier was made"
    report = verify_path(without(proven, path, name, withheld=None, missing=[]), trust=proven[1])
    assert report.exit_code == 5


def test_an_entry_without_its_payload_says_that_what_it_names_is_unseen(
    proven: tuple[Path, Path], tmp_path: Path
) -> None:
    files = parts(proven[0])
    lines = lines_of(files)
    at = next(i for i, line in enumerate(lines) if b'"kind":"bar.fixed"' in line)
    lines[at + 1] = b"null\n"
    manifest = msgspec.json.decode(files["dossier.json"])
    counts = {**manifest["entries"], "redacted": manifest["entries"]["redacted"] + 1}
    bar = next(n for n in evidence_in(proven[0]) if b"bar" in files[n])
    entries = {"log/entries.ndjson": b"".join(lines)}
    path = tmp_path / "x.zip"
    whole = signed_by_its_sender(proven, path, entries, entries=counts)
    found = verify_path(whole, trust=proven[1])
    assert found.exit_code == 5  # the bar is there, and named by nobody who is shown
    less = signed_by_its_sender(proven, path, entries, less=bar, entries=counts)
    found = verify_path(less, trust=proven[1])
    assert found.ok, found.fault
    (unseen,) = found.details["unseen"]
    assert unseen["kind"] == "bar.fixed"
    assert any(f"the payload of entry {unseen['entry']}" in line for line in found.lines)


@pytest.mark.parametrize("kind", [b"[]", b"{}", b"1", b"null"])
def test_a_header_whose_kind_is_no_word_is_an_answer_and_no_crash(
    made: tuple[Path, Path], tmp_path: Path, kind: bytes
) -> None:
    """Also where its sender signs the list: the entry is named, whatever its root would be."""
    lines = lines_of(parts(made[0]))
    header = re.sub(rb'"kind":"[^"]*"', b'"kind":' + kind, lines[0])
    entries = {"log/entries.ndjson": b"".join([header, *lines[1:]])}
    report = verify_path(signed_by_its_sender(made, tmp_path / "x.zip", entries), trust=made[1])
    assert (report.exit_code, "entry 1 does not fit" in report.fault) == (5, True)
