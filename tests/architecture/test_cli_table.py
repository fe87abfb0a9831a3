"""Every verb of the table exists, imports, and has help that says what it does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from roadworthy.cli import VERBS

ROADWORTHY = Path(sys.executable).parent / "roadworthy"
EXAMPLE = Path(__file__).parents[2] / "examples" / "claims-desk"


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_has_help(verb: str) -> None:
    done = subprocess.run([ROADWORTHY, verb, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"roadworthy {verb}" in done.stdout


def test_help_imports_no_verb_and_no_typer() -> None:
    code = (
        "import sys; from roadworthy.cli import VERBS; from roadworthy.cli.dispatch import run;"
        "run(VERBS, ['--help']);"
        "print([m for m in sys.modules if m in ('typer','msgspec','rich','yaml') ])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith("[]")


def test_check_imports_nothing_that_verifies_serves_or_asks() -> None:
    heavy = (
        *("roadworthy_verify", "cryptography", "securesystemslib", "sqlite3", "asyncio", "ssl"),
        *("http", "email", "httptools", "uvloop", "numpy", "rich", "stdnum", "jsonschema_rs"),
        *("prometheus_client", "multiprocessing", "concurrent", "zstandard", "pyarrow", "duckdb"),
    )
    code = (
        "import sys; from roadworthy.cli import VERBS; from roadworthy.cli.dispatch import run;"
        "code = run(VERBS, ['check', sys.argv[1]]);"
        f"print(code, [m for m in sys.modules if m in {heavy}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, EXAMPLE], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("0 []"), done.stdout


def test_an_unknown_verb_is_refused_with_the_nearest_one() -> None:
    done = subprocess.run([ROADWORTHY, "chek"], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "did you mean 'check'?" in done.stderr
