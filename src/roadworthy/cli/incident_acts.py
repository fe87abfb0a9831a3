"""`roadworthy incident open|ack|assign|…`: what people say and do about an incident."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import HARMS, Recipient, ReportStage, Severity

from .terminal import emit, same_system, say, warn

Id = Annotated[str, typer.Argument(metavar="ID", help="The incident.")]
Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")]
People = Annotated[
    list[str] | None,
    typer.Option("--as", metavar="NAME", help="Who acts; two, where it says less than before."),
]
Reason = Annotated[str, typer.Option(help="Why.")]
Answers = Annotated[
    list[str] | None,
    typer.Option("--answer", metavar="OBSERVATION", help="An answer that shows it."),
]


def open_(
    directory: Directory = Path(),
    *,
    title: Annotated[str, typer.Option(help="What happened, in a line.")],
    severity: Annotated[Severity, typer.Option(help="How bad it is.")],
    found: Annotated[str, typer.Option(help="When it was found (2026-11-22T10:00Z).")] = "",
    answer: Answers = None,
    system: Annotated[str, typer.Option(help="Which system; default: the folder's.")] = "",
    as_: As = None,
    json: Json = False,
) -> None:
    """Open one by hand: what no rule and no objective found."""
    from roadworthy.flows.incidents.opening import ByHand, open_by_hand

    from .acting import begun_loop
    from .journal_query import instant_of

    loop, _ = begun_loop(directory)
    by = _by(loop, as_)
    said = ByHand(
        title=title,
        severity=severity,
        found_at=instant_of("found", found),
        answers=tuple(answer or ()),
    )
    opened = open_by_hand(said, loop, system=system or _system_of(directory), by=by)
    tell(opened, json, f"Opened {opened.id}, {opened.severity}.")
    if not json:
        here = same_system(directory)
        say(f"Next: roadworthy incident classify {opened.id}{here} --harm KIND --aware INSTANT")


def ack(incident: Id, directory: Directory = Path(), *, as_: As = None, json: Json = False) -> None:
    """Say that somebody has seen it."""
    from roadworthy.flows.incidents.care import acknowledge

    done = _act(incident, directory, as_, acknowledge)
    tell(done, json, f"{done.id} is acknowledged since {done.acknowledged_at[:19]}Z.")


def assign(
    incident: Id,
    directory: Directory = Path(),
    *,
    whom: Annotated[str, typer.Option("--to", metavar="NAME", help="Who has it from now on.")],
    as_: As = None,
    json: Json = False,
) -> None:
    """Give it to a person."""
    from roadworthy.flows.incidents.care import assign as give

    done = _act(incident, directory, as_, give, to=whom)
    tell(done, json, f"{done.id} is with {done.assignee}.")


def note(
    incident: Id,
    directory: Directory = Path(),
    *,
    text: Annotated[str, typer.Option(help="What is to be remembered; no personal data.")],
    as_: As = None,
    json: Json = False,
) -> None:
    """Add a line to its timeline."""
    from roadworthy.flows.incidents.care import note as remember

    tell(_act(incident, directory, as_, remember, text=text), json, "Noted.")


def link(
    incident: Id,
    directory: Directory = Path(),
    *,
    answer: Annotated[
        list[str], typer.Option(metavar="OBSERVATION", help="An answer that shows it.")
    ],
    as_: As = None,
    json: Json = False,
) -> None:
    """Link more answers that show it; their texts are held from then on."""
    from roadworthy.flows.incidents.care import link as link_answers

    done = _act(incident, directory, as_, link_answers, answers=answer)
    tell(done, json, f"{done.id} names {len(done.evidence)} answers.")


def cause(
    incident: Id,
    directory: Directory = Path(),
    *,
    text: Annotated[str, typer.Option(help="What the cause was.")],
    as_: As = None,
    json: Json = False,
) -> None:
    """Name its cause, as far as it is known."""
    from roadworthy.flows.incidents.care import add_cause

    tell(_act(incident, directory, as_, add_cause, text=text), json, "Entered.")


def action(
    incident: Id,
    directory: Directory = Path(),
    *,
    text: Annotated[str, typer.Option(help="What will be done.")],
    owner: Annotated[str, typer.Option(help="Who does it.")],
    due: Annotated[str, typer.Option(metavar="DAY", help="Until when (2026-12-31).")],
    as_: As = None,
    json: Json = False,
) -> None:
    """Promise a corrective action; the incident does not close before it is done."""
    from roadworthy.flows.incidents.care import set_action

    done = _act(incident, directory, as_, set_action, text=text, owner=owner, due=due)
    new = done.actions[-1]
    tell(done, json, f"Action {new.id}: {new.owner} until {new.due}.")


def done(
    incident: Id,
    directory: Directory = Path(),
    *,
    action: Annotated[str, typer.Option(metavar="ACTION", help="Its id.")],
    result: Annotated[str, typer.Option(help="What came of it.")] = "",
    as_: As = None,
    json: Json = False,
) -> None:
    """Say that a corrective action is done."""
    from roadworthy.flows.incidents.care import finish_action

    after = _act(incident, directory, as_, finish_action, action=action, result=result)
    left = len(after.open_actions)
    tell(after, json, f"Action {action} is done; {left} more open.")


def grade(
    incident: Id,
    directory: Directory = Path(),
    *,
    severity: Annotated[Severity, typer.Option(help="How bad it is.")],
    reason: Reason,
    as_: People = None,
    json: Json = False,
) -> None:
    """Say how bad it is; less bad than before takes two people."""
    from roadworthy.flows.incidents.care import grade as give_grade

    done = _together(incident, directory, as_, give_grade, severity=severity, reason=reason)
    tell(done, json, f"{done.id} is {done.severity}.")


def classify(
    incident: Id,
    directory: Directory = Path(),
    *,
    harm: Annotated[list[str], typer.Option(help=f"What it led to: {', '.join(HARMS)}.")],
    aware: Annotated[str, typer.Option(metavar="INSTANT", help="Since when you know.")],
    reason: Reason,
    as_: People = None,
    json: Json = False,
) -> None:
    """State what it led to and since when the organisation knows: legal clocks begin there.

    Two people are needed where it says less than before.
    """
    from roadworthy.domain import UsageError
    from roadworthy.flows.incidents.care import Statement
    from roadworthy.flows.incidents.care import classify as state

    from .journal_query import instant_of

    kinds = tuple(each for each in HARMS if each in harm)
    if unknown := sorted(set(harm) - set(HARMS)):
        raise UsageError(f"{unknown[0]!r} is no kind of harm", fix=f"one of {', '.join(HARMS)}")
    said = Statement(harms=kinds, aware_at=instant_of("aware", aware), reason=reason)
    after = _together(incident, directory, as_, state, said)
    if json:
        emit(_with_clocks(after, directory))
        return
    say(f"{after.id} is called {', '.join(kinds)}.")
    _say_clocks(after, directory)


def sent(
    incident: Id,
    directory: Directory = Path(),
    *,
    recipient: Annotated[Recipient, typer.Option("--to", help="Who was told.")],
    at: Annotated[str, typer.Option(metavar="INSTANT", help="When it was sent.")],
    stage: Annotated[ReportStage, typer.Option(help="Which report it was.")] = "initial",
    file: Annotated[Path | None, typer.Option(help="The document that was sent.")] = None,
    reference: Annotated[str, typer.Option(help="The receiver's number.")] = "",
    as_: As = None,
    json: Json = False,
) -> None:
    """Enter that a report went out; its clock stops. Nothing is sent by this command."""
    from roadworthy.domain import sha256
    from roadworthy.flows.incidents.care import Sent, record_sent
    from roadworthy.flows.workspace.own_files import kept_bytes
    from roadworthy.incidents import marked_missing

    from .journal_query import instant_of

    data = kept_bytes(file) if file is not None else b""
    missing = marked_missing(data.decode(errors="replace"))
    said = Sent(
        to=recipient,
        stage=stage,
        sent_at=instant_of("at", at),
        digest=sha256(data) if file is not None else "",
        reference=reference,
        missing=missing,
    )
    tell(_act(incident, directory, as_, record_sent, said), json, "Entered.")
    if missing:
        warn(f"{len(missing)} paragraphs are missing in it: {', '.join(missing)}")
        warn("The complete report is owed (Article 73(5)); the incident does not close before.")
    elif file is None:
        warn("No document is named: nobody can see later what was sent (--file).")


def _say_clocks(incident: Any, directory: Path) -> None:
    from .incident_report import say_clocks

    say_clocks(incident, directory)


def _with_clocks(incident: Any, directory: Path) -> dict[str, Any]:
    import msgspec

    from .acting import begun_loop
    from .incident_report import clocks_as_json, legal_clocks

    legal = legal_clocks(begun_loop(directory)[0], directory)
    built: dict[str, Any] = msgspec.to_builtins(incident)
    return built | clocks_as_json(incident, legal)


def _by(loop: Any, name: str | None) -> Any:
    from roadworthy.flows.entries.second_person import DECIDERS
    from roadworthy.flows.workspace.people import Acting

    from .acting import acting_person

    chosen, signer, key = acting_person(loop.workspace, name, roles=DECIDERS)
    return Acting(name=chosen, signer=signer, key=key)


def _act(
    incident: str,
    directory: Path,
    name: str | None,
    act: Callable[..., Any],
    *said: Any,
    **more: Any,
) -> Any:
    """One person's act on an incident; returns the incident after it."""
    from roadworthy.flows.incidents.learning import find_incident

    from .acting import begun_loop

    loop, _ = begun_loop(directory)
    return act(find_incident(loop, incident), loop, _by(loop, name), *said, **more)


def _together(
    incident: str,
    directory: Path,
    names: list[str] | None,
    act: Callable[..., Any],
    *said: Any,
    **more: Any,
) -> Any:
    """The same by one or more people."""
    from roadworthy.flows.incidents.learning import find_incident

    from .acting import begun_loop

    loop, _ = begun_loop(directory)
    people = [_by(loop, each) for each in dict.fromkeys(names or [None])]  # type: ignore[list-item]
    return act(find_incident(loop, incident), loop, people, *said, **more)


def _system_of(directory: Path) -> str:
    """The system of a folder. Raises ManifestError where there is none."""
    from roadworthy.manifests import load_system

    return load_system(directory).charter.system


def tell(incident: Any, json: bool, text: str) -> None:
    """What was done: as JSON, or in words."""
    import msgspec

    if json:
        emit(msgspec.to_builtins(incident))
    else:
        say(text)
