"""`roadworthy gate`: may this candidate ship, and if not, why not and where to go back to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from msgspec import structs

from roadworthy.domain import GateDecision, Verdict

from .exits import exit_of_verdict
from .terminal import emit, printable, same_system, say, table

_COLOURS = {"PASS": "green", "FAIL": "red", "ERROR": "red", "INCONCLUSIVE": "yellow"}


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML here.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write Markdown here.")] = None,
) -> None:
    """Judge the candidate's newest run against safety-slos.yaml and record the decision.

    Exit code 0 PASS, 3 FAIL, 4 INCONCLUSIVE, 2 ERROR. Only PASS opens; no data never does.
    """
    from roadworthy.flows.release_loop import gate
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop

    require_outputs(markdown, junit)
    system = load_system(directory, candidate=candidate)
    loop = open_loop(directory, configured=system.deployment.workspace)
    decision = gate(system, loop)
    write_outputs(decision, markdown, junit)
    if json:
        emit(as_json(decision))
    else:
        show(decision, system.candidate.name, same_system(directory, candidate))
    raise typer.Exit(int(exit_of_verdict(decision.decision)))


def require_outputs(markdown: Path | None, junit: Path | None) -> None:
    """Before anything is judged: what would be written over must be a decision. UsageError."""
    from roadworthy.flows.workspace.own_files import is_gate_junit, is_gate_markdown, require_own

    if markdown is not None:
        require_own(markdown, is_gate_markdown, kind="decision as Markdown", streams=True)
    if junit is not None:
        require_own(junit, is_gate_junit, kind="decision as JUnit XML", streams=True)


def write_outputs(decision: GateDecision, markdown: Path | None, junit: Path | None) -> None:
    """The decision for a pull request and for a CI. Raises EvidenceError."""
    from roadworthy.flows.workspace.own_files import write_own
    from roadworthy.policy import to_junit, to_markdown

    if junit is not None:
        write_own(junit, to_junit(decision).encode())
    if markdown is not None:
        write_own(markdown, to_markdown(decision).encode())


def as_json(decision: GateDecision) -> dict[str, object]:
    """The stable contract for scripts."""
    from msgspec import to_builtins

    from roadworthy.flows.releasing.approved_models import as_evidence

    return {
        "decision": str(decision.decision),
        "system": decision.system,
        "candidate": decision.candidate,
        "run": decision.run,
        "runs": decision.runs,
        "looks": decision.looks,
        "quarantined": [structs.asdict(each) for each in decision.quarantined],
        "slos": [
            {
                "name": item.name,
                "target": item.target,
                "estimate": item.estimate,
                "low": item.low,
                "high": item.high,
                "n": item.n,
                "rows": item.rows,
                "coverage": item.coverage,
                "evidence": item.evidence,
                "baseline": item.baseline,
                "difference": item.difference,
                "verdict": str(item.verdict),
                "waived_by": item.waived_by,
                "reason": item.reason,
                "phase": item.phase,
            }
            for item in decision.slos
        ],
        "deliberation": {"digest": decision.deliberation, "decision": decision.deliberated},
        "waivers": [to_builtins(use) for use in decision.waivers],
        "models": as_evidence(decision.models).get("models"),
        "reasons": list(decision.reasons),
        "notes": list(decision.notes),
        "next": decision.next_step,
    }


def show(decision: GateDecision, name: str, same: str) -> None:
    """The table, the decision, why, and what comes next, for people."""
    from roadworthy.policy import (
        asked,
        estimate,
        headline,
        interval,
        level,
        shown,
        unit,
        verdict,
        waived,
    )

    table(
        ("SLO", "target", "estimate", f"{level(decision)} interval", "n", "baseline", "verdict"),
        [
            (
                item.name,
                item.target,
                estimate(item),
                interval(item),
                asked(item),
                shown(item.baseline, unit(item)),
                verdict(item),
            )
            for item in decision.slos
        ],
        title=f"Gate of {name} ({decision.candidate[:19]}…), run {decision.run or 'none'}; "
        "intervals are two-sided",
    )
    for item in decision.slos:
        if item.verdict is Verdict.PASS and item.reason.startswith("0 violations"):
            say(printable(f"  {item.name}: {item.reason}"))
    say(f"Decision: {headline(decision)}", _COLOURS[str(decision.decision)])
    for use in decision.waivers:
        say(printable(f"  {waived(use)}"))
    for reason in decision.reasons:
        say(printable(f"  - {reason}"))
    for note in decision.notes:
        say(printable(f"  note: {note}"))
    # the decision is evidence and names no folder; what is typed next does
    step = decision.next_step
    for verb in ("eval", "release build", "deliberate", "gate"):
        step = step.replace(f"roadworthy {verb}", f"roadworthy {verb}{same}")
    say(f"Next: {step}")
