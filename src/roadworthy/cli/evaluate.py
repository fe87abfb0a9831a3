"""`roadworthy eval`: ask the suites' cases through the real request path, and say what came out."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from msgspec import structs

from roadworthy.domain import (
    Detector,
    Measurement,
    Model,
    Provider,
    ReleaseContent,
    RunSummary,
    System,
    Unchecked,
    UsageError,
)
from roadworthy.evaluation import Limits, Progress
from roadworthy.flows.evaluating import Asked, Evaluated, EvaluatingDeps, evaluate
from roadworthy.flows.loop import Loop
from roadworthy.flows.service import Service

from .aside import standard_output_aside
from .exits import Exit

Done = TypeVar("Done")

_AT_A_TIME_LOCAL = 2
"""A local model answers one call at a time; one more is prepared meanwhile."""

_COLLECT_AFTER = 50_000
"""New objects between two collections (Python's own default is 700)."""


def command(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    suite: Annotated[list[str], typer.Option(help="A suite to run; none: all.")] = [],  # noqa: B006
    candidate: Annotated[str, typer.Option(help="The candidate's file.")] = "candidate.yaml",
    repeats: Annotated[
        int | None, typer.Option(help="Ask every case so often; default: as the cases say.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Another seed, other samples.")] = 0,
    concurrency: Annotated[
        int | None, typer.Option(help="Questions at a time; default 16, of a local model 2.", min=1)
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Only the first so many cases.")] = None,
    budget: Annotated[str, typer.Option(help="Stop once this much is paid, e.g. 2.50.")] = "",
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start another attempt; else the newest goes on.")
    ] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Pay for every answer, also for known ones.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Run the suites through the real request path: rails, prompt, model, rails, decision.

    The bar (objectives, suites, candidate) is in the ledger before the first question. The same
    command goes on with a run that was cut off and repeats no paid call; a complete run is
    printed again. Exit code 0 when the run is complete, however good it is; 2 when more than
    1 % of the questions failed.
    """
    asked = Asked(
        suites=tuple(suite),
        repeats=repeats,
        seed=seed,
        limit=limit,
        fresh=fresh,
        cache=not no_cache,
        limits=Limits(concurrency=concurrency or 0, budget=_amount(budget)),
    )
    with standard_output_aside():
        evaluated = _evaluate(directory, candidate, asked)
    if json:
        from .terminal import emit

        emit(_as_json(evaluated))
    else:
        from .terminal import same_system

        _print(evaluated, same_system(directory, candidate))
    raise typer.Exit(int(Exit.DONE if evaluated.summary.status == "complete" else Exit.RUNTIME))


def _amount(text: str) -> Decimal | None:
    """The budget as a decimal; None without one. Raises UsageError."""
    if not text:
        return None
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(0)
    if not amount.is_finite() or amount <= 0:
        raise UsageError(f"--budget must be an amount above 0, not {text!r}", fix="--budget 2.50")
    return amount


def paced(asked: Asked, model: Model) -> Asked:
    """What is asked, with the concurrency that suits the model where none was given."""
    import os

    from .terms import show_terms

    show_terms(model)
    # An evaluation has the machine to itself; a gateway shares it with its callers.
    os.environ.setdefault("ROADWORTHY_LOCAL_THREADS", str(os.cpu_count() or 1))
    if asked.limits.concurrency:
        return asked
    suited = _AT_A_TIME_LOCAL if model.provider == "local" else 16
    return structs.replace(asked, limits=structs.replace(asked.limits, concurrency=suited))


def _evaluate(directory: Path, candidate: str, asked: Asked) -> Evaluated:
    """Load the system, open its workspace, run."""
    import gc

    from roadworthy.manifests import load_system
    from roadworthy.wiring.loop import open_loop

    # Cases and rows live until the process ends; walking them again and again to look for
    # cycles is a fifth of the time of a run of 20,000.
    gc.set_threshold(_COLLECT_AFTER, 20, 20)
    system = load_system(directory, candidate=candidate)
    gc.freeze()
    return run_system(system, open_loop(directory, configured=system.deployment.workspace), asked)


def run_system(system: System, loop: Loop, asked: Asked) -> Evaluated:
    """Run a loaded system's suites, with progress on standard error."""
    suited = paced(asked, system.candidate.model)
    return asking(system, loop, lambda deps: evaluate(system, suited, deps))


def asking(
    system: System, loop: Loop, work: Callable[[EvaluatingDeps], Coroutine[Any, Any, Done]]
) -> Done:
    """Do what asks a system's model, with progress on standard error."""
    import uvloop

    from roadworthy.wiring.clock import new_id
    from roadworthy.wiring.service import build_service

    from .terminal import Progress as Bar
    from .terminal import progress

    def service(content: ReleaseContent, wrap: Callable[[Provider], Provider]) -> Service:
        return build_service(
            content,
            content.candidate_digest,
            deployment=system.deployment,
            clock=loop.clock,
            root=system.root,
            wrap=wrap,
        )

    def detector(name: str, options: dict[str, Any]) -> Detector:
        from roadworthy.detectors import make_detector

        return make_detector(name, options, system.assets)

    def provider(model: Model) -> Provider:
        from roadworthy.providers import make_provider

        return make_provider(
            model, deployment=system.deployment, root=system.root, assets=system.assets,
            clock=loop.clock,
        )  # fmt: skip

    with ExitStack() as stack:
        shown: list[Bar] = []

        def show(now: Progress) -> None:
            if not shown:
                shown.append(stack.enter_context(progress(now.total, "Asking")))
            shown[0](now.done, _note(now))

        deps = EvaluatingDeps(
            loop=loop,
            new_id=new_id,
            service=service,
            detector_factory=detector,
            provider=provider,
            on_progress=show,
        )
        return uvloop.run(work(deps))


def _note(now: Progress) -> str:
    """What a progress line says beside the count: paid so far, from the cache, failed."""
    parts = [f"{amount:.4f} {currency}" for currency, amount in now.spent.items()]
    if now.found:
        parts.append(f"{now.found} from the cache")
    if now.errors:
        parts.append(f"{now.errors} failed")
    return ", ".join(parts)


def _as_json(evaluated: Evaluated) -> dict[str, Any]:
    """The stable contract for scripts."""
    summary = evaluated.summary
    return {
        "run": summary.run,
        "status": summary.status,
        "system": summary.system,
        "candidate": summary.candidate,
        "bar": summary.bar,
        "n": summary.n,
        "cases": evaluated.cases,
        "repeats": evaluated.repeats or None,
        "errors": summary.errors,
        "cache_distrusted": evaluated.distrusted,
        "stopped": evaluated.stopped,
        "faults": evaluated.faults,
        "indicators": [
            {
                "name": each.name,
                "value": each.value,
                "low": each.low,
                "high": each.high,
                "n": each.n,
            }
            for each in summary.indicators
        ],
        "suites": summary.suites,
        "flaky": list(summary.flaky),
        "flaky_cases": [structs.asdict(each) for each in summary.flaky_cases],
        "stopped_early": [structs.asdict(each) for each in summary.stopped_early],
        "looks": summary.looks,
        "cost": summary.cost,
        "not_checked": [structs.asdict(each) for each in summary.unchecked],
        "observations": summary.observations,
        "summary": evaluated.digest,
        "run_file": str(evaluated.run_file),
    }


def _print(evaluated: Evaluated, same: str) -> None:
    from .terminal import say, table, warn

    summary = evaluated.summary
    again = ", already complete" if evaluated.reprinted else ""
    table(
        ("indicator", "value", f"{_level(summary)} interval", "n"),
        [
            (each.name, _number(each.value), _interval(each), _asked(each))
            for each in summary.indicators
            if each.name not in _SAME_AS_ACCURACY
        ],
        title=f"{summary.run}: {summary.candidate_name} of {summary.system}{again}",
    )
    _print_slices(summary)
    for one in summary.unchecked:
        warn(_unchecked(one))
    say(f"Candidate: {summary.candidate}")
    counts = ", ".join(f"{name} {count}" for name, count in summary.suites.items())
    often = f", each asked {evaluated.repeats} times" if evaluated.repeats > 1 else ""
    say(f"Rows: {summary.n} ({counts}) of {evaluated.cases} cases{often}; {summary.errors} failed.")
    if evaluated.progress is not None and evaluated.progress.found:
        say(f"{evaluated.progress.found} answers came from the cache and cost nothing again.")
    if evaluated.distrusted:
        warn(
            f"{evaluated.distrusted} answers in the cache were not written by this workspace with"
            " its present key, or were changed; asked again"
        )
    if summary.cost is not None:
        say(f"Cost of the answers when they were paid for: {summary.cost}.")
    _print_repeats(summary)
    say(f"Rows and answers: {evaluated.run_file}")
    for fault, count in evaluated.faults.items():
        warn(f"{count} x {fault}")
    if summary.status == "complete":
        say(f"Next: roadworthy gate{same}")
        return
    warn(f"Not complete: {evaluated.stopped or 'too many questions failed'}.")
    warn("Next: the same command goes on with what is missing.")


def _print_repeats(summary: RunSummary) -> None:
    """Cases that cannot make up their mind, and suites that ended early."""
    from .terminal import say, table

    for ended in summary.stopped_early:
        say(
            f"Suite {ended.suite} stopped early: {ended.rule} after {ended.asked} of {ended.of} "
            f"cases; intervals pay for {summary.looks} looks."
        )
    if not summary.flaky_cases:
        return
    table(
        ("flaky case", "passed", "quarantine"),
        [
            (
                f"{each.suite}/{each.case}",
                f"{each.passed} of {each.asked}",
                f"{each.owner}, until {each.until}" if each.owner else "-",
            )
            for each in summary.flaky_cases[:_FLAKY_SHOWN]
        ],
        title=f"{len(summary.flaky_cases)} flaky: some repeats passed, some did not",
    )
    left = len(summary.flaky_cases) - _FLAKY_SHOWN
    if left > 0:
        say(f"{left} more flaky cases are in the run's summary ({summary.run}.summary.json).")


_FLAKY_SHOWN = 20


def _unchecked(one: Unchecked) -> str:
    """What nobody looked at, in one line."""
    if one.blocked:
        count = _answers(one.blocked)
        return f"{count} blocked because `{one.rail}` could not look: {one.reason}."
    return f"`{one.rail}` was not checked in {one.rows} rows: {one.reason}."


def _answers(count: int) -> str:
    return "1 answer was" if count == 1 else f"{count} answers were"


_SAME_AS_ACCURACY = frozenset({"precision_micro", "recall_micro", "f1_micro"})
"""Equal to accuracy where every case has one label and one decision; JSON has them."""

_SLICE_ROWS = 10
"""Slices with fewer rows are left out of the table: their intervals say next to nothing."""

_SLICES_SHOWN = 8


def _print_slices(summary: RunSummary) -> None:
    """Where the first indicator that has slices does worst."""
    from .terminal import say, table

    each = next((each for each in summary.indicators if each.slices), None)
    if each is None:
        return
    every = list(each.slices.items())
    large = [item for item in every if item[1].n >= _SLICE_ROWS] or every
    large.sort(key=lambda item: item[1].value or 0.0, reverse=not each.higher_is_better)
    table(
        (f"{each.name}, worst slices", "value", "95 % interval", "n"),
        [
            (name, _number(part.value), _interval(part), _asked(part))
            for name, part in large[:_SLICES_SHOWN]
        ],
    )
    left = len(each.slices) - min(len(large), _SLICES_SHOWN)
    if left:
        say(f"{left} more slices are in the run's summary ({summary.run}.summary.json).")


def _level(summary: RunSummary) -> str:
    from roadworthy.policy import confidence_of, percent

    return percent(confidence_of(1, summary.looks))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _asked(each: Measurement) -> str:
    """How many cases, and how many answers where they were asked more than once."""
    return f"{each.n} ({each.rows} answers)" if each.rows > each.n else str(each.n)


def _interval(each: Measurement) -> str:
    if each.doubt:
        return each.doubt.partition(":")[0]
    if each.low is None or each.high is None:
        return "-"
    return f"{_number(each.low)} to {_number(each.high)}"
