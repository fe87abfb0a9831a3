"""Evaluate: ask every case of the suites, through the request path, and say what came out.

    evaluate    1 pin what would run
                2 the bar into the ledger, before the first call
                3 run through the request path, each violation into the ledger before its row
                4 summary with indicators, whole or not at all
                5 the run into the ledger

Enters: a checked system. Leaves: a summary, its run file and two entries. The same command goes
on with a run that was cut off, and returns a complete one without asking anything. What never
happens: a row or an answer counts that this workspace did not write, or a complete run is
entered a second time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Draft,
    Measurement,
    Model,
    Observation,
    Provider,
    ReleaseContent,
    RunSummary,
    StopWhen,
    System,
    format_instant,
    settle_types,
    timeless,
)
from roadworthy.evaluation import (
    DetectorFactory,
    Limits,
    MeteredTarget,
    Plan,
    Progress,
    RunFile,
    RunRows,
    Scoring,
    Seal,
    cost_of,
    flaky_cases,
    latest_attempt,
    plan,
    run,
    spendings,
)
from roadworthy.monitoring import Against, measure, measure_all, unchecked
from roadworthy.policy import confidence_of
from roadworthy.release import pin

from ..entries.run_begun import fix_bar, record_violations, require_rows
from ..entries.run_records import (
    completion,
    require_run_file,
    run_path,
    summary_of,
    summary_path,
    write_summary,
)
from ..late.references import against_reference
from ..request.service import Service
from ..workspace.loop import Loop
from .case_target import PathTarget
from .embedders import Embedders, embedders_of
from .host_readings import Meter, beside_readings
from .judges import Judges, open_judges
from .players import Players, players_of
from .run_model import Price, RunModel
from .session_steps import SteppedTarget

_RUN_LINES = "roadworthy/run-lines/v1"
"""What the machine's key is asked for."""

ALLOWED_ERROR_SHARE = 0.01
"""A run with more errors than this is `partial`: too much was not answered to judge the rest."""


class Asked(Struct, frozen=True, kw_only=True):
    """What a person asks of an evaluation."""

    suites: tuple[str, ...] = ()
    """Names; none means all."""
    repeats: int | None = None
    seed: int = 0
    limit: int | None = None
    fresh: bool = False
    """Another attempt instead of going on with the newest."""
    cache: bool = True
    limits: Limits = Limits()


class EvaluatingDeps(Struct, frozen=True, kw_only=True):
    """What `evaluate` needs beside the system."""

    loop: Loop
    new_id: Callable[[], str]
    service: Callable[[ReleaseContent, Callable[[Provider], Provider]], Service]
    """Builds the service of a content, with a wrapper around its provider."""
    detector_factory: DetectorFactory | None = None
    provider: Callable[[Model], Provider] | None = None
    """Makes what plays a suite's simulated users, and its judges."""
    embedder: Callable[[Model], Provider] | None = None
    """Makes what turns texts into vectors."""
    price: Price | None = None
    """What a call of a judge or simulated user cost; the service knows the candidate's."""
    on_progress: Callable[[Progress], None] | None = None
    meter: Callable[[], Meter] | None = None
    """What reads this process on this machine; None: nobody does."""


class Evaluated(Struct, frozen=True, kw_only=True):
    """A summary and where it comes from. Holds no rows and no plan: those can be large."""

    summary: RunSummary
    run_file: Path
    digest: str
    """Of the summary, as the ledger names it."""
    stopped: str = ""
    """Why the run stopped early; empty when it did not."""
    faults: dict[str, int] = {}
    """The commonest reasons why questions failed -> how many."""
    repeats: int = 0
    """How often every case was asked; 0: as often as it or its suite says."""
    cases: int = 0
    """How many cases the rows belong to."""
    distrusted: int = 0
    """Answers in the cache that this workspace did not write, or that were changed."""
    reprinted: bool = False
    """True when the run was complete already."""
    progress: Progress | None = None


async def evaluate(system: System, asked: Asked, deps: EvaluatingDeps) -> Evaluated:
    """Run the suites against the system's candidate.

    Raises UsageError on an impossible request, EvidenceError when rows, answers or entries
    cannot be kept, and what building the service raises. A model that fails is no error here:
    its rows are.
    """
    # 1 pin what would run
    content = pin(system)
    planned = _planned(system, content, asked, deps)
    done = _complete(planned, deps)
    if done is not None:
        return done
    model = RunModel(content, deps.loop, cache=asked.cache, seed=asked.seed, price=deps.price)
    service = deps.service(content, model.wrap)
    players, judges, embedders = Players(), Judges(), Embedders()
    try:
        players = players_of(system, planned, model, deps.provider)
        embedders = embedders_of(system, planned, model, deps.embedder)
        scoring = Scoring(planned, deps.detector_factory)
        require_rows(planned, deps.loop)
        settle_types()  # rows are scored on threads
        with RunFile(
            run_path(deps.loop.workspace, planned.run),
            planned,
            seal=seal_of(deps.loop),
            started_at=format_instant(deps.loop.clock.now()),
            flush_rows=None if asked.cache else 1,
            on_violations=partial(record_violations, planned, deps.loop),
        ) as runfile:
            done = _complete(planned, deps)
            if done is not None:  # another process finished it meanwhile
                return done
            # 2 the bar into the ledger, before the first call
            fix_bar(planned, content, deps.loop)
            # 3 run through the request path
            judges = await open_judges(system, planned, model, deps.loop, deps.provider)
            path = PathTarget(
                service, deps.loop.clock, deps.new_id, players=players, never=judges.never
            )
            asks = judges.behind(embedders.behind(SteppedTarget(path, planned), planned), planned)
            found = await run(
                planned,
                beside_readings(MeteredTarget(asks), content.slos.slos, deps.meter),
                runfile=runfile,
                scoring=scoring,
                limits=asked.limits,
                on_progress=deps.on_progress,
                enough=narrow_enough,
            )
            # 4 summary, 5 entry
            return _entered(planned, system, found, runfile, model, deps)
    finally:
        await judges.aclose()
        await embedders.aclose()
        await players.aclose()
        await service.aclose()


