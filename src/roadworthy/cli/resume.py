"""`roadworthy resume`: lift kills; two distinct people sign together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from .terminal import emit, printable, say

_MEANT = re.compile(r"(kill-|inc-|tenant:|slice:).+|system")
"""What names something to lift. Any other last word is the folder; `./system` is one, too."""


def command(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WHAT... [DIR]",
            help="Kill ids, scopes, or an incident's id for all its kills; then the folder.",
        ),
    ],
    *,
    reason: Annotated[str, typer.Option(help="Why it may run again.")],
    as_: Annotated[
        list[str] | None, typer.Option("--as", metavar="NAME", help="Who lifts it; give two.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Lift kills by id, every kill of a scope, or every kill of an incident: all or none.

    Two people with the role operator, risk_officer or admin must be named; both keys sign, and
    the lift is in the ledger before anything runs again.
    """
    from roadworthy.domain import UsageError
    from roadworthy.flows.brakes.stopping import LIFT_NEEDS, lift, words_of
    from roadworthy.flows.workspace.routing import read_table
    from roadworthy.wiring.loop import loop_of

    from .acting import find_acting, standing_workspace
    from .stops import named as stops_named
    from .stops import put_back

    which, directory = _read(words)
    workspace = standing_workspace(directory)
    named = as_ or []
    if len(set(named)) < LIFT_NEEDS:
        raise UsageError(
            f"a kill is lifted by {LIFT_NEEDS} people together; {len(set(named))} named",
            fix="give two people: --as A --as B",
        )
    people = [acting for name in named if (acting := find_acting(workspace, name)) is not None]
    loop = loop_of(workspace)
    put_back(loop)
    lifted = lift(which, loop, people=people, reason=reason)
    left = read_table(workspace.routing).kills
    if json:
        emit({
            "lifted": [flag.id for flag in lifted],
            "people": named,
            "standing": [flag.id for flag in left],
        })  # fmt: skip
        return
    for flag in lifted:
        say(f"lifted: {printable(words_of(flag))} ({flag.id}) by {' and '.join(named)}")
    if left:
        say(f"still stopped: {stops_named(left)}")


def _read(words: list[str]) -> tuple[list[str], Path]:
    """What is to be lifted, and the folder that may follow it."""
    from roadworthy.domain import UsageError

    *first, last = words
    if first and not _MEANT.fullmatch(last):
        words, directory = first, Path(last)
    else:
        directory = Path()
    for word in words:
        if not _MEANT.fullmatch(word):
            raise UsageError(
                f"{word!r} is no kill id, scope or incident",
                fix="give kill-…, inc-…, system, tenant:NAME or slice:FACET=VALUE, then the folder",
            )
    return words, directory
