"""The judges of a run: made, probed, entered; and who is compared with.

    open     1 the runs that pairs are compared with, verified
             2 every judge pinned and made, past models kept in one cache
             3 probes asked past the cache, held to all earlier ones, entered
    close    the models released

Enters: a plan and a loop. Leaves: a target with judges behind it. What never happens here: a judge
that nobody pinned, or one whose probes changed and that is believed all the same.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from roadworthy.domain import (
    BASELINE,
    Draft,
    JudgeOptions,
    Model,
    NeverEvent,
    PairwiseOptions,
    Provider,
    RubricOptions,
    System,
    Target,
    UsageError,
    digest_of,
    judge_options,
    judges_asking,
    never_digest,
    never_options,
    pinned_judges,
    plain,
)
from roadworthy.evaluation import Plan, RunReader, judges, tab
from roadworthy.release import pin

from ..entries.run_records import completion, summary_of
from ..gate.baseline import baseline_of
from ..late.never_judges import NeverJudge, doubt_of
from ..workspace.loop import Loop
from .run_model import RunModel

PROBED = "judge.probed"

Make = Callable[[Model], Provider]


class Judges:
    """Every judge of a run, by suite."""

    def __init__(self) -> None:
        self.by_suite: dict[str, tuple[judges.Judge, ...]] = {}
        self.never: tuple[NeverJudge, ...] = ()
        """Those that look for never events."""
        self._providers: list[Provider] = []

    def behind(self, target: Target, planned: Plan) -> Target:
        """The target with the judges behind it; itself where there are none."""
        if not any(self.by_suite.values()):
            return target
        return judges.JudgedTarget(target, planned, self.by_suite)

    def kept(self, provider: Provider) -> Provider:
        """Remember what must be released."""
        self._providers.append(provider)
        return provider

    async def aclose(self) -> None:
        """Release the models."""
        for provider in self._providers:
            await provider.aclose()


async def open_judges(
    system: System, planned: Plan, model: RunModel, loop: Loop, make: Make | None
) -> Judges:
    """The judges of a plan, probed; `make` makes a provider.

    Raises UsageError on a judge that is wrong, not pinned or cannot be made, VerificationError
    when a run to compare with is not what was recorded.
    """
    opened = Judges()
    forbidden = [(event, never_options(event)) for event in system.charter.never]
    asked = [(event, options) for event, options in forbidden if options is not None]
    names = [name for suite in planned.suites for name in pinned_judges(suite.file)]
    names += [f"of the never event {event.id}" for event, _ in asked]
    if not names:
        return opened
    if make is None:
        raise UsageError(f"nothing can make the judge {names[0]} here")
    try:
        opponents = _opponents(planned, system, loop)  # 1
        making = _Making(system, model, loop, make, opened)
        opened.by_suite = judges.judges_of(planned, making.provider, opponents)  # 2
        for suite, found in opened.by_suite.items():  # 3
            opened.by_suite[suite] = tuple([await making.probed(judge) for judge in found])
        opened.never = tuple([await making.never(event, options) for event, options in asked])
    except BaseException:
        await opened.aclose()
        raise
    return opened


class _Making:
    """Makes the judges of one run, and probes them."""

    def __init__(
        self, system: System, model: RunModel, loop: Loop, make: Make, opened: Judges
    ) -> None:
        self._system = system
        self._model = model
        self._loop = loop
        self._make = make
        self._opened = opened
        self._bare: dict[str, Provider] = {}

    def provider(self, wanted: Model) -> Provider:
        """The model behind the cache, released with all others."""
        key = digest_of(wanted)
        if key not in self._bare:
            self._bare[key] = self._opened.kept(self._make(wanted))
        return self._opened.kept(
            self._model.wrap_judge(self._bare[key], wanted, self._system.assets)
        )

    async def probed(self, judge: judges.Judge) -> judges.Judge:
        """The judge after its probes, with the reason where it counts as drifted."""
        _, drift = await self._probing(judge.name, judge.digest, judge.options)
        return structs.replace(judge, drift=drift)

    async def never(self, event: NeverEvent, options: RubricOptions) -> NeverJudge:
        """The judge of a never event after its probes, with the reason where its no is none."""
        assert options.model is not None
        digest = never_digest(options)
        asks = judges.RubricJudge(options, self.provider(options.model))
        said, drift = await self._probing(f"never:{event.id}", digest, options)
        return NeverJudge(
            event=event, digest=digest, asks=asks, doubt=doubt_of(options.probes, said, drift)
        )

    async def _probing(
        self, name: str, digest: str, options: JudgeOptions
    ) -> tuple[tuple[str, ...], str]:
        """What it said to its probes, past the cache, and why it counts as drifted; entered."""
        if not options.probes or options.model is None:
            return (), ""
        bare = self._bare[digest_of(options.model)]
        asks = judges.asks_of(options, self._model.metered(bare, options.model, "judges"))
        with tab() as spent:
            found = await judges.probe(asks, options.probes)
        ledger = self._loop.ledger
        earlier = [
            [str(said) for said in entry.payload["said"]]
            for entry in ledger.entries(kind=PROBED, subject=digest)
        ]
        drift = judges.drift_of([*earlier, found.said])
        payload = {
            "name": name, "said": list(found.said), "right": found.right,
            "n": len(options.probes), "drift": drift,
            "spent": {by: each.as_attribute() for by, each in spent.items()},
        }  # fmt: skip
        ledger.record(
            Draft(
                system=self._system.charter.system,
                kind=PROBED,
                subject=digest,
                actor=self._loop.machine,
                payload=plain(payload),
            )
        )
        return found.said, drift


def _opponents(planned: Plan, system: System, loop: Loop) -> dict[str, judges.Opponent]:
    """What every run that pairs are compared with answered, by what the suite calls it."""
    wanted = {
        options.against
        for suite in planned.suites
        for spec in judges_asking(suite.file)
        if isinstance(options := judge_options(spec), PairwiseOptions)
    }
    runs = {named: named for named in sorted(wanted) if named.startswith("run-")}
    if BASELINE in wanted and (run := _baseline_run(planned, system, loop)):
        runs[BASELINE] = run
    return {named: _opponent(loop, system.charter.system, run) for named, run in runs.items()}


def _baseline_run(planned: Plan, system: System, loop: Loop) -> str:
    """The live release's run on this bar; empty where there is no baseline, as at first.

    Raises UsageError where the live release was not asked the same: pairs with nothing are a bill.
    """
    content = pin(system)
    baseline = baseline_of(loop, system, content, planned.bar, [content.system])
    if baseline.missing:
        message, _, how = baseline.missing.partition(": ")
        raise UsageError(f"pairs are to be compared with the baseline, and {message}", fix=how)
    return baseline.run


def _opponent(loop: Loop, system: str, run: str) -> judges.Opponent:
    entries = loop.ledger.entries(kind="run.completed", system=system)
    known = next((entry for entry in entries if entry.payload.get("run") == run), None)
    ended = completion(loop, known.subject, run) if known is not None else None
    if ended is None or ended.payload.get("status") != "complete":
        raise UsageError(
            f"pairs are to be compared with {run}, which is no complete run of {system}",
            fix="name a run that `roadworthy eval` completed, under `against` of the judge",
        )
    summary = summary_of(loop, ended)
    path = loop.workspace.runs / f"{summary.run}.jsonl"
    with RunReader(path, expected=summary.observations, whole=summary.file) as reader:
        said = {
            (row.suite, row.case, row.repeat): row.output
            for row in reader.rows()
            if row.action == "answered" and row.status == "ok"
        }

    def opponent(suite: str, case: str, repeat: int) -> str:
        return said.get((suite, case, repeat)) or said.get((suite, case, 0), "")

    return judges.Opponent(run, opponent)
