"""`roadworthy waiver`: a person signs that a named failure may pass until a date."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from roadworthy.domain import UsageError, Waiver

from .exits import Exit
from .folders import Named, Trailing, one_folder
from .terminal import emit, group, say, table

app = group("Sign waivers, and say which hold.")

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
CandidateFile = Annotated[str, typer.Option("--candidate", help="The candidate's file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command("sign")
def sign(
    waiver: Annotated[str, typer.Argument(metavar="ID", help="waivers/ID.yaml")],
    trailing: Trailing = None,
    *,
    named: Named = None,
    candidate: CandidateFile = "candidate.yaml",
    acting: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")] = None,
    json: Json = False,
) -> None:
    """Sign a waiver as it is written, with your own key. A changed word asks for you again.

    You are who it names under `approved_by`, not its author, and did not build the candidate.
    Exit code 3 when it could not hold (never events, expired), 4 while more people are needed.
    """
    from roadworthy.flows.releasing.waiving import sign_waiver
    from roadworthy.flows.workspace.people import Acting
    from roadworthy.manifests import load_system
    from roadworthy.release import APPROVERS, pin
    from roadworthy.wiring.loop import open_loop

    from .acting import acting_person

    directory = one_folder(trailing, named)
    system = load_system(directory, candidate=candidate)
    found = next((each for each in system.waivers if each.id == waiver), None)
    if found is None:
        known = ", ".join(each.id for each in system.waivers) or "none"
        raise UsageError(f"there is no waiver {waiver!r}", fix=f"waivers here: {known}")
    loop = open_loop(directory, configured=system.deployment.workspace)
    name, signer, key = acting_person(loop.workspace, acting, roles=APPROVERS)
    by = Acting(name=name, signer=signer, key=key)
    entry, held = sign_waiver(found, pin(system), loop, by)
    if json:
        emit(
            {
                "waiver": found.id,
                "digest": entry.subject,
                "entry": entry.seq,
                "holds": held.holds,
                "signed_by": list(held.signed_by),
                "refused": held.refused,
            }
        )
    else:
        until = f"it holds until {found.until}" if held.holds else f"not yet: {held.refused}"
        say(f"waiver {found.id} is signed by {', '.join(held.signed_by)} (entry {entry.seq}); "
            f"{until}")  # fmt: skip
    if not held.holds:
        raise typer.Exit(int(Exit.UNDECIDED))


@app.command("list")
def list_waivers(
    directory: Folder = Path(), *, candidate: CandidateFile = "candidate.yaml", json: Json = False
) -> None:
    """Every waiver of the system: what it accepts, until when, whether it holds and why not."""
    from roadworthy.flows.releasing.waiving import standing
    from roadworthy.manifests import load_system
    from roadworthy.release import pin
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    system = load_system(directory, candidate=candidate)
    loop = standing_loop(standing_workspace(directory))
    found = standing(system.waivers, pin(system), loop, loop.trust) if loop is not None else []
    if json:
        emit(
            {
                "waivers": [
                    {
                        "id": each.waiver.id,
                        "slo": each.waiver.slo,
                        "slice": each.waiver.slice,
                        "cases": each.waiver.cases,
                        "findings": each.waiver.findings,
                        "until": each.waiver.until,
                        "author": each.waiver.author,
                        "signed_by": list(each.signed_by),
                        "holds": each.holds,
                        "refused": each.refused,
                    }
                    for each in found
                ]
            }
        )
        return
    if not found:
        say("No waiver." if not system.waivers else "Nobody signed anything here yet.")
        return
    table(
        ("waiver", "accepts", "until", "signed by", "holds"),
        [
            (
                each.waiver.id,
                _accepts(each.waiver),
                each.waiver.until,
                ", ".join(each.signed_by) or "-",
                "yes" if each.holds else f"no: {each.refused}",
            )
            for each in found
        ],
    )


def _accepts(waiver: Waiver) -> str:
    slo = f"{waiver.slo}{{{waiver.slice}}}" if waiver.slice else waiver.slo
    named = [f"case {case}" for case in waiver.cases]
    named += [f"finding {each}" for each in waiver.findings]
    return ", ".join([slo, *named] if slo else named)
