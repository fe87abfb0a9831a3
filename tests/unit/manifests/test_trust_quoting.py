"""A key id that looks like a number stays a key id: in the file, in both of its readers."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.domain import Trust
from roadworthy.ledger import Ed25519Signer, add_key
from roadworthy.manifests import load_trust, save_trust
from roadworthy_verify import load_trust as read_by_the_auditor


def looking_like_a_number() -> Ed25519Signer:
    """A key whose id is digits alone (one key in two thousand)."""
    for number in range(20_000):
        signer = Ed25519Signer.from_seed(number.to_bytes(32, "big"))
        if signer.key_id.isdigit():
            return signer
    raise AssertionError("no such key")


@pytest.mark.parametrize("name", ["rosa", "0989", "null", "1e5", "12_3", "o'neil", "yes"])
def test_numbers_and_words_of_yaml_survive(tmp_path: Path, name: str) -> None:
    signer = looking_like_a_number()
    at = "2026-11-21T20:00:00.000000Z"
    trust = add_key(
        Trust(), name=name, public_key=signer.public_key, at=at, roles=["reviewer", "admin"]
    )
    save_trust(tmp_path / "trust.yaml", trust)
    assert load_trust(tmp_path / "trust.yaml") == trust
    found = read_by_the_auditor(tmp_path / "trust.yaml").find(signer.key_id)
    assert found is not None
    assert (found.name, found.roles, found.valid_from) == (name, ("reviewer", "admin"), at)