def _entered(
    planned: Plan,
    system: System,
    found: RunRows,
    runfile: RunFile,
    model: RunModel,
    deps: EvaluatingDeps,
) -> Evaluated:
    """4 summary with indicators, whole or not at all; 5 the run into the ledger."""
    summary = _summary(
        planned,
        system,
        found,
        against_reference(model.content),
        runfile.sync(),
        (runfile.header.started_at, format_instant(deps.loop.clock.now())),
    )
    digest = deps.loop.blobs.put_json(timeless(summary))
    write_summary(deps.loop.workspace, summary)
    deps.loop.ledger.record(_completed(planned, summary, digest, deps.loop.machine))
    return Evaluated(
        summary=summary,
        run_file=runfile.path,
        digest=digest,
        stopped=found.stopped,
        faults=dict(Counter(row.error for row in found.rows if row.error).most_common(3)),
        distrusted=model.distrusted,
        progress=found.progress,
        repeats=planned.bar.repeats,
        cases=_cases(planned),
    )


def _cases(planned: Plan) -> int:
    """How many cases were planned, however often each is asked."""
    return len({(item.suite, item.case.id) for item in planned.items})


def seal_of(loop: Loop) -> Seal:
    """What this workspace seals the lines of its run files with."""
    machine = loop.keyring.machine()
    return Seal(machine.key_id, machine.derived_secret(_RUN_LINES))


def _planned(system: System, content: ReleaseContent, asked: Asked, deps: EvaluatingDeps) -> Plan:
    first = plan(
        system,
        content,
        suites=asked.suites,
        repeats=asked.repeats,
        seed=asked.seed,
        limit=asked.limit,
    )
    begun = {
        str(entry.payload.get("run", ""))
        for entry in deps.loop.ledger.entries(
            kind="bar.fixed", subject=content.candidate_digest, system=content.system
        )
    }
    return latest_attempt(
        first,
        lambda run_id: run_id in begun or run_path(deps.loop.workspace, run_id).exists(),
        fresh=asked.fresh,
    )


def _complete(planned: Plan, deps: EvaluatingDeps) -> Evaluated | None:
    """The run as the ledger has it, when it is complete; it is never entered again.

    A lost copy of its summary is written again. Raises VerificationError when its summary or its
    rows are gone, or are not those that were recorded.
    """
    entry = completion(deps.loop, planned.bar.candidate, planned.run)
    if entry is None or entry.payload.get("status") != "complete":
        return None
    summary = summary_of(deps.loop, entry)
    require_run_file(deps.loop, summary)
    if not summary_path(deps.loop.workspace, planned.run).exists():
        write_summary(deps.loop.workspace, summary)
    return Evaluated(
        summary=summary,
        run_file=run_path(deps.loop.workspace, planned.run),
        digest=str(entry.payload["summary"]),
        reprinted=True,
        repeats=planned.bar.repeats,
        cases=_cases(planned),
    )


def _summary(
    planned: Plan,
    system: System,
    found: RunRows,
    reference: Against | None,
    file: str,
    times: tuple[str, str],
) -> RunSummary:
    errors = found.errors
    total = len(planned.items)
    whole = found.missing == 0 and errors <= total * ALLOWED_ERROR_SHARE
    flaky = flaky_cases(found.rows, system.quarantine)
    return RunSummary(
        run=planned.run,
        system=planned.bar.system,
        candidate=planned.bar.candidate,
        candidate_name=system.candidate.name,
        bar=planned.bar_digest,
        status="complete" if whole else "partial",
        n=len(found.rows),
        errors=errors,
        indicators=_indicators(found, reference),
        observations=found.digest,
        file=file,
        started_at=times[0],
        ended_at=times[1],
        cost=cost_of(found.rows),
        flaky=tuple(sorted({each.case for each in flaky})),
        suites=planned.counts,
        unchecked=unchecked(found.rows),
        flaky_cases=flaky,
        looks=found.looks,
        stopped_early=found.stopped_early,
        spent=spendings(found.rows),
    )


def _indicators(found: RunRows, reference: Against | None) -> tuple[Measurement, ...]:
    if not found.rows:
        return ()
    level = confidence_of(1, found.looks)
    return tuple(measure_all(found.rows, confidence=level, against=reference))


def narrow_enough(rule: StopWhen, rows: list[Observation], looks: int) -> bool:
    """Whether the rule's interval is narrow enough, at a confidence that pays for all looks."""
    found = measure(rule.metric, rows, confidence=confidence_of(1, looks))
    if found.low is None or found.high is None:
        return False
    return found.high - found.low <= rule.width


def _completed(planned: Plan, summary: RunSummary, digest: str, actor: str) -> Draft:
    return Draft(
        system=summary.system,
        kind="run.completed",
        subject=summary.candidate,
        actor=actor,
        payload={
            "run": summary.run,
            "bar": planned.bar_digest,
            "status": summary.status,
            "n": summary.n,
            "errors": summary.errors,
            "observations": summary.observations,
            "file": summary.file,
            "started_at": summary.started_at,
            "ended_at": summary.ended_at,
            "tags": sorted({tag for item in planned.items for tag in item.case.tags}),
            "stopped_early": [msgspec.structs.asdict(each) for each in summary.stopped_early],
            "summary": digest,
        },
    )
