"""Presidio and NeMo Guardrails themselves: the tests of their rails beside them.

`make outside` makes the environment. Another place is told by ROADWORTHY_OUTSIDE_PYTHON_GUARDS.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = "tests/unit/providers/test_other_tools.py"
TOOLS = ("presidio_analyzer", "nemoguardrails")

pytestmark = pytest.mark.slow


def test_both_tools_are_asked_for_real() -> None:
    usual = ROOT / "build" / "outside" / "guards" / "bin" / "python"
    python = os.environ.get("ROADWORTHY_OUTSIDE_PYTHON_GUARDS", str(usual))
    there = f"import {', '.join(TOOLS)}"
    asked = (
        subprocess.run([python, "-c", there], capture_output=True)
        if Path(python).exists()
        else None
    )
    if asked is None or asked.returncode:
        pytest.skip("both tools are not here: make outside")
    done = subprocess.run(
        # their warnings at import are theirs
        [python, "-m", "pytest", "-q", "-rs", "-W", "default", "-p", "no:cacheprovider", TESTS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    skipped = re.findall(r"SKIPPED .*?: (.*)", done.stdout)
    assert not [why for why in skipped if "roadworthy[" in why], done.stdout
