"""Content-addressed bytes: what is read is what was named, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.domain import EvidenceError, VerificationError
from roadworthy.ledger import BlobStore


def test_what_was_put_comes_back(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    digest = blobs.put_json({"b": 1, "a": 0.5})
    assert blobs.get(digest) == b'{"a":"0.5","b":1}'
    assert blobs.get_json(digest) == {"a": "0.5", "b": 1}
    assert blobs.put_json({"a": 0.5, "b": 1}) == digest
    assert [path.name for path in blobs.path(digest).parent.iterdir()] == [digest[7:]]


def test_a_blob_that_changed_on_disk_is_refused(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    digest = blobs.put(b"evidence")
    blobs.path(digest).write_bytes(b"evidencE")
    with pytest.raises(VerificationError, match="does not have the digest"):
        blobs.get(digest)


def test_a_missing_blob_and_a_bad_digest_are_told_apart(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    with pytest.raises(EvidenceError, match="is not in"):
        blobs.get("sha256:" + "0" * 64)
    for digest in ("", "sha256:../../etc/passwd", "md5:00", "sha256:" + "G" * 64):
        with pytest.raises(EvidenceError, match="is not a digest"):
            blobs.get(digest)
