"""What `roadworthy serve` becomes once everything is prepared: the parent of a gateway.

What enters: what `roadworthy serve` prepared, by `exec`, so that its process stays the same one and
holds what it held. What leaves: its words and its exit code. What never happens here: an import
that the parent has no use for; it would hold that memory as long as the gateway stands.

    python -m roadworthy.cli.standing STANDING     (by `roadworthy serve`)
"""

from __future__ import annotations

import json
import os
import signal
import sys
from contextlib import suppress
from typing import Any

from roadworthy.gateway.child import NotStartedError
from roadworthy.gateway.children import STOPS, Standing, Started, program, stand

from .output import STOPPED, Output, complain, lines_only


def become(standing: Standing, *, shared: bool) -> None:
    """Replace this process. `shared`: counts are shared with other machines. Raises OSError.

    Whoever stops it meanwhile is heard once the gateway stands.
    """
    for descriptor in (standing.listener, *standing.held):
        os.set_inheritable(descriptor, True)
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, AttributeError):
            stream.flush()
    told = json.dumps(standing._asdict() | {"shared": shared})
    argv = [*program("roadworthy.cli.standing"), told]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        os.execv(argv[0], argv)  # noqa: S606 -- this program again, and its own words as argument
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def main(told: str) -> int:
    """Keep the gateway standing until SIGTERM or SIGINT; returns the exit code."""
    try:
        fields = json.loads(told)
        shared = fields.pop("shared")
        standing = Standing(**fields | {"held": tuple(fields["held"])})
        for descriptor in (standing.listener, *standing.held):
            os.set_inheritable(descriptor, False)  # the workers are given the listener by name
        if shared:
            _follow_counts(standing)
        stand(standing, on_ready=_say_ready, say=complain)
    except NotStartedError as error:
        complain(f"roadworthy: {error}")
        return 1
    except KeyboardInterrupt:
        return STOPPED
    except Exception as error:
        from .dispatch import report_unforeseen

        return report_unforeseen(error)
    return 0


def _follow_counts(standing: Standing) -> None:
    """Only where counts are shared does the parent look after them, and pay for it in memory."""
    import msgspec

    from roadworthy.gateway.supervisor import follow_counts
    from roadworthy.wiring.plan import Plan

    follow_counts(msgspec.convert(standing.plan, Plan), complain)


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
