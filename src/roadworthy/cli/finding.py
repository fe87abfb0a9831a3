"""`roadworthy finding`: what people and attacks found, and how it is answered: fix or accept."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.domain import PersonRole, UsageError

from .terminal import emit, group, say, table

app = group("Enter findings, answer them by a fix or a waiver, and list how they stand.")

Directory = Annotated[Path, typer.Option("--dir", metavar="DIR", help="The system's folder.")]
As = Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")]
Cases = Annotated[list[str], typer.Option("--case", help="A case that shows it.")]
CandidateFile = Annotated[str, typer.Option("--candidate", help="The candidate's file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command("open")
def open_one(
    *,
    severity: Annotated[str, typer.Option(help="low, medium, high or critical.")],
    summary: Annotated[str, typer.Option(help="What happened, in plain words.")],
    hazard: Annotated[str, typer.Option(help="The hazard, or a never event's id.")] = "",
    case: Cases = [],  # noqa: B006
    directory: Directory = Path(),
    acting: As = None,
    json: Json = False,
) -> None:
    """Enter something that was found to go wrong. Until it is answered it stops the gate.

    High and critical: FAIL. Medium: INCONCLUSIVE. Low: a note.
    """
    from roadworthy.flows.findings.findings import RECORDERS, open_finding
    from roadworthy.policy import SEVERITIES, RiskFinding

    stated = next((each for each in SEVERITIES if each == severity), None)
    if stated is None:
        raise UsageError(f"{severity!r} is no severity", fix=f"one of {', '.join(SEVERITIES)}")
    system, loop, by = _opened(directory, acting, RECORDERS)
    found = RiskFinding(
        id="", severity=stated, summary=summary, source="", hazard=hazard, cases=tuple(case)
    )
    done, entry = open_finding(loop, system.charter.system, found, by)
    if json:
        emit({"finding": done.id, "entry": entry.seq, "by": by.name})
        return
    say(f"finding {done.id} ({severity}) is entered by {by.name}")


@app.command("fix")
def fix(
    finding: Annotated[str, typer.Argument(metavar="ID")],
    *,
    reason: Annotated[str, typer.Option(help="What was changed.")],
    case: Cases = [],  # noqa: B006
    directory: Directory = Path(),
    acting: As = None,
    json: Json = False,
) -> None:
    """Say that a finding is mended, by what, and which cases show it.

    It is closed by a run that began after the finding was entered, of a changed candidate (or of
    the same one where the cases failed before), that asks these cases and passes every repeat.
    A high or critical one, and one about a never event, waits for `finding confirm` too.
    """
    from roadworthy.flows.findings.findings import fix_finding
    from roadworthy.release import BUILDERS

    system, loop, by = _opened(directory, acting, BUILDERS)
    entry = fix_finding(loop, system, finding, case, reason, by)
    if json:
        emit({"finding": finding, "entry": entry.seq, "cases": case, "by": by.name})
        return
    say(
        f"finding {finding} is said to be fixed; a later run that passes its cases closes it, "
        f"a high or critical one with another person's `roadworthy finding confirm {finding}`"
    )


@app.command("confirm")
def confirm(
    finding: Annotated[str, typer.Argument(metavar="ID")],
    *,
    directory: Directory = Path(),
    acting: As = None,
    json: Json = False,
) -> None:
    """Confirm that a finding is mended, as somebody else than who says so.

    It stands for what was claimed until now: a later claim is confirmed anew. Exit code 3 for who
    claims the fix.
    """
    from roadworthy.flows.findings.findings import confirm_fix
    from roadworthy.release import APPROVERS

    system, loop, by = _opened(directory, acting, APPROVERS)
    entry = confirm_fix(loop, system.charter.system, finding, by)
    if json:
        emit({"finding": finding, "entry": entry.seq, "by": by.name})
        return
    say(f"finding {finding}: {by.name} confirms that it is fixed")


@app.command("accept")
def accept(
    finding: Annotated[str, typer.Argument(metavar="ID")],
    *,
    reason: Annotated[str, typer.Option(help="Why it may stay for now.")],
    until: Annotated[str, typer.Option(help="The last day, YYYY-MM-DD.")],
    author: Annotated[str, typer.Option("--for", metavar="NAME", help="Who asks for it.")],
    directory: Directory = Path(),
    candidate: CandidateFile = "candidate.yaml",
    acting: As = None,
    json: Json = False,
) -> None:
    """Accept a finding until a date: writes waivers/accept-ID.yaml and signs it.

    You are not who asks for it, nor who built the candidate. Exit code 3 otherwise.
    """
    from roadworthy.flows.releasing.waiving import accept_by_waiver
    from roadworthy.release import APPROVERS

    system, loop, by = _opened(directory, acting, APPROVERS, candidate)
    path, entry = accept_by_waiver(
        system, loop, by, finding=finding, reason=reason, until=until, author=author
    )
    if json:
        emit({"finding": finding, "waiver": str(path), "entry": entry.seq, "by": by.name})
        return
    say(f"finding {finding} is accepted by {by.name} until {until}: {path}")


@app.command("list")
def list_findings(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder.")] = Path(),
    *,
    candidate: CandidateFile = "candidate.yaml",
    json: Json = False,
) -> None:
    """Every finding of the system and how it stands on the candidate's newest run."""
    import msgspec

    from roadworthy.flows.entries.run_records import newest_run, rows_of
    from roadworthy.flows.findings.findings import findings_seen
    from roadworthy.flows.releasing.waiving import standing
    from roadworthy.manifests import load_system
    from roadworthy.release import pin
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    system = load_system(directory, candidate=candidate)
    loop = standing_loop(standing_workspace(directory))
    standings: tuple[Any, ...] = ()
    if loop is not None:
        content = pin(system)
        run = newest_run(loop, content.candidate_digest)
        rows = rows_of(loop, run)
        waivers = standing(system.waivers, content, loop, loop.trust)
        standings = findings_seen(loop, content, run, rows, waivers).standings
    if json:
        emit({"findings": [msgspec.to_builtins(each) for each in standings]})
        return
    if not standings:
        say("No finding.")
        return
    table(
        ("finding", "severity", "from", "what", "state", "said"),
        [
            (
                each.finding.id,
                each.finding.severity,
                each.finding.source,
                each.finding.summary,
                each.state,
                each.said,
            )
            for each in standings
        ],
    )


def _opened(
    directory: Path,
    acting: str | None,
    roles: tuple[PersonRole, ...],
    candidate: str = "candidate.yaml",
) -> tuple[Any, Any, Any]:
    """The system, its loop, and who acts."""
    from roadworthy.flows.workspace.people import Acting
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop

    from .acting import acting_person

    system = load_system(directory, candidate=candidate)
    loop = open_loop(directory, configured=system.deployment.workspace)
    name, signer, key = acting_person(loop.workspace, acting, roles=roles)
    return system, loop, Acting(name=name, signer=signer, key=key)
