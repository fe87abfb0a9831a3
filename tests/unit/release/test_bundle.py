"""A bundle: one digest everywhere, the same content back, nothing changed unseen."""

from __future__ import annotations

import json
import os
import tarfile
from pathlib import Path

import msgspec
import pytest

from doubles.pinnable import a_system, candidate, charter
from roadworthy.domain import Charter, ReleaseContent, UsageError, VerificationError
from roadworthy.release import (
    add_attestations,
    build_bundle,
    bundle_digest,
    copy_bundle,
    describe_bundle,
    mend_bundle,
    pin,
    read_bundle,
    read_envelopes,
    verify_release,
)
from roadworthy_verify import verify_path

CONTENT = pin(a_system())
ENVELOPE = {"payload": "", "payloadType": "x", "signatures": []}


@pytest.fixture(params=["bundle", "bundle.tar"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / request.param


def files(path: Path) -> dict[str, bytes]:
    if path.is_file():
        return {"": path.read_bytes()}
    return {str(f.relative_to(path)): f.read_bytes() for f in path.rglob("*") if f.is_file()}


def test_the_content_comes_back_exactly(path: Path) -> None:
    digest = build_bundle(CONTENT, path)
    assert read_bundle(path) == (digest, CONTENT)
    found = read_bundle(path)[1]
    assert found.assets["rules/words.json"]["weights"]["x"] == -2e-9
    assert isinstance(found.slos.slos[0].burn[0]["rate"], float)


def test_one_digest_whatever_the_form_and_the_place(tmp_path: Path) -> None:
    places = [tmp_path / "a", tmp_path / "b.tar", tmp_path / "deep" / "c"]
    (tmp_path / "deep").mkdir()
    assert {build_bundle(CONTENT, place) for place in places} == {bundle_digest(CONTENT)}
    again = tmp_path / "again.tar"
    build_bundle(CONTENT, again)
    assert again.read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_titles_and_objectives_are_in_the_bundle_though_not_in_the_candidate() -> None:
    titled = pin(a_system(charter=charter(title="Other")))
    assert titled.candidate_digest == CONTENT.candidate_digest
    assert bundle_digest(titled) != bundle_digest(CONTENT)


def test_it_is_an_oci_layout(tmp_path: Path) -> None:
    path = tmp_path / "bundle"
    digest = build_bundle(CONTENT, path)
    assert json.loads((path / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads((path / "index.json").read_text())
    assert index["schemaVersion"] == 2
    entry = index["manifests"][0]
    assert entry["digest"] == digest
    manifest = json.loads((path / "blobs/sha256" / digest[7:]).read_text())
    assert manifest["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    for item in [manifest["config"], *manifest["layers"]]:
        assert (path / "blobs/sha256" / item["digest"][7:]).stat().st_size == item["size"]


def test_a_tar_has_no_owner_and_no_time(tmp_path: Path) -> None:
    path = tmp_path / "bundle.tar"
    build_bundle(CONTENT, path)
    with tarfile.open(path) as archive:
        for item in archive.getmembers():
            assert (item.mtime, item.uid, item.gid, item.uname, item.mode) == (0, 0, 0, "", 0o644)


def test_attestations_are_referrers_and_leave_the_digest(path: Path) -> None:
    digest = build_bundle(CONTENT, path)
    add_attestations(path, [("https://example.org/p/v1", ENVELOPE)])
    before = files(path)
    add_attestations(path, [("https://example.org/p/v1", ENVELOPE)])
    assert files(path) == before
    assert read_bundle(path)[0] == digest
    found, envelopes = read_envelopes(path)
    assert (found, [envelope for _, envelope in envelopes]) == (digest, [ENVELOPE])


def test_any_changed_byte_of_any_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "bundle"
    build_bundle(CONTENT, path)
    add_attestations(path, [("https://example.org/p/v1", ENVELOPE)])
    for name in files(path):
        whole = (path / name).read_bytes()
        step = max(1, len(whole) // 9)
        for place in [*range(0, len(whole), step), len(whole) - 1]:
            changed = bytearray(whole)
            changed[place] ^= 1 << (place % 8)
            (path / name).write_bytes(bytes(changed))
            report = verify_path(path)
            assert (report.state, report.exit_code) == ("tampered", 5), (name, place, report.fault)
        (path / name).write_bytes(whole[:-1])
        assert verify_path(path).state == "tampered"
        (path / name).unlink()
        assert verify_path(path).state == "tampered", name
        (path / name).write_bytes(whole)
    assert verify_path(path).state == "unsigned"


def test_any_changed_byte_of_a_tar_is_found(tmp_path: Path) -> None:
    path = tmp_path / "bundle.tar"
    build_bundle(CONTENT, path)
    whole = path.read_bytes()
    for place in range(0, len(whole), 97):
        changed = bytearray(whole)
        changed[place] ^= 4
        path.write_bytes(bytes(changed))
        report = verify_path(path)
        assert (report.state, report.exit_code) == ("tampered", 5), (place, report.fault)


def test_a_link_in_a_folder_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "bundle"
    build_bundle(CONTENT, path)
    blob = next((path / "blobs" / "sha256").iterdir())
    elsewhere = tmp_path / "elsewhere"
    blob.rename(elsewhere)
    blob.symlink_to(elsewhere)
    assert verify_path(path).state == "tampered"
    with pytest.raises(VerificationError, match="no place"):
        read_bundle(path)


def test_what_is_no_bundle_is_left_alone(tmp_path: Path) -> None:
    notes = tmp_path / "notes.tar"
    notes.write_text("mine")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "diary").write_text("mine")
    link = tmp_path / "link"
    link.symlink_to(folder)
    for place in (notes, folder, link):
        with pytest.raises(UsageError):
            build_bundle(CONTENT, place)
    assert (notes.read_text(), (folder / "diary").read_text()) == ("mine", "mine")
    for place in (notes, folder, tmp_path / "nothing"):
        with pytest.raises(UsageError):
            read_bundle(place)
        with pytest.raises(UsageError):
            verify_release(place, trust=None, at="2026-11-21T00:00:00.000000Z")


def test_an_older_bundle_is_replaced(path: Path) -> None:
    first = build_bundle(pin(a_system(prompt=None)), path)
    add_attestations(path, [("https://example.org/p/v1", ENVELOPE)])
    second = build_bundle(CONTENT, path)
    assert first != second
    assert read_bundle(path)[0] == second
    assert read_envelopes(path)[1] == []


def test_an_empty_folder_is_a_place_to_build(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert build_bundle(CONTENT, tmp_path / "empty") == bundle_digest(CONTENT)


def test_a_writer_killed_between_the_renames_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bundle"
    digest = build_bundle(CONTENT, path)
    path.rename(tmp_path / ".bundle.aside")
    (tmp_path / ".bundle.writing-1").mkdir()
    assert build_bundle(CONTENT, path) == digest
    assert sorted(os.listdir(tmp_path)) == ["bundle"]


def test_what_a_killed_signer_left_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "bundle"
    digest = build_bundle(CONTENT, path)
    (path / ".writing-index.json").write_text("half")
    (path / "blobs" / "sha256" / ".writing-x").write_text("half")
    assert verify_path(path).state == "tampered"
    mend_bundle(path)
    assert read_bundle(path)[0] == digest
    mend_bundle(path)


def test_a_copy_is_the_same_bundle(path: Path, tmp_path: Path) -> None:
    digest = build_bundle(CONTENT, path)
    add_attestations(path, [("https://example.org/p/v1", ENVELOPE)])
    target = tmp_path / "releases" / "x"
    assert copy_bundle(path, target) == digest
    before = (target / "index.json").stat().st_ino
    assert copy_bundle(path, target) == digest
    assert (target / "index.json").stat().st_ino == before
    (target / "index.json").write_text("{}")
    assert copy_bundle(path, target) == digest
    assert read_envelopes(target) == read_envelopes(path)


def test_keys_that_look_like_ours_survive(tmp_path: Path) -> None:
    odd = {"$decimal": "1", "$$decimal": 2.5, "$file": "x", "$ref": "#", "$decimals": [0.5]}
    content = pin(a_system(assets={"odd.json": odd, "é.json": {"ß": 1}}))
    build_bundle(content, tmp_path / "b")
    assert read_bundle(tmp_path / "b")[1].assets == {"odd.json": odd, "é.json": {"ß": 1}}


def test_a_side_file_that_is_too_large_is_refused_by_name(tmp_path: Path) -> None:
    huge = "x" * (64 << 20)
    with pytest.raises(UsageError, match=r"assets/w\.json has \d+ bytes"):
        build_bundle(pin(a_system(assets={"w.json": huge})), tmp_path / "b")
    assert not (tmp_path / "b").exists()


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="Not a directory"):
        build_bundle(CONTENT, tmp_path / "file" / "bundle")


def test_content_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    class Newer(ReleaseContent, frozen=True, kw_only=True):
        version: str = "2027"  # type: ignore[assignment]

    fields = {name: getattr(CONTENT, name) for name in CONTENT.__struct_fields__}
    newer = Newer(**{**fields, "version": "2027", "candidate_digest": ""})
    from roadworthy.release import candidate_digest

    newer = msgspec.structs.replace(newer, candidate_digest=candidate_digest(newer))
    build_bundle(newer, tmp_path / "b")
    with pytest.raises(VerificationError, match="this version reads"):
        read_bundle(tmp_path / "b")


def test_a_bundle_describes_itself(tmp_path: Path) -> None:
    digest = build_bundle(CONTENT, tmp_path / "b")
    found = describe_bundle(tmp_path / "b")
    assert (found["digest"], found["system"], found["prompt"]) == (digest, "claims-desk", "route")
    assert "assets/w.json" in found["layers"]


def test_a_system_without_prompt_rollout_or_side_files(tmp_path: Path) -> None:
    bare = a_system(
        prompt=None,
        rollout=None,
        assets={},
        candidate=candidate(prompt="", rails=""),
        charter=msgspec.convert(msgspec.to_builtins(charter(never=[])), Charter),
    )
    content = pin(bare)
    build_bundle(content, tmp_path / "b")
    assert read_bundle(tmp_path / "b")[1] == content


@pytest.mark.parametrize("text", ["1e999", "nan", "0.50", "1", "x", 1, None, ["0.5"]])
def test_a_number_is_written_in_one_way(text: object) -> None:
    from roadworthy.release.frozen import thaw

    assert thaw({"$decimal": "0.5"}) == 0.5
    with pytest.raises(ValueError):
        thaw({"$decimal": text})
