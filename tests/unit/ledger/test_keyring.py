"""Private keys on disk: never readable by others, never half written, never overwritten."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import pytest

from roadworthy.domain import AccessError, UsageError
from roadworthy.ledger import Ed25519Signer, Keyring


def test_a_key_is_private_to_its_owner(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    made = keyring.create("ada")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "keys" / "ada.key").stat().st_mode & 0o777 == 0o600
    assert keyring.signer("ada").public_key == made.public_key
    assert keyring.names() == ["ada"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    keyring = Keyring(tmp_path / "keys")
    keyring.create("ada")
    (tmp_path / "keys" / "ada.key").chmod(mode)
    with pytest.raises(AccessError, match="can be read by others"):
        keyring.signer("ada")


def test_a_folder_that_others_can_read_is_refused(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    keyring.create("ada")
    (tmp_path / "keys").chmod(0o755)
    with pytest.raises(AccessError, match=r"chmod 0700|can be read by others"):
        keyring.signer("ada")
    with pytest.raises(AccessError):
        keyring.create("ben")


def test_a_link_in_the_place_of_a_key_is_refused(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    keyring.create("ada")
    os.symlink(tmp_path / "keys" / "ada.key", tmp_path / "keys" / "eve.key")
    with pytest.raises(UsageError, match="cannot be opened"):
        keyring.signer("eve")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    first = keyring.create("ada")
    with pytest.raises(UsageError, match="has a key already"):
        keyring.create("ada")
    assert keyring.signer("ada").key_id == first.key_id
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["ada.key"]


@pytest.mark.parametrize("name", ["", "../ada", "a/b", ".hidden", "a b", "ä", "x" * 65, "a\n"])
def test_a_name_that_could_leave_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a key"):
        Keyring(tmp_path / "keys").create(name)


def test_a_missing_key_names_those_that_are_there(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    keyring.machine()
    keyring.create("ada")
    with pytest.raises(UsageError, match="ben has no key") as caught:
        keyring.signer("ben")
    assert caught.value.fix == "keys here: ada"


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    keyring.create("ada")
    (tmp_path / "keys" / "ada.key").write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n")
    with pytest.raises(UsageError, match="no private key in PEM"):
        keyring.signer("ada")


def test_the_machine_has_one_key(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    assert (
        keyring.machine().key_id
        == keyring.machine().key_id
        == Keyring(tmp_path / "keys").machine().key_id
    )


def test_a_prepared_key_waits_until_it_is_promoted(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    old = keyring.create("ada")
    fresh = keyring.prepare("ada")
    assert keyring.prepare("ada").key_id == fresh.key_id
    assert keyring.signer("ada").key_id == old.key_id
    keyring.promote("ada")
    assert keyring.signer("ada").key_id == fresh.key_id
    assert sorted(path.name for path in (tmp_path / "keys").iterdir()) == ["ada.key"]


def test_neither_repr_nor_log_shows_a_key(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    signer = Keyring(tmp_path / "keys").create("ada")
    assert repr(signer) == f"Ed25519Signer({signer.key_id})"
    assert caplog.text == ""


def test_a_key_comes_back_from_its_pem() -> None:
    signer = Ed25519Signer.generate()
    assert Ed25519Signer.from_pem(signer.to_pem()).key_id == signer.key_id
