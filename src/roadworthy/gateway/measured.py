"""A gateway over a workspace that was made to be measured and is thrown away.

What enters: where to listen, a plan. What leaves: one line of JSON once it is ready. What never
happens here: a look at whose word trust.yaml is; who made the workspace has just held the one that
it is a copy of against its ledger.

    python -m roadworthy.gateway.measured SETTINGS     (started by `roadworthy load`)
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import msgspec
import uvloop

from roadworthy.domain import RoadworthyError

from .children import Started
from .supervisor import Settings, supervise


def main(arguments: list[str]) -> int:
    """Run it until SIGTERM; returns its exit code."""

    def ready(started: Started) -> None:
        sys.stdout.write(msgspec.json.encode(started).decode() + "\n")
        sys.stdout.flush()

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()

    settings = msgspec.json.decode(arguments[0], type=Settings)

    async def watched() -> None:
        """Ends with who started it, however that one ended."""
        asyncio.get_running_loop().add_reader(
            sys.stdin.fileno(), lambda: os.kill(os.getpid(), signal.SIGTERM)
        )
        await supervise(settings, on_ready=ready, say=say)

    try:
        uvloop.run(watched())
    except RoadworthyError as error:
        say(error.message)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
