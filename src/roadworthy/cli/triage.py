"""`roadworthy triage`: what users disliked or a fact check called wrong, decided by people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from roadworthy.domain import PinnedAction, Severity

from .terminal import emit, group, printable, same_system, say, table

app = group("Feedback and fact checks that wait: list them, decide what they become.")

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command("list")
def list_(
    directory: Directory = Path(),
    *,
    kind: Annotated[
        Literal["feedback", "fact_check"] | None, typer.Option(help="Only these.")
    ] = None,
    since: Annotated[str, typer.Option(help="Answers from this day or instant on.")] = "",
    json: Json = False,
) -> None:
    """Answers whose feedback is bad or whose fact check says no, and that nobody decided on."""
    from roadworthy.flows.follow_up.triaging import triage_queue
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace
    from .journal_query import instant_of

    loop = standing_loop(standing_workspace(directory))
    found = triage_queue(loop, kind=kind, since=instant_of("since", since)) if loop else []
    if json:
        emit(found)
        return
    if not found:
        say("Nothing waits.")
        return
    rows = [
        (each.observation, each.kind, f"{each.value:.2f}", each.tenant, each.said_at[:19])
        for each in found
    ]
    table(("observation", "kind", "value", "tenant", "said (UTC)"),
          [tuple(map(printable, row)) for row in rows])  # fmt: skip
    here = same_system(directory)
    say(f"Look with: roadworthy explain OBSERVATION{here} --texts")
    say(f"Next: roadworthy triage decide OBSERVATION{here} --as NAME --reason TEXT --becomes case")


@app.command()
def decide(
    observation: Annotated[str, typer.Argument(help="As `triage list` names it.")],
    directory: Directory = Path(),
    *,
    becomes: Annotated[Literal["case", "incident", "nothing"], typer.Option(help="What of it.")],
    reason: Annotated[str, typer.Option(help="Why; of a new incident its title.")],
    expect: Annotated[PinnedAction, typer.Option(help="What must become of the case.")] = "answer",
    label: Annotated[str, typer.Option(help="The right label.")] = "",
    text: Annotated[str, typer.Option(help="Words that must be in the answer.")] = "",
    incident: Annotated[str, typer.Option(help="An incident that is open already.")] = "",
    severity: Annotated[Severity, typer.Option(help="Of a new incident.")] = "low",
    as_: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")] = None,
    json: Json = False,
) -> None:
    """Say what becomes of it: a redacted case of suites/triage, an incident, or nothing."""
    from roadworthy.flows.entries.second_person import DECIDERS
    from roadworthy.flows.follow_up.triaging import Decision, triage_queue
    from roadworthy.flows.follow_up.triaging import decide as settle
    from roadworthy.wiring.road import Road

    from .acting import acting_person, begun_loop

    loop, deployment = begun_loop(directory)
    waiting = [each for each in triage_queue(loop) if each.observation == observation]
    said = Decision(
        becomes=becomes, reason=reason, action=expect, label=label, text=text, incident=incident,
        severity=severity,
    )  # fmt: skip
    by: Any = _acting(*acting_person(loop.workspace, as_, roles=DECIDERS))
    done = settle(waiting, loop, by, said, root=directory, past=Road(loop, deployment))
    if json:
        emit(done)
        return
    what = done.case or done.incident or "nothing"
    say(f"{observation} became {what}.")
    if done.case:
        say(f"Read {directory}/suites/triage.jsonl, then roadworthy eval{same_system(directory)}.")


def _acting(name: str, signer: Any, key: Any) -> Any:
    from roadworthy.flows.workspace.people import Acting

    return Acting(name=name, signer=signer, key=key)
