"""A store that met damage goes on once the file is as it was, and begins nothing anew."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from doubles.ledgers import a_ledger, a_trust, damaged, drafts
from roadworthy.domain import VerificationError


def test_what_was_put_back_is_read_and_written_without_opening_anew(tmp_path: Path) -> None:
    ledger = a_ledger(tmp_path)
    ledger.record(*drafts(3))
    with damaged(tmp_path / "ledger.db"):
        for _ in range(2):
            with pytest.raises(VerificationError, match="damaged"):
                ledger.record(*drafts(1, 4))
    ledger.record(*drafts(1, 4))
    assert ledger.size() == 4
    assert ledger.verify(trust=a_trust()).ok


def test_a_file_that_was_emptied_is_not_begun_as_a_new_ledger(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    ledger = a_ledger(tmp_path)
    ledger.record(*drafts(3))
    with damaged(database):
        with pytest.raises(VerificationError, match="damaged"):
            ledger.size()
        subprocess.run(["truncate", "-s", "0", str(database)], check=True)
        with pytest.raises(VerificationError, match="gone or empty"):
            ledger.record(*drafts(1, 4))
        assert database.stat().st_size == 0
