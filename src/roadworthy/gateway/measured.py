"""A gateway over a workspace that was made to be measured and is thrown away.

What enters: where to listen, a plan. What leaves: one line of JSON once it is ready. What never
happens here: a look at whose word trust.yaml is; who made the workspace has just held the one that
it is a copy of against its ledger.

    python -m roadworthy.gateway.measured SETTINGS     (started by `roadworthy load`)
"""

from __future__ import annotations

import os
import signal
import sys
import threading

import msgspec

from roadworthy.domain import RoadworthyError

from .children import Started
from .supervisor import Settings, supervise


def main(arguments: list[str]) -> int:
    """Run it until SIGTERM; returns its exit code."""

    def ready(started: Started) -> None:
        sys.stdout.write(msgspec.json.encode(started._asdict()).decode() + "\n")
        sys.stdout.flush()

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    settings = msgspec.json.decode(arguments[0], type=Settings)

    threading.Thread(target=_end_with_who_started_it, daemon=True).start()
    try:
        supervise(settings, on_ready=ready, say=say)
    except RoadworthyError as error:
        say(error.message)
        return 2
    return 0


def _end_with_who_started_it() -> None:
    """However that one ended: then the other end of its pipe is closed."""
    sys.stdin.buffer.read(1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
