"""`roadworthy incident dismiss`: two people say that a report was false."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .terminal import emit, say


def dismiss(
    incident: Annotated[str, typer.Argument(metavar="ID", help="The incident.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    reason: Annotated[str, typer.Option(help="Why the report is false.")],
    rule_was_wrong: Annotated[
        str, typer.Option(help="When a rule found it: why the rule is wrong.")
    ] = "",
    as_: Annotated[
        list[str] | None, typer.Option("--as", metavar="NAME", help="Who dismisses; give two.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Declare its report false: two people sign, no gate waits for it any more.

    The incident stays in the list for ever, with the reason. Its kills stand until `resume`.
    """
    import msgspec

    from roadworthy.domain import UsageError
    from roadworthy.flows.entries.second_person import NEEDED
    from roadworthy.flows.incidents.dismissing import dismiss as dismiss_incident
    from roadworthy.flows.incidents.learning import find_incident

    from .acting import begun_loop, find_acting
    from .incident_words import say_more

    loop, _ = begun_loop(directory)
    named = as_ or []
    if len(set(named)) < NEEDED:
        raise UsageError(
            f"an incident is dismissed by {NEEDED} people together; {len(set(named))} named",
            fix="give two people: --as A --as B",
        )
    people = [found for name in named if (found := find_acting(loop.workspace, name)) is not None]
    done = dismiss_incident(
        find_incident(loop, incident),
        loop,
        people=people,
        reason=reason,
        rule_was_wrong=rule_was_wrong,
    )
    if json:
        emit(msgspec.to_builtins(done))
        return
    many = len(done.observations)
    what = "its answer" if many == 1 else f"all its {many} answers"
    say(f"Dismissed {done.id}, {what}, by {' and '.join(named)}.")
    if done.cases:
        say(
            f"No gate holds you to {', '.join(done.cases)} as pinned any more. Write into "
            f"{directory}/suites/incidents.jsonl what would be right (expect: answer), do not "
            "delete them; then roadworthy eval and gate."
        )
    say_more(done, loop, directory)
