"""Hypothesis draws the same examples in every run of `make test`; `make test-all` explores.

A test that fails once in a hundred runs tells a newcomer nothing and keeps a change from landing;
new examples are looked for where somebody waits for them.

The folders of the tests lie in memory where there is room. What is published or recorded is
synced to the disk: a test of the loop does that a hundred times, and waited for the disk for nine
tenths of its time. What a kill -9 leaves is the same there; no test cuts the power.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from hypothesis import settings

MEMORY = Path("/dev/shm")
ROOM = 2 << 30
"""Bytes that must be free there; many a container has 64 MB, and its tests use the disk."""

if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("exploring", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("ROADWORTHY_HYPOTHESIS", "steady"))
