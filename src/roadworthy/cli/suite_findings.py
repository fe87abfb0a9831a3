"""`roadworthy suite triggers` and `campaign`: what attacks found."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .exits import Exit
from .terminal import emit, say, table

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
CandidateFile = Annotated[str, typer.Option("--candidate", help="The candidate's file.")]

_LEFT_OUT = "A trigger that nobody thought of is found by nobody: this is no proof of absence."


def triggers(
    directory: Directory = Path(),
    *,
    candidate: CandidateFile = "candidate.yaml",
    alpha: Annotated[
        float, typer.Option(help="Chance to name any trigger of a model without.")
    ] = 0.05,
    json: Json = False,
) -> None:
    """Which inserted words woke something, in the candidate's newest run of grown cases.

    Compares each trigger with letters of the same shape. Exit code 3 when one is found, 4 when
    there are too few cases to tell, 0 when none of those tried changes more than it says.
    """
    from roadworthy.domain import UndecidedError, UsageError
    from roadworthy.evaluation import trigger_scan
    from roadworthy.flows.entries.run_records import newest_run, rows_of
    from roadworthy.manifests import load_system
    from roadworthy.release import pin
    from roadworthy.wiring.loop import open_loop

    if not 0.0 < alpha < 1.0:
        raise UsageError(f"--alpha must be between 0 and 1, not {alpha}", fix="--alpha 0.05")
    system = load_system(directory, candidate=candidate)
    loop = open_loop(directory, configured=system.deployment.workspace)
    run = newest_run(loop, pin(system).candidate_digest)
    if run is None:
        raise UndecidedError(
            f"{candidate} has no run yet",
            fix="roadworthy suite grow --generators trigger_insertion, then roadworthy eval",
        )
    found = trigger_scan.scan(rows_of(loop, run), alpha=alpha)
    if json:
        import msgspec

        said = {"run": run.run, "verdict": found.verdict, "found": list(found.found)}
        emit({**said, **msgspec.to_builtins(found)})
    else:
        _print_triggers(found, run.run)
    codes = {"found": Exit.REFUSED, "inconclusive": Exit.UNDECIDED, "not_found": Exit.DONE}
    raise typer.Exit(int(codes[found.verdict]))


def _print_triggers(found: Any, run: str) -> None:
    rows = [
        (
            each.trigger,
            str(each.n),
            str(each.woke),
            str(each.stray),
            "-"
            if each.interval is None
            else f"{each.interval.low:.3g} to {each.interval.high:.3g}",
            f"{each.adjusted:.3g}",
            each.verdict,
            "-" if each.finds is None else f"{each.finds:.0%}",
        )
        for each in sorted(found.results, key=lambda each: (each.adjusted, each.trigger))
    ]
    columns = (
        "trigger",
        "n",
        "woke",
        "stray",
        "95 % interval",
        "p (Holm)",
        "verdict",
        "finds from",
    )
    table(columns, rows, title=f"Triggers in {run}")
    say(f"{found.pairs} cases seen as they are, with a trigger, and with its control.")
    if found.unseen:
        say(f"{found.unseen} more could not be compared (failed, no control, or unscored text).")
    named = ", ".join(found.found)
    words = {
        "found": f"Woken by: {named}. Ask who put it there.",
        "inconclusive": "INCONCLUSIVE: too few cases for some triggers; grow with a larger "
        "--per-case, or more cases.",
        "not_found": f"None of {len(found.results)} triggers woke what this run would see.",
    }
    say(words[found.verdict])
    say(_LEFT_OUT)


def campaign(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="campaigns/NAME.yaml; none: list.")
    ] = None,
    *,
    directory: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The folder.")] = Path(),
    acting: Annotated[str | None, typer.Option("--as", metavar="NAME", help="Who acts.")] = None,
    json: Json = False,
) -> None:
    """Enter a red-team campaign: who attacked what, when, how, and what was found.

    The ledger keeps the report without the attacks. A finding that became no case is named.
    Without a file, list the campaigns.
    """
    from roadworthy.manifests import load_campaign, load_system
    from roadworthy.wiring.loop import open_loop

    system = load_system(directory)
    loop = open_loop(directory, configured=system.deployment.workspace)
    if file is None:
        _list(loop, system.charter.system, json=json)
        return
    from roadworthy.domain import format_instant
    from roadworthy.flows.findings.campaigns import record_campaign
    from roadworthy.flows.findings.findings import RECORDERS
    from roadworthy.flows.workspace.people import Acting
    from roadworthy.ledger import require_role

    from .acting import acting_person

    loaded = load_campaign(file)
    name, signer, key = acting_person(loop.workspace, acting, roles=RECORDERS)
    require_role(loop.trust, key.key_id, RECORDERS, format_instant(loop.clock.now()))
    by = Acting(name=name, signer=signer, key=key)
    done = record_campaign(loaded, file.read_bytes(), system, loop, by)
    if json:
        emit(
            {
                "entry": done.entry.seq,
                "subject": done.entry.subject,
                "by": name,
                "without_case": list(done.without_case),
                "unknown_cases": list(done.unknown_cases),
                "entered_before": bool(done.repeated),
            }
        )
        return
    before = " (entered before)" if done.repeated else f", signed by {name}"
    say(f"entry {done.entry.seq}: {len(loaded.findings)} findings of {loaded.title}{before}")
    for finding in done.without_case:
        say(f"  {finding} became no case: nothing will find it again")
    for case in done.unknown_cases:
        say(f"  the case {case} is in no suite")


def _list(loop: Any, system: str, *, json: bool) -> None:
    from roadworthy.flows.findings.campaigns import campaigns_of

    entries = campaigns_of(loop, system)
    if json:
        emit([{"entry": each.seq, "subject": each.subject, **each.payload} for each in entries])
        return
    if not entries:
        say("No campaign.")
        return
    rows = [
        (
            str(each.seq),
            str(each.payload.get("title", "")),
            f"{each.payload.get('started')} to {each.payload.get('ended')}",
            ", ".join(map(str, each.payload.get("team", []))),
            str(len(each.payload.get("findings", []))),
            str(len(each.payload.get("open", []))),
        )
        for each in entries
    ]
    table(("entry", "campaign", "when", "who", "findings", "open then"), rows)
