"""Writes the lock files: every dependency pinned, with the hashes of its files and no address.

    make lock

`requirements.lock` is what running needs (with the `local` extra); `requirements-dev.lock` adds
what tests, checks and docs need, at the same versions.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OWN = "roadworthy-verify"


def compile_lock(requirements: list[str], out: Path, *, constraint: Path | None = None) -> None:
    """Resolve and write one lock file."""
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--generate-hashes"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"]
    command += ["--universal", "--python-version", "3.11", "--quiet", "--upgrade"]
    if constraint is not None:
        command += ["--constraint", str(constraint)]
    done = subprocess.run(
        command, input="\n".join(requirements), text=True, capture_output=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr)
    note = "# Written by `make lock` from pyproject.toml; every file is pinned by its hash.\n"
    out.write_text(note + done.stdout, encoding="utf-8")
    print(f"{out.name}: {len(re.findall(r'^[a-z0-9]', done.stdout, re.MULTILINE))} distributions")


def main() -> None:
    """Write both."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    verify = tomllib.loads((ROOT / "verify" / "pyproject.toml").read_text(encoding="utf-8"))
    runtime = [item for item in project["project"]["dependencies"] if not item.startswith(OWN)]
    runtime += verify["project"]["dependencies"]
    runtime += project["project"]["optional-dependencies"]["local"]
    development = project["dependency-groups"]["dev"] + project["build-system"]["requires"]
    lock = ROOT / "requirements.lock"
    compile_lock(runtime, lock)
    compile_lock([*development, "editables"], ROOT / "requirements-dev.lock", constraint=lock)


if __name__ == "__main__":
    main()
