"""How a process on the other side begins: its job, its confinement, its word that it holds."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from .confinement import confine


def begin() -> tuple[dict[str, Any], int]:
    """Read the job, confine this process, say so. Returns the job and where to report.

    Ends the process, after saying why, when it cannot be confined. From here on standard input
    and output lead nowhere: what the code prints is no report.
    """
    job = json.loads(sys.stdin.buffer.readline())
    reporting = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)
    try:
        confine(job["limits"], str(Path.cwd()), job["parent"])
    except Exception as error:
        report(reporting, {"confined": False, "why": f"{error}"})
        os._exit(1)
    report(reporting, {"confined": True})
    return job, reporting


def report(reporting: int, said: dict[str, Any]) -> None:
    """Write one line to whoever started this process."""
    data = json.dumps(said).encode() + b"\n"
    while data:
        data = data[os.write(reporting, data) :]
