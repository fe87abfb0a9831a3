from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.domain import EvidenceError, ManifestError, Trust, TrustedKey
from roadworthy.manifests import load_trust, save_trust

ADA = TrustedKey(
    key_id="00112233445566aa",
    name="Ada",
    roles=["engineer", "admin"],
    public_key="AAAA",
    valid_from="2026-11-21T10:00:00.000000Z",
)
GRACE = TrustedKey(
    key_id="99112233445566aa",
    name='Gräce: "the second"',
    kind="machine",
    public_key="BBBB",
    valid_from="2026-11-20T10:00:00.000000Z",
    valid_until="2027-11-20T10:00:00.000000Z",
    revoked_at="2026-11-22T10:00:00.000000Z",
    replaced_by=ADA.key_id,
)


def test_what_was_saved_is_loaded_again(tmp_path: Path) -> None:
    path = tmp_path / "trust.yaml"
    save_trust(path, Trust(keys=[ADA, GRACE]))
    assert load_trust(path) == Trust(keys=[GRACE, ADA])


def test_the_same_keys_give_the_same_bytes(tmp_path: Path) -> None:
    save_trust(tmp_path / "a.yaml", Trust(keys=[ADA, GRACE]))
    save_trust(tmp_path / "b.yaml", Trust(keys=[GRACE, ADA]))
    assert (tmp_path / "a.yaml").read_bytes() == (tmp_path / "b.yaml").read_bytes()


def test_no_file_trusts_nobody(tmp_path: Path) -> None:
    assert load_trust(tmp_path / "trust.yaml") == Trust()


def test_a_faulty_file_trusts_nobody_and_says_why(tmp_path: Path) -> None:
    path = tmp_path / "trust.yaml"
    path.write_text("keys:\n- {key_id: a, name: Ada, roles: [boss], public_key: x}\n")
    with pytest.raises(ManifestError) as caught:
        load_trust(path)
    assert len(caught.value.faults) == 2


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "trust.yaml"
    path.mkdir()
    with pytest.raises(EvidenceError):
        save_trust(path, Trust(keys=[ADA]))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["trust.yaml"]
