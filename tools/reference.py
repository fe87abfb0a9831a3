"""Writes the generated reference pages: commands, exit codes, indicators, files, models, parts.

.venv/bin/python tools/reference.py          writes docs/reference/*.md
.venv/bin/python tools/reference.py --check  exits 1 when a page is not what it would write
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import detector_page
import file_page
import indicator_page
import provider_page
import scorer_page

from roadworthy.cli import VERBS
from roadworthy.cli.exits import Exit
from roadworthy.gateway.control_door import control_api
from roadworthy.gateway.gateway_api import gateway_api

PAGES = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Written by tools/reference.py; do not edit. -->\n"


def help_of(verb: str) -> str:
    """What `roadworthy VERB --help` prints, at a fixed width."""
    environment = {**os.environ, "COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "roadworthy", verb, "--help"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip()


def commands() -> str:
    """One section a verb."""
    parts = [NOTE, "# Commands\n"]
    for verb in VERBS:
        parts.append(f"## {verb}\n\n```text\n{help_of(verb)}\n```\n")
    return "\n".join(parts)


def exit_codes() -> str:
    """The public table."""
    meanings = {
        Exit.DONE: "done, or PASS",
        Exit.USER: "your input: files, options",
        Exit.RUNTIME: "could not do it: runtime, gate ERROR",
        Exit.REFUSED: "judged and refused: gate FAIL, a person or key that may not do this",
        Exit.UNDECIDED: "not decided: INCONCLUSIVE, unsigned, unknown key, waiting for a person",
        Exit.BROKEN: "integrity broken: a byte, a signature, a chain",
        Exit.STOPPED: "stopped with ^C (the shells' convention); the same command goes on",
    }
    rows = [f"| {int(code)} | {text} |" for code, text in meanings.items()]
    worst = "Worst wins, in the order 5, 2, 3, 4, 1.\n"
    return "\n".join(
        [NOTE, "# Exit codes\n", "| code | meaning |", "| --: | --- |", *rows, "", worst]
    )


def main() -> int:
    """Write or check every page."""
    pages = {
        "commands.md": commands(),
        "exit-codes.md": exit_codes(),
        "files.md": f"{NOTE}\n{file_page.page()}",
        "providers.md": f"{NOTE}\n{provider_page.page()}",
        "detectors.md": f"{NOTE}\n{detector_page.page()}",
        "scorers.md": f"{NOTE}\n{scorer_page.page()}",
        **{name: f"{NOTE}\n{text}" for name, text in indicator_page.pages().items()},
        "openapi-gateway.json": gateway_api().decode() + "\n",
        "openapi-control.json": control_api().decode() + "\n",
    }
    stale = []
    for name, text in pages.items():
        path = PAGES / name
        if "--check" in sys.argv:
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                stale.append(name)
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    if stale:
        print(f"not what tools/reference.py writes: {', '.join(stale)}; run make reference")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
