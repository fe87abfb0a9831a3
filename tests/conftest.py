"""Hypothesis draws the same examples in every run of `make test`; `make test-all` explores.

A test that fails once in a hundred runs tells a newcomer nothing and keeps a change from landing;
new examples are looked for where somebody waits for them.

The folders of the tests lie in memory where there is room. What is published or recorded is
synced to the disk: a test of the loop does that a hundred times, and waited for the disk for nine
tenths of its time. What a kill -9 leaves is the same there; no test cuts the power.

What was collected before the first test lives to the end, and no collection walks it again: that
took half a second each time, and was nine tenths of a test of `eval`. A verb may tell the collector
to leave its objects alone until its process ends. Here the process goes on: what it left is
collected after the test, with the ledgers that it holds open.

A local model takes one thread. An evaluation gives it every core for the rest of its process; here
that is every test that follows, beside the other process's tests, and llama.cpp's threads spin.
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

os.environ.setdefault("ROADWORTHY_LOCAL_THREADS", "1")

settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("exploring", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("ROADWORTHY_HYPOTHESIS", "steady"))


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    pytest.MonkeyPatch().setattr(gc, "freeze", lambda: None)  # a verb's would need all that anew


def pytest_unconfigure() -> None:
    gc.unfreeze()  # what ends with the process looks for leaks


@pytest.fixture(autouse=True)
def _collector_as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    if gc.get_threshold() != before:
        gc.set_threshold(*before)
        gc.collect()
