"""`roadworthy rate results` and `export`: what people said, what it is worth, data for tuning."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from .terminal import emit, say, say_of, table, warn

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]
TaskName = Annotated[
    str, typer.Option("--task", metavar="DIGEST", help="Its beginning is enough; default: newest.")
]


def results(directory: Directory = Path(), *, task: TaskName = "", json: Json = False) -> None:
    """What people preferred, how far they agree, and what sways each of them, with intervals."""
    import msgspec

    from roadworthy.evaluation import judges, raters
    from roadworthy.flows.gate.rated import judge_beside

    loop, ballot = _ballot(directory, task)
    found = raters.overall(ballot)
    agreed = raters.agreement(ballot)
    worth = raters.worth_of(ballot)
    judge = judges.judge_worth(judge_beside(loop, ballot))
    if json:
        emit(
            {
                "task": ballot.digest,
                "name": ballot.task.name,
                "runs": list(ballot.task.runs),
                "raters": len(ballot.raters()),
                "qualifications": list(ballot.task.qualifications),
                "overall": msgspec.to_builtins(found),
                "agreement": msgspec.to_builtins(agreed),
                "judge": msgspec.to_builtins(judge),
                "by_rater": msgspec.to_builtins(worth),
            }
        )
        return
    what = "preferred over" if ballot.task.rubric is None else "rated"
    say(f"Task {ballot.digest[7:19]}, {ballot.task.name}: {f' {what} '.join(ballot.task.runs)}")
    if found is None:
        say("Nobody has rated it yet.")
        return
    say(f"human.{ballot.task.name}: {_said(found)} cases, {len(ballot.raters())} raters")
    say("The interval is about the cases, for these raters: others might say something else.")
    say(f"Agreement (Krippendorff's alpha, {agreed.scale}): {_alpha(agreed)}")
    _say_judge(judge)
    columns = ("rater", "rated", "skipped", "median s", "attention", "left", "longer", "severity")
    rows = [
        (
            each.rater,
            str(each.rated),
            str(each.skipped),
            "-" if each.seconds is None else f"{each.seconds:g}",
            *map(_said, (each.gold, each.left, each.longer, each.severity)),
        )
        for each in worth
    ]
    table(columns, rows, title="Raters (shares with 95 % interval and n)")


def export(
    directory: Directory = Path(),
    *,
    form: Annotated[str, typer.Option("--form", help="dpo (pairs) or kto (single answers).")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The JSONL file to write.")],
    task: TaskName = "",
    json: Json = False,
) -> None:
    """Write preferences for tuning, where most raters agree, and enter which cases they used.

    A model that was tuned on these cases has seen them: as evidence they are spent.
    """
    from roadworthy.domain import UsageError
    from roadworthy.flows.gate.rated import export_preferences
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop

    if form not in ("dpo", "kto"):
        raise UsageError(f"there is no form {form!r}", fix="--form dpo or --form kto")
    kind: Literal["dpo", "kto"] = "dpo" if form == "dpo" else "kto"
    system = load_system(directory)
    loop = open_loop(directory, configured=system.deployment.workspace)
    done = export_preferences(loop, _ballot(directory, task)[1], kind, out)
    if json:
        emit({"out": str(out), "rows": done.rows, "cases": done.cases, "entry": done.entry})
        return
    say_of(out, f"{out}: {done.rows} rows of {done.cases} cases; entry {done.entry}")
    warn("A model tuned on these cases has seen them: they prove nothing of it any more.")


def _ballot(directory: Path, task: str) -> Any:
    from roadworthy.domain import UndecidedError
    from roadworthy.flows.gate.rated import ballot_of
    from roadworthy.flows.gate.rating import NO_TASK, find_task
    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import standing_loop

    from .acting import standing_workspace

    system = load_system(directory)
    loop = standing_loop(standing_workspace(directory))
    if loop is None:
        raise UndecidedError(NO_TASK, fix="roadworthy rate start DIR")
    name = system.charter.system
    return loop, ballot_of(loop, name, find_task(loop, name, task).digest)


def _say_judge(found: Any) -> None:
    """What the rubric's judge is worth beside these people, in words."""
    if found is None:
        return
    say(f"The judge beside them: agrees on {_said(found.agree)};")
    say(f"  one that always says the same would on {found.constant:.2f}.")
    kappa = "-" if found.kappa is None else f"{found.kappa:.2f}"
    say(f"  kappa {kappa}; of what people call good it does {_said(found.sensitivity)},")
    say(f"  of what they call bad {_said(found.specificity)}.")
    if not found.better_than_chance:
        say("  It is not proven better than chance: what it says proves nothing.")


def _alpha(agreed: Any) -> str:
    if agreed.alpha is None:
        return f"not measured: {agreed.reason}"
    bounds = f" ({agreed.low:.2f} to {agreed.high:.2f})" if agreed.low is not None else ""
    return f"{agreed.alpha:.2f}{bounds}, {agreed.items} items with at least two raters"


def _said(found: Any) -> str:
    if found is None:
        return "-"
    if found.low is None or found.high is None:
        return f"{found.value:.2f} (n={found.n})"
    return f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f}, n={found.n})"
