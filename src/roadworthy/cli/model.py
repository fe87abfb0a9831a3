"""`roadworthy model`: the registry of models and adapters, and who approved which for what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import structs

from roadworthy.domain import ModelVersion, UsageError

from .exits import Exit
from .folders import Named, Trailing, one_folder
from .terminal import emit, group, printable, same_system, say, table

app = group("Register models and adapters, approve and deprecate them, see what is used.")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")]
Name = Annotated[str, typer.Argument(metavar="ID", help="ID (its newest version) or ID@N.")]
Reason = Annotated[str, typer.Option(help="Why, in a sentence.")]
CandidateFile = Annotated[str, typer.Option("--candidate", help="The candidate's file.")]


@app.command("register")
def register(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="models/NAME.yaml")],
    trailing: Trailing = None,
    *,
    named: Named = None,
    acting: As = None,
    json: Json = False,
) -> None:
    """Propose a model or an adapter as its file describes it; somebody else approves it.

    The same file twice is entered once; a changed one is the next version, and is not approved.
    """
    from roadworthy.flows.releasing.registry import register_model
    from roadworthy.manifests import load_model_file
    from roadworthy.release import BUILDERS
    from roadworthy.wiring.loop import open_loop

    described = load_model_file(file)
    loop = open_loop(one_folder(trailing, named))
    version, entry = register_model(described, loop, _acting(loop, acting, BUILDERS))
    if json:
        emit({"model": version.name, "digest": version.digest, "entry": entry.seq,
              "by": version.by})  # fmt: skip
        return
    say(f"{version.name} is proposed by {version.by} (entry {entry.seq})")
    say(f"Next: roadworthy model approve {version.name}{same_system(one_folder(trailing, named))}"
        " --reason TEXT --as NAME")  # fmt: skip


@app.command("approve")
def approve(
    model: Name,
    trailing: Trailing = None,
    *,
    named: Named = None,
    reason: Reason,
    until: Annotated[str, typer.Option(metavar="DAY", help="The last day, YYYY-MM-DD.")] = "",
    task: Annotated[list[str], typer.Option(help="For this task only; may be repeated.")] = [],  # noqa: B006
    here: Annotated[
        bool, typer.Option("--only-here", help="For DIR's system and its purpose as written.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="It was deprecated, and is used again.")
    ] = False,
    acting: As = None,
    json: Json = False,
) -> None:
    """Approve a version: sign, with your own key, that systems may ask it, and how far that goes.

    You are not who proposed it. Where the charter asks for more people (`review.approvals.model`),
    each of them approves. Exit code 3 for who may not, and for one that is deprecated: --again
    undoes the deprecation, which the entry names.
    """
    from roadworthy.flows.releasing.registry import (
        approve_model,
        find_version,
        registry_of,
    )
    from roadworthy.release import APPROVERS
    from roadworthy.wiring.loop import open_loop

    directory = one_folder(trailing, named)
    loop = open_loop(directory)
    by = _acting(loop, acting, APPROVERS)
    version = find_version(registry_of(loop), model)
    terms = _terms(directory, reason=reason, until=until, task=task, here=here)
    terms = structs.replace(terms, again=again)
    entry = approve_model(version, terms, loop, by)
    if json:
        emit({"model": version.name, "digest": version.digest, "entry": entry.seq, "by": by.name,
              "system": terms.system, "until": until, "tasks": task})  # fmt: skip
        return
    if "undoes" in entry.payload:
        say(f"the deprecation of entry {entry.payload['undoes']} is undone", "yellow")
    whom = f" for {terms.system} and its purpose" if here else ""
    say(f"{version.name} is approved by {by.name}{whom}{f' until {until}' if until else ''} "
        f"(entry {entry.seq})")  # fmt: skip


def _terms(directory: Path, *, reason: str, until: str, task: list[str], here: bool) -> Any:
    """How far the approval goes. Raises UsageError for a task that there is none of."""
    from typing import get_args

    from roadworthy.domain import Task
    from roadworthy.flows.law.assure import purpose_of
    from roadworthy.flows.releasing.registry import Approve
    from roadworthy.manifests import load_charter

    tasks = get_args(Task)
    for one in task:
        if one not in tasks:
            raise UsageError(f"{one!r} is no task", fix=f"one of {', '.join(tasks)}")
    system = purpose = ""
    if here:
        charter = load_charter(directory)
        system, purpose = charter.system, purpose_of(charter.use.intended_purpose)
    return Approve(reason=reason, system=system, purpose=purpose, tasks=tuple(task), until=until)


@app.command("deprecate")
def deprecate(
    model: Name,
    trailing: Trailing = None,
    *,
    named: Named = None,
    reason: Reason,
    successor: Annotated[str, typer.Option(metavar="ID", help="What to use instead.")] = "",
    acting: As = None,
    json: Json = False,
) -> None:
    """Say that a version is used no more: no candidate with it passes the gate from now on.

    What runs with it goes on, and `roadworthy status` names it until something else is live.
    """
    from roadworthy.flows.releasing.registry import (
        deprecate_model,
        find_version,
        registry_of,
    )
    from roadworthy.release import BUILDERS
    from roadworthy.wiring.loop import open_loop

    loop = open_loop(one_folder(trailing, named))
    by = _acting(loop, acting, BUILDERS)
    version = find_version(registry_of(loop), model)
    entry = deprecate_model(version, loop, by, reason=reason, successor=successor)
    if json:
        emit({"model": version.name, "entry": entry.seq, "by": by.name, "successor": successor})
        return
    say(f"{version.name} is deprecated by {by.name} (entry {entry.seq}); what is live with it goes "
        "on: roadworthy status")  # fmt: skip


@app.command("list")
def list_models(trailing: Trailing = None, *, named: Named = None, json: Json = False) -> None:
    """Every version of every model: which model it is, how it stands, by whom and until when.

    Exit code 5 while one is damaged: its registration, or what was said of it, does not hold.
    """
    from roadworthy.flows.releasing.registry_view import rows_of

    rows = rows_of(_standing(one_folder(trailing, named)))
    if json:
        emit({"models": rows})
    else:
        _say_versions(rows)
    if any(each["state"] == "damaged" for each in rows):
        raise typer.Exit(Exit.BROKEN)


def _say_versions(rows: list[dict[str, Any]]) -> None:
    if not rows:
        say("No model is registered: roadworthy model register models/NAME.yaml --as NAME")
        return
    table(
        ("model", "kind", "which", "state", "approved by", "for", "until"),
        [
            (each["model"], each["kind"], each["which"], each["state"],
             ", ".join(each["approved_by"]) or "-", ", ".join(each["for"]) or "-",
             each["until"] or "-")
            for each in rows
        ],
    )  # fmt: skip


@app.command("show")
def show(
    model: Name, trailing: Trailing = None, *, named: Named = None, json: Json = False
) -> None:
    """All that is known of a version: facts, data, figures, limits, terms, and what people said."""
    from roadworthy.flows.releasing.registry_view import facts_of, said_of

    loop = _standing(one_folder(trailing, named))
    version = _version(loop, model)
    facts, said = facts_of(version), said_of(loop, version)
    if json:
        emit(
            {
                "model": version.name,
                "digest": version.digest,
                "proposed_by": version.by,
                "entry": version.entry,
                "fault": version.fault,
                "facts": facts,
                "said": said,
            }
        )
        return
    say(f"{version.name}, proposed by {version.by} on {version.at[:10]} (entry {version.entry})")
    if version.fault:
        say(printable(f"  does not hold: {version.fault}"), "red")
    for key, value in facts.items():
        say(printable(f"  {key}: {value}"))
    for line in said:
        say(printable(f"  {line['words']}"), "yellow" if line["fault"] else "")


@app.command("diff")
def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="ID, ID@N, or a file.")],
    after: Annotated[str, typer.Argument(metavar="B", help="ID, ID@N, or a file.")],
    trailing: Trailing = None,
    *,
    named: Named = None,
    json: Json = False,
) -> None:
    """What two versions, or a version and a file, say otherwise of each other."""
    from roadworthy.flows.releasing.registry_view import differences_of

    loop = _standing(one_folder(trailing, named))
    found = differences_of(_described(loop, before), _described(loop, after))
    if json:
        emit({"differences": found})
        return
    if not found:
        say("They say the same.")
        return
    table(
        ("what", before, after),
        [(printable(key), printable(was), printable(now)) for key, was, now in found],
    )


@app.command("check")
def check(
    trailing: Trailing = None,
    *,
    named: Named = None,
    candidate: CandidateFile = "candidate.yaml",
    json: Json = False,
) -> None:
    """Whether people approved the candidate's models and adapters, asked for by the gate or not.

    Says whether the gate asks (`models` of the charter, the class, the registry). Exit code 3 for
    what is refused or deprecated, 4 for what nobody approved yet, also where nothing was recorded,
    5 for what is damaged.
    """
    from roadworthy.domain import Verdict, worst
    from roadworthy.flows.releasing.approved_models import demanded_of, standings_of
    from roadworthy.manifests import load_system
    from roadworthy.policy import model_blockers
    from roadworthy.release import pin
    from roadworthy.wiring.loop import open_loop

    from .exits import exit_of_verdict

    directory = one_folder(trailing, named)
    system = load_system(directory, candidate=candidate)
    loop, content = open_loop(directory, configured=system.deployment.workspace), pin(system)
    found = standings_of(system, content, loop)
    asked, why = demanded_of(system, content, loop)
    verdict = worst([Verdict.PASS, *(each.verdict for each in model_blockers(found))])
    rows = [
        {"part": one.wanted.part, "which": one.wanted.words, "state": one.state,
         "version": one.version.name if one.version else "", "reason": one.reason,
         "next": one.step}
        for one in found
    ]  # fmt: skip
    if json:
        emit({"verdict": str(verdict), "gate_asks": asked, "why": why, "models": rows})
    else:
        table(
            ("part", "which", "version", "state"),
            [(each["part"], each["which"], each["version"] or "-", each["state"]) for each in rows],
        )
        for each in rows:
            if each["reason"]:
                say(printable(f"  {each['part']}: {each['reason']}"), "yellow")
                say(f"  next: {each['next']}")
        people = [one for one in loop.trust.keys if one.kind == "person"]
        if verdict is not Verdict.PASS and not people:
            say("  before that: roadworthy people add NAME --role engineer, and a reviewer")
        say(f"The gate {'asks for them' if asked else 'does not ask for them'}: {why}")
    damaged = any(each["state"] == "damaged" for each in rows)
    raise typer.Exit(Exit.BROKEN if damaged else exit_of_verdict(verdict))


def _acting(loop: Any, acting: str | None, roles: Any) -> Any:
    """Who acts."""
    from roadworthy.flows.workspace.people import Acting

    from .acting import acting_person

    name, signer, key = acting_person(loop.workspace, acting, roles=roles)
    return Acting(name=name, signer=signer, key=key)


def _standing(directory: Path) -> Any:
    """The loop of a workspace in which something was recorded."""
    from .acting import begun_loop

    return begun_loop(directory)[0]


def _version(loop: Any, name: str) -> ModelVersion:
    from roadworthy.flows.releasing.registry import find_version, registry_of

    return find_version(registry_of(loop), name)


def _described(loop: Any, name: str) -> Any:
    """A version's file, or a file that was not registered yet."""
    from roadworthy.manifests import load_model_file

    if name.endswith((".yaml", ".yml")):
        return load_model_file(Path(name))
    version = _version(loop, name)
    if version.file is None:
        raise UsageError(f"{version.name} cannot be read: {version.fault}", fix="name another")
    return version.file
