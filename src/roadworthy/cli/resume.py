"""`roadworthy resume`: lift a kill; two distinct people sign together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .terminal import emit, say


def command(
    which: Annotated[str, typer.Argument(metavar="KILL_ID|SCOPE", help="What is to be lifted.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    reason: Annotated[str, typer.Option(help="Why it may run again.")],
    as_: Annotated[
        list[str] | None, typer.Option("--as", metavar="NAME", help="Who lifts it; give two.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Lift the kill of that id, or every kill of that scope.

    Two people with the role operator, risk_officer or admin must be named; both keys sign, and
    the lift is in the ledger before anything runs again.
    """
    from roadworthy.domain import UsageError
    from roadworthy.flows.stopping import LIFT_NEEDS, lift, words_of
    from roadworthy.wiring.loop import loop_of
    from roadworthy.wiring.places import place

    from .acting import find_acting

    workspace = place(directory, standing=True).workspace
    named = as_ or []
    if len(set(named)) < LIFT_NEEDS:
        raise UsageError(
            f"a kill is lifted by {LIFT_NEEDS} people together; {len(set(named))} named",
            fix="give two people: --as A --as B",
        )
    people = [acting for name in named if (acting := find_acting(workspace, name)) is not None]
    lifted = lift([which], loop_of(workspace), people=people, reason=reason)
    if json:
        emit({"lifted": [flag.id for flag in lifted], "people": named})
        return
    for flag in lifted:
        say(f"lifted: {words_of(flag)} ({flag.id}) by {' and '.join(named)}")
