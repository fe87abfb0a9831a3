"""`roadworthy eval`: ask the suites' cases through the real request path, and say what came out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from msgspec import structs

from roadworthy.domain import (
    Detector,
    Model,
    Provider,
    ReleaseContent,
    System,
    Usage,
    UsageError,
)
from roadworthy.evaluation import Limits, Progress
from roadworthy.flows.request.service import Service
from roadworthy.flows.runs.evaluating import Asked, Evaluated, EvaluatingDeps, evaluate
from roadworthy.flows.workspace.loop import Loop

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
    patience: Annotated[
        float | None,
        typer.Option(help="Wait so many seconds in all for rate limits; default 600.", min=0),
    ] = None,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Pay for every answer, also for known ones.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Run the suites through the real request path: rails, prompt, model, rails, decision.

    The bar (objectives, suites, candidate) is in the ledger before the first question. The same
    command goes on with a run that was cut off and repeats no paid call; a complete run is
    printed again. A rate limit of the upstream is waited for, by all questions together; a refused
    credential, and a limit beyond --patience, stop the run (exit code 2). Exit code 0 when the run
    is complete, however good it is; 2 when more than 1 % of the questions failed.
    """
    asked = Asked(
        suites=tuple(suite),
        repeats=repeats,
        seed=seed,
        limit=limit,
        fresh=fresh,
        cache=not no_cache,
        limits=Limits(concurrency=concurrency or 0, budget=amount(budget), patience_s=patience),
    )
    with standard_output_aside():
        evaluated = _evaluate(directory, candidate, asked)
    if json:
        from .terminal import emit

        emit(_as_json(evaluated))
    else:
        from .evaluate_results import show
        from .terminal import same_system

        show(evaluated, same_system(directory, candidate))
    raise typer.Exit(int(Exit.DONE if evaluated.summary.status == "complete" else Exit.RUNTIME))


def amount(text: str) -> Decimal | None:
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
    patience_s = suited.limits.patience_s
    return asking(system, loop, lambda deps: evaluate(system, suited, deps), patience_s=patience_s)


def asking(
    system: System,
    loop: Loop,
    work: Callable[[EvaluatingDeps], Coroutine[Any, Any, Done]],
    *,
    patience_s: float | None = None,
) -> Done:
    """Do what asks a system's model, with progress on standard error."""
    import uvloop

    from roadworthy.wiring.clock import new_id
    from roadworthy.wiring.host import own_meter
    from roadworthy.wiring.service import build_service

    def service(content: ReleaseContent, wrap: Callable[[Provider], Provider]) -> Service:
        return build_service(
            content,
            content.candidate_digest,
            deployment=system.deployment,
            clock=loop.clock,
            root=system.root,
            # around the cache, so that no pause is in an answer's latency
            wrap=lambda provider: patient(wrap(provider)),
        )

    def detector(name: str, options: dict[str, Any]) -> Detector:
        from roadworthy.detectors import make_detector, with_prompt

        return make_detector(name, options, with_prompt(system.assets, system.prompt))

    def paid(usage: Usage, name: str, at: str) -> tuple[str, str] | None:
        from roadworthy.providers import price

        return price(usage, name, at, system.deployment.prices)

    with ExitStack() as stack:
        line = _Line(stack)
        patient = _patience(loop, patience_s, line.pausing)
        deps = EvaluatingDeps(
            loop=loop,
            new_id=new_id,
            service=service,
            detector_factory=detector,
            provider=_models(system, loop, patient, embed=False),
            embedder=_models(system, loop, patient, embed=True),
            price=paid,
            on_progress=line.show,
            meter=lambda: own_meter(system.deployment.energy, loop.workspace, loop.clock),
        )
        return uvloop.run(work(deps))


class _Line:
    """The progress line; there from the first answer on."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._bar: Callable[[int, str], None] | None = None
        self._done = 0

    def show(self, now: Progress) -> None:
        """Show how far the run is."""
        from .terminal import progress

        if self._bar is None:
            self._bar = self._stack.enter_context(progress(now.total, "Asking"))
        self._done = now.done
        self._bar(now.done, _note(now))

    def pausing(self, said: str) -> None:
        """Say that all wait: on the line, or as a line of its own in a log."""
        from .terminal import warn

        if self._bar is not None and sys.stderr.isatty():
            self._bar(self._done, said)
        else:
            warn(f"Asking: {said}")


def _patience(
    loop: Loop, total_s: float | None, pausing: Callable[[str], None]
) -> Callable[[Provider], Provider]:
    """What puts the patience of one run around each of its models."""
    from roadworthy.providers import PATIENCE_S, Patience, Patient

    shared = Patience(
        loop.clock, total_s=PATIENCE_S if total_s is None else total_s, on_pause=pausing
    )
    return lambda provider: Patient(provider, shared)


def _models(
    system: System, loop: Loop, patient: Callable[[Provider], Provider], *, embed: bool
) -> Callable[[Model], Provider]:
    """What makes the models beside the candidate's; with `embed` those that make vectors."""

    def make(model: Model) -> Provider:
        from roadworthy.providers import make_embedder, make_provider

        made = (make_embedder if embed else make_provider)(
            model, deployment=system.deployment, root=system.root, assets=system.assets,
            clock=loop.clock,
        )  # fmt: skip
        return patient(made)

    return make


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
    from .evaluate_results import numbers

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
        "indicators": [numbers(each) for each in summary.indicators],
        "suites": summary.suites,
        "flaky": list(summary.flaky),
        "flaky_cases": [structs.asdict(each) for each in summary.flaky_cases],
        "stopped_early": [structs.asdict(each) for each in summary.stopped_early],
        "looks": summary.looks,
        "cost": summary.cost,
        "spent": [structs.asdict(each) for each in summary.spent],
        "not_checked": [structs.asdict(each) for each in summary.unchecked],
        "observations": summary.observations,
        "summary": evaluated.digest,
        "run_file": str(evaluated.run_file),
    }
