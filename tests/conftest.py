"""Hypothesis draws the same examples in every run of `make test`; `make test-all` explores.

A test that fails once in a hundred runs tells a newcomer nothing and keeps a change from landing;
new examples are looked for where somebody waits for them.

The folders of the tests lie in memory where there is room. What is published or recorded is
synced to the disk: a test of the loop does that a hundred times, and waited for the disk for nine
tenths of its time. What a kill -9 leaves is the same there; no test cuts the power.

A verb may tell the collector to leave its objects alone until its process ends. Here the process
goes on: what it left is collected after the test, with the ledgers that it holds open.
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

MEMORY = Path("/dev/shm")
ROOM = 2 << 30
"""Bytes that must be free there; many a container has 64 MB, and its tests use the disk."""

if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("exploring", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("ROADWORTHY_HYPOTHESIS", "steady"))


@pytest.fixture(autouse=True)
def _collector_as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    if gc.get_threshold() != before or gc.get_freeze_count():
        gc.set_threshold(*before)
        gc.unfreeze()
        gc.collect()
