"""What is derived from the machine's key: RFC 5869, one secret a purpose, gone with the key."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from roadworthy.ledger import Ed25519Signer, Keyring


def test_a_derived_secret_is_hkdf_of_the_private_key() -> None:
    seed = bytes(range(32))
    ours = Ed25519Signer.from_seed(seed).derived_secret("run rows")
    theirs = HKDF(SHA256(), 32, salt=b"roadworthy/derived-secret/v1", info=b"run rows")
    assert ours == theirs.derive(seed)


def test_every_purpose_and_every_workspace_has_its_own(tmp_path: Path) -> None:
    here, there = Keyring(tmp_path / "here"), Keyring(tmp_path / "there")
    secret = here.derived_secret("run rows")
    assert secret == here.derived_secret("run rows")
    assert secret == Keyring(tmp_path / "here").derived_secret("run rows")
    assert len({secret, here.derived_secret("answers"), there.derived_secret("run rows")}) == 3


def test_a_rotated_key_derives_other_secrets(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")
    before = keyring.derived_secret("run rows")
    keyring.prepare("machine")
    keyring.promote("machine")
    assert keyring.derived_secret("run rows") != before


def test_a_derived_secret_does_not_hold_the_key() -> None:
    seed = bytes(range(32))
    assert Ed25519Signer.from_seed(seed).derived_secret("") != seed
