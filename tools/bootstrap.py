"""Makes the virtual environment: uv where it can be had, else venv and pip. Standard library only.

    python tools/bootstrap.py .venv

Everything is installed from the two lock files, by hash; the project itself is installed in
place. Bytecode is compiled, so that the commands start fast from the first call on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock")


def run(*command: str | Path, quiet: bool = False) -> bool:
    """Run a command; True when it ended well."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONHOME"}
    sink = subprocess.DEVNULL if quiet else None
    done = subprocess.run(
        [str(part) for part in command], env=environment, stdout=sink, stderr=sink, check=False
    )
    return done.returncode == 0


def main(target: Path) -> int:
    """Make or renew the environment at `target`."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file runs before anything is installed
        print("Roadworthy needs Python 3.11 or newer; try: make setup PYTHON=python3.11")
        return 1
    python = target / "bin" / "python"
    if not python.exists():
        print(f"Making {target} …")
        venv.create(target, with_pip=True, clear=target.exists())
    locks = [item for lock in LOCKS for item in ("-r", ROOT / lock)]
    has_uv = run(python, "-m", "uv", "--version", quiet=True) or run(
        python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv", quiet=True
    )
    print(f"Installing with {'uv' if has_uv else 'pip'} (the local model is 250 MB) …")
    if has_uv:
        tool: list[str | Path] = [python, "-m", "uv", "pip", "install", "--python", python]
        tool += ["--quiet", "--compile-bytecode"]
    else:
        tool = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    installed = run(*tool, "--require-hashes", *locks)
    if not installed and has_uv:
        print("uv could not; trying pip …")
        tool = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        installed = run(*tool, "--require-hashes", *locks)
    in_place = ["--no-deps", "--no-build-isolation", "-e", ROOT / "verify", "-e", ROOT]
    if not (installed and run(*tool, *in_place)):
        print("The installation failed; what is above says why.")
        return 1
    run(python, "-m", "compileall", "-q", ROOT / "src", ROOT / "verify" / "src", quiet=True)
    print(f"Ready: {target / 'bin' / 'roadworthy'} --help")
    return 0


if __name__ == "__main__":
    # Into a pipe too: what is said before a step stands before the step's own output.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".venv")))
