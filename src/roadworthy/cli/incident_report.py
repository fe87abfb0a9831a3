"""`roadworthy incident reach|hold|report`: how far it went, its evidence, what is told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from roadworthy.domain import Incident, Recipient, ReportStage

from .exits import Exit
from .terminal import emit, printable, say, say_of, table, warn

Id = Annotated[str, typer.Argument(metavar="ID", help="The incident.")]
Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
Since = Annotated[str, typer.Option(help="From this day or instant on.")]
Until = Annotated[str, typer.Option(help="Before this day or instant.")]


def reach(
    incident: Id,
    directory: Directory = Path(),
    *,
    since: Since = "",
    until: Until = "",
    json: Json = False,
) -> None:
    """Count whom it met: customers, slices, answers, over which time. From the journal."""
    loop, found = _found(directory, incident)
    counted = _reach(found, loop, since, until)
    if json:
        emit(counted)
        return
    showing = "nobody can count" if counted.showing is None else str(counted.showing)
    say(f"{showing} of {counted.exposed} answers show it, {counted.since[:19]}Z to"
        f" {counted.until[:19]}Z")  # fmt: skip
    if counted.reason:
        say(counted.reason, "yellow")
    if counted.first:
        say(f"first {counted.first[:19]}Z, last {counted.last[:19]}Z; {counted.left} left as given")
    people = f"{counted.end_users} end users, {counted.unnamed} answers without one"
    say(people)
    for name, counts in (("tenant", counted.by_tenant), ("slice", counted.by_slice)):
        table((name, "answers"), [(printable(key) or "all", str(n)) for key, n in counts.items()])


def hold(
    incident: Id,
    directory: Directory = Path(),
    *,
    since: Since = "",
    until: Until = "",
    as_: Annotated[str | None, typer.Option("--as", help="Who acts.")] = None,
    json: Json = False,
) -> None:
    """Freeze its evidence: hold the texts of every day and customer in its reach.

    What is linked to it is held anyway while it is not over. Two people release a hold: `journal
    release-hold`.
    """
    from roadworthy.flows.follow_up.reach import hold_reach
    from roadworthy.flows.journals.holding import HOLDERS
    from roadworthy.flows.workspace.people import Acting

    from .acting import acting_person

    loop, found = _found(directory, incident)
    name, signer, key = acting_person(loop.workspace, as_, roles=HOLDERS)
    by = Acting(name=name, signer=signer, key=key)
    holds = hold_reach(found, _reach(found, loop, since, until), loop, by)
    if json:
        emit([{"hold": each.id, "scope": each.scope} for each in holds])
        return
    for each in holds:
        say(f"{each.id} holds {each.scope.words}")
    if not holds:
        say("Nothing was counted, so nothing is held.", "yellow")


def report(
    incident: Id,
    directory: Directory = Path(),
    *,
    recipient: Annotated[Recipient, typer.Option("--to", help="Who is told.")],
    stage: Annotated[
        ReportStage | None,
        typer.Option(help="Which report it is; default: initial, then follow_up."),
    ] = None,
    language: Annotated[Literal["en", "de"], typer.Option(help="In which language.")] = "en",
    out: Annotated[Path | None, typer.Option(help="Where to write it; default: here.")] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Write the file of what people must say, and end.")
    ] = False,
    json: Json = False,
) -> None:
    """Write the report: what is known filled in, what a person must say marked where it is missing.

    People write in incidents/ID.yaml (`--template` makes it). Exit code 4 while something is
    missing. Nothing is sent; `incident sent` enters that you did.
    """
    from roadworthy.flows.follow_up.report import Wanted, make_report, write_template
    from roadworthy.flows.workspace.own_files import begins, require_own, write_own
    from roadworthy.incidents import TITLES

    loop, found = _found(directory, incident)
    told = any(each.to == recipient for each in found.reports)
    which: ReportStage = stage or ("follow_up" if told else "initial")
    wanted = Wanted(to=recipient, stage=which, language=language)
    if template:
        say(f"Write in {write_template(directory, found.id, wanted)}.")
        return
    if out is not None:
        ours = begins(*(f"# {title}".encode() for title in TITLES))
        require_own(out, ours, kind="an incident's report", streams=True)
    made = make_report(
        found,
        loop,
        _content(found, loop),
        root=directory,
        wanted=wanted,
        law=legal_clocks(loop, directory).law(found),
    )
    if json:
        emit({"incident": found.id, "stage": which, "missing": made.missing, "text": made.text})
    elif out is None:
        say(made.text)
    else:
        write_own(out, made.text.encode())
        say_of(out, f"Wrote {out}.")
    if made.missing:
        warn(f"{len(made.missing)} are missing: {', '.join(made.missing)}")
        raise typer.Exit(Exit.UNDECIDED)


def say_clocks(incident: Incident, directory: Path) -> None:
    """Which legal clocks run, and until when; or why none does."""
    loop, found = _found(directory, incident.id)
    legal = legal_clocks(loop, directory)
    for each in legal.of(found):
        assumed = f"; nobody stated {', '.join(each.assumed)}" if each.assumed else ""
        due = each.due[:16].replace("T", " ") + " UTC" if each.days else "at once"
        when = f"applies from {each.applies_from}" if each.state == "not_in_force" else each.state
        unread = f"; cannot be read: {', '.join(each.unread)}" if each.unread else ""
        say(f"{each.article}, to the {each.to}: due {due}, {when}{assumed}{unread}")
    if why := legal.why_none(found):
        say(printable(why), "yellow")


def legal_clocks(loop: Any, directory: Path) -> Any:
    """Of the incidents of a workspace, as a folder sees them."""
    from roadworthy.wiring.legal_clocks import LegalClocks
    from roadworthy.wiring.places import place

    here = place(directory, standing=True, create=False)
    return LegalClocks(loop, here.root, tuple(here.deployment.holidays))


def clocks_as_json(incident: Incident, legal: Any) -> dict[str, Any]:
    """`clocks`, and `no_clock`: why there is none, else empty."""
    import msgspec

    if legal is None:
        return {"clocks": [], "no_clock": ""}
    found = msgspec.to_builtins(legal.of(incident))
    return {"clocks": found, "no_clock": legal.why_none(incident)}


def due_words(incident: Incident, legal: Any) -> str:
    """What `incident list` says of its clocks."""
    if incident.legal is None:
        return "" if incident.state in ("closed", "dismissed") else "not classified"
    if not incident.legal.serious:
        return "not serious"
    found = legal.of(incident)
    waiting = [each for each in found if each.state != "reported"]
    if not waiting:
        owed = incident.incomplete_reports
        reported = "reported, the complete one is owed" if owed else "reported"
        return reported if found else "no clock"
    first = waiting[0]
    day = f"{first.due[:16]}Z".replace("T", " ")
    words = {"overdue": "OVERDUE", "not_in_force": f"from {first.applies_from}"}
    return " ".join(filter(None, (day, first.article, words.get(first.state, ""))))


def _found(directory: Path, incident: str) -> tuple[Any, Incident]:
    from roadworthy.flows.incidents.learning import find_incident

    from .acting import begun_loop

    loop, _ = begun_loop(directory)
    return loop, find_incident(loop, incident)


def _content(incident: Incident, loop: Any) -> Any:
    from roadworthy.wiring.answering_releases import content_of

    if not incident.release:
        return None
    return content_of(loop.workspace, incident.system, incident.release)


def _reach(incident: Incident, loop: Any, since: str, until: str) -> Any:
    from roadworthy.flows.follow_up.reach import reach_of

    from .journal_query import instant_of

    content = _content(incident, loop)
    return reach_of(
        incident,
        loop,
        content.slos.slos if content is not None else (),
        since=instant_of("since", since),
        until=instant_of("until", until),
    )
