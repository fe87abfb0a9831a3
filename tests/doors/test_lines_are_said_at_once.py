"""Whoever reads a pipe or a log sees a line when it is said."""

from __future__ import annotations

import os
import subprocess
import sys

PROGRAM = "from roadworthy.cli.terminal import say; say('ready'); input()"


def test_a_line_is_said_at_once_into_a_pipe() -> None:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"  # it still runs, and waits for input
        process.communicate("\n")
