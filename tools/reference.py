"""Writes the generated reference pages: commands, exit codes, indicators, files, models, parts.

.venv/bin/python tools/reference.py          writes docs/reference/*.md
.venv/bin/python tools/reference.py --check  exits 1 when a page is not what it would write
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import detector_page
import file_page
import indicator_page
import provider_page
import scorer_page
import typer

from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.cli.exits import Exit
from roadworthy.gateway.control_door import control_api
from roadworthy.gateway.gateway_api import gateway_api

PAGES = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Written by tools/reference.py; do not edit. -->\n"


def help_of(*words: str) -> str:
    """What `roadworthy WORDS --help` prints, at a fixed width."""
    with redirect_stdout(StringIO()) as said:
        run(VERBS, [*words, "--help"])
    return said.getvalue().strip()


def parts_of(command: Any, *words: str) -> Iterator[tuple[str, ...]]:
    """Each command within a group, as typed; groups within it, too."""
    for name, each in getattr(command, "commands", {}).items():
        if not each.hidden:
            yield (*words, name)
            yield from parts_of(each, *words, name)


def section(level: str, *words: str) -> str:
    """A heading, and the help below it. That `--help` helps is said once a verb."""
    said = help_of(*words)
    if len(words) > 1:
        said = re.sub(r"\n  --help +Show this message and exit\.", "", said)
        said = re.sub(r"\n\nOptions:(?=\n\n|\Z)", "", said)
    return f"{level} {' '.join(words)}\n\n```text\n{said}\n```\n"


def commands() -> str:
    """One section a verb, one below it for each command of a group."""
    os.environ |= {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
    parts = [NOTE, "# Commands\n"]
    for verb, (module, _) in VERBS.items():
        parts.append(section("##", verb))
        app = getattr(importlib.import_module(module), "app", None)
        if app is not None:
            inner = parts_of(typer.main.get_command(app), verb)
            parts += [section("###", *words) for words in inner]
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
