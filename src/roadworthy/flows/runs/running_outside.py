"""A tool that is not ours runs its task against the candidate: we ask and see, it scores.

    1 know     the candidate, the tool's version, the task's digest
    2 begin    an entry before the first question, so that a run that nobody tells of shows
    3 run      the tool in a process of its own; its questions take the path of an evaluation
    4 hold     its file against what was asked and answered: all of it, and nothing else
    5 enter    its figures, bound to the candidate; trust: asked here, scored by the tool

Enters: a checked system, a tool's task. Leaves: an entry, the tool's files, every exchange. What
never happens here: a crash, a hang, an unasked candidate or a file of other answers that becomes
a result; or a figure that an objective is judged on.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Draft,
    Entry,
    EvidenceError,
    Imported,
    ReleaseContent,
    RoadworthyError,
    System,
    UsageError,
    format_instant,
    plain,
    sha256,
)
from roadworthy.evaluation import foreign, importers
from roadworthy.release import pin

from ..findings.importing import ASKED_HERE, BEGUN, KIND, payload_of
from ..suites.growing import replace_file
from .evaluating import ALLOWED_ERROR_SHARE, EvaluatingDeps
from .outside_desk import OutsideDesk
from .run_model import RunModel


class Address(Struct, frozen=True, kw_only=True):
    """Where the candidate answers for the time of a run."""

    url: str
    """Ends in /v1."""
    key: str


OpenAddress = Callable[[OutsideDesk, str], AbstractAsyncContextManager[Address]]
"""(desk, the model's name) -> an address that is open inside the block, on this machine only."""


class OutsideAsked(Struct, frozen=True, kw_only=True):
    """What a person asks for."""

    tool: str
    """One of `foreign.TOOLS`."""
    task: str
    more: tuple[str, ...] = ()
    """Arguments for the tool itself."""
    python: str = ""
    """The interpreter of the tool's environment; empty: this one."""
    passed: tuple[str, ...] = ()
    """Variables that its environment gets beside the usual ones."""
    limit: int = 0
    concurrency: int = 4
    seconds: float = 3600
    most: int = 10_000
    budget: Decimal | None = None
    cache: bool = True


class RanOutside(Struct, frozen=True, kw_only=True):
    """What was entered."""

    entries: tuple[tuple[Imported, Entry], ...]
    folder: Path
    questions: int
    failed: int
    cost: str
    begun: int
    """How often this task was begun for this candidate, this time included."""
    warnings: tuple[str, ...] = ()


class _Run(Struct, frozen=True, kw_only=True):
    """One run while it is under way."""

    id: str
    tool: foreign.ForeignTool
    version: str
    python: str
    folder: Path
    started_at: str


async def run_outside(
    system: System, asked: OutsideAsked, deps: EvaluatingDeps, address: OpenAddress
) -> RanOutside:
    """Run the task. Raises UsageError on what cannot be begun, EvidenceError on what went wrong."""
    # 1 know
    content = pin(system)
    run = await _known(asked, deps)
    # 2 begin
    begun = _begin(content, run, asked, deps)
    # 3 run
    model = RunModel(content, deps.loop, cache=asked.cache, seed=0)
    service = deps.service(content, model.wrap)
    desk = OutsideDesk(
        service,
        deps.loop.clock,
        deps.new_id,
        suite=f"{asked.tool}:{asked.task}",
        most=asked.most,
        budget=asked.budget,
    )
    try:
        await _visit(run, asked, desk, content.system, address)
    except EvidenceError as error:
        raise _told_why(error, run, desk) from error
    finally:
        transcript = _keep(run, desk)
        await service.provider.aclose()
    # 4 hold
    found = _held(run, desk)
    # 5 enter
    entries = tuple((each, _entered(each, run, desk, transcript, content, deps)) for each in found)
    return RanOutside(
        entries=entries,
        folder=run.folder,
        questions=len(desk.exchanges),
        failed=desk.faults.total(),
        cost=_cost(desk),
        begun=begun,
        warnings=_warnings(desk),
    )


async def _known(asked: OutsideAsked, deps: EvaluatingDeps) -> _Run:
    tool = foreign.TOOLS.get(asked.tool)
    if tool is None:
        raise UsageError(
            f"there is no tool {asked.tool!r}", fix=f"one of {', '.join(foreign.TOOLS)}"
        )
    foreign.process.environment({}, asked.passed)
    python = asked.python or sys.executable
    if "/" in python:
        python = str(Path(python).absolute())  # it runs in another folder; a venv's link must stay
    version = await foreign.process.installed(python, tool.package)
    if not version:
        raise UsageError(
            f"{tool.title} is not installed for {python}",
            fix=f"{tool.install}, best in an environment of its own, and --python ITS/bin/python",
        )
    run = deps.new_id()
    folder = deps.loop.workspace.runs.resolve() / "outside" / run
    (folder / "results").mkdir(parents=True)
    return _Run(
        id=run,
        tool=tool,
        version=version,
        python=python,
        folder=folder,
        started_at=format_instant(deps.loop.clock.now()),
    )


def _begin(content: ReleaseContent, run: _Run, asked: OutsideAsked, deps: EvaluatingDeps) -> int:
    """Enter that it begins. How often this task now was begun for this candidate."""
    subject = content.candidate_digest
    before = deps.loop.ledger.entries(kind=BEGUN, subject=subject, system=content.system)
    same = [
        entry
        for entry in before
        if (entry.payload["tool"], entry.payload["task"]) == (asked.tool, asked.task)
    ]
    file = _task_file(asked.task)
    deps.loop.ledger.record(
        Draft(
            system=content.system,
            kind=BEGUN,
            subject=subject,
            actor=deps.loop.machine,
            payload={
                "run": run.id,
                "tool": asked.tool,
                "version": run.version,
                "task": asked.task,
                "task_digest": sha256(file[0].read_bytes()) if file else "",
                "limit": asked.limit,
                "arguments": list(asked.more),
            },
        )
    )
    return len(same) + 1


def _task_file(task: str) -> tuple[Path, str] | None:
    """The task's file, and what follows it (Inspect names a task in a file after `@`)."""
    for name in (task, task.rpartition("@")[0]):
        if name and Path(name).is_file():
            return Path(name).resolve(), task[len(name) :]
    return None


async def _visit(
    run: _Run, asked: OutsideAsked, desk: OutsideDesk, name: str, address: OpenAddress
) -> None:
    file = _task_file(asked.task)
    async with address(desk, name) as open_at:
        visit = foreign.Visit(
            task=file[0].name + file[1] if file else asked.task,
            folder=run.folder / "results",
            url=open_at.url,
            key=open_at.key,
            model=name,
            concurrency=asked.concurrency,
            limit=asked.limit,
            more=asked.more,
        )
        own = foreign.process.environment(run.tool.environment(visit), asked.passed)
        command = [run.python, *run.tool.command(visit)]
        await foreign.process.run(
            command,
            own,
            folder=file[0].parent if file else Path.cwd(),
            log=run.folder / "tool.log",
            seconds=asked.seconds,
        )


def _keep(run: _Run, desk: OutsideDesk) -> str:
    """Every exchange, in a file beside the tool's own; its digest."""
    data = b"".join(msgspec.json.encode(each) + b"\n" for each in desk.exchanges)
    replace_file(run.folder / "asked.jsonl", data)
    return sha256(data)


def _held(run: _Run, desk: OutsideDesk) -> list[Imported]:
    """What its files say, once they tell of the same questions and answers as were given here.

    Raises EvidenceError when they do not.
    """
    if desk.refused:
        raise _told_why(EvidenceError("a question was not put to the candidate"), run, desk)
    if not desk.exchanges:
        raise _told_why(EvidenceError("it asked the candidate nothing"), run, desk)
    try:
        files = run.tool.results(run.folder / "results")
        found = [each for path in files for each in importers.read_results(path)[0]]
        told = [each for path in files for each in run.tool.told(path)]
    except RoadworthyError as error:
        raise _told_why(EvidenceError(error.message, fix=error.fix), run, desk) from error
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        strange = EvidenceError(f"its file has no form that is known: {error}")
        raise _told_why(strange, run, desk) from error
    if not any(each.rows for each in found):
        raise _told_why(EvidenceError("its file holds no row"), run, desk)
    fault = foreign.mismatch(desk.given(), told)
    if fault:
        raise _told_why(EvidenceError(fault), run, desk)
    return found


def _told_why(error: EvidenceError, run: _Run, desk: OutsideDesk) -> EvidenceError:
    """The error with whose it is, how far it came, and the first reason on our side."""
    ours = desk.refused or next(iter(desk.faults), "")
    reason = f"; the candidate's side: {ours}" if ours else ""
    said = (
        f"{run.tool.title} {run.version} gives no result: {error.message}{reason} "
        f"({len(desk.exchanges)} questions answered)"
    )
    return EvidenceError(
        "".join(char if char.isprintable() else " " for char in said),
        fix=error.fix or f"what it printed and wrote: {run.folder}",
    )


def _entered(
    found: Imported,
    run: _Run,
    desk: OutsideDesk,
    transcript: str,
    content: ReleaseContent,
    deps: EvaluatingDeps,
) -> Entry:
    failed = desk.faults.total()
    whole = failed <= ALLOWED_ERROR_SHARE * (failed + len(desk.exchanges))
    told = found if whole else msgspec.structs.replace(found, status="partial")
    payload = {
        **payload_of(
            told,
            deps.loop,
            candidate=content.candidate_digest,
            trust=f"{ASKED_HERE} {run.tool.title}",
        ),
        "run": run.id,
        "questions": len(desk.exchanges),
        "unanswered": failed,
        "asked": transcript,
        "cost": _cost(desk),
        "started_at": run.started_at,
        "ended_at": format_instant(deps.loop.clock.now()),
    }
    (entry,) = deps.loop.ledger.record(
        Draft(
            system=content.system,
            kind=KIND,
            subject=found.subject,
            actor=deps.loop.machine,
            payload=plain(payload),
        )
    )
    return entry


def _cost(desk: OutsideDesk) -> str:
    spent = desk.spent().items()
    return " + ".join(f"{amount.normalize():f} {unit}".strip() for unit, amount in spent)


def _warnings(desk: OutsideDesk) -> tuple[str, ...]:
    if not desk.wished:
        return ()
    return (
        "the task wished for a sampling of its own (temperature, stop or length); the release owns"
        " its prompt and sampled as it does for everybody",
    )
