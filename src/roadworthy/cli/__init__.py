"""The command line: one verb a file, imported only when it is called."""

from __future__ import annotations

import sys

VERBS: dict[str, tuple[str, str]] = {}
"""Verb -> (module, one line of help). The order is the order of the help: along the loop."""


def main() -> None:
    """The `roadworthy` command. Ends the process with a code of the public table."""
    from .dispatch import run

    sys.exit(run(VERBS, sys.argv[1:]))
