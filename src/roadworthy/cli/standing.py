"""What `roadworthy serve` becomes once everything is prepared: the parent of a gateway.

What enters: what `roadworthy serve` prepared, by `exec`, so that its process stays the same one and
holds what it held. What leaves: its words and its exit code. What never happens here: an import
that the parent has no use for; it would hold that memory as long as the gateway stands.

    python -m roadworthy.cli.standing STANDING     (by `roadworthy serve`)
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from roadworthy.gateway.children import NotStartedError, Standing, Started, stand

from .output import Output, complain, lines_only


def become(standing: Standing, *, shared: bool) -> None:
    """Replace this process. `shared`: counts are shared with other machines. Raises OSError."""
    for descriptor in (standing.listener, *standing.held):
        os.set_inheritable(descriptor, True)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, AttributeError):
            stream.flush()
    told = json.dumps(asdict(standing) | {"shared": shared})
    argv = [sys.executable, "-m", "roadworthy.cli.standing", told]
    os.execv(argv[0], argv)  # noqa: S606 -- this program again, and its own words as argument


def main(told: str) -> int:
    """Keep the gateway standing until SIGTERM or SIGINT; returns the exit code."""
    fields = json.loads(told)
    shared = fields.pop("shared")
    standing = Standing(
        **fields | {"held": tuple(fields["held"]), "workers": tuple(fields["workers"])}
    )
    for descriptor in (standing.listener, *standing.held):
        os.set_inheritable(descriptor, False)  # the workers are given the listener by name
    try:
        asyncio.run(_stand(standing, shared=shared))
    except NotStartedError as error:
        complain(f"roadworthy: {error}")
        return 1
    return 0


async def _stand(standing: Standing, *, shared: bool) -> None:
    following = asyncio.ensure_future(_follow(standing)) if shared else None
    try:
        await stand(standing, on_ready=_say_ready, say=complain)
    finally:
        if following is not None:
            following.cancel()


async def _follow(standing: Standing) -> None:
    """Only where counts are shared does the parent look after them, and pay for it in memory."""
    import msgspec

    from roadworthy.gateway.supervisor import follow_counts
    from roadworthy.wiring.plan import Plan

    await follow_counts(msgspec.json.decode(standing.batches, type=Plan), complain)


def _say_ready(started: Started) -> None:
    """Where it listens, what it serves, how to call it."""
    first = started.workers[0]
    systems: dict[str, Any] = first["systems"]
    shown = ", ".join(
        f"{name} (release {state['release'][7:19]})" if state["served"] else f"{name} (refused)"
        for name, state in systems.items()
    )
    name = next((n for n, state in systems.items() if state["served"]), "SYSTEM")
    _say(
        f"ready: {started.url} serves {shown or 'nothing yet: activate a release'} · "
        f"curl {started.url}/v1/chat/completions -H 'Authorization: Bearer rw-…' "
        "-H 'Content-Type: application/json' "
        f'-d \'{{"model":"{name}","messages":[{{"role":"user","content":"…"}}]}}\''
    )
    for refused, state in systems.items():
        if not state["served"]:
            complain(f"{refused} is refused: {state['reason']}")
    if first["journal"]["fault"]:
        complain(f"the journal cannot be written: {first['journal']['fault']}")


def _say(text: str) -> None:
    sys.stdout.write(lines_only(text) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with Output() as output:
        output.code = main(sys.argv[1])
    sys.exit(output.code)
