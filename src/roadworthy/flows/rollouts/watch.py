"""The analysis of rollouts: both arms side by side, as their answers come.

    1 read     what both arms answered since, what was learned of it, and what late rules found
    2 compare  by bets that hold however often one looks; never events are counted
    3 act      a violation, or proof that the new one is worse: everybody goes back to the live
               release, first in the table, then in the ledger
               proof that it is not worse, and the step has lasted: the next step, where no person
               is asked for
    4 keep     the evidence, and how far the journal was read, together

What enters: the journal, the ledger's rollouts. What leaves: a changed table and its entry. What
never happens here: a step without proof, a verdict that a restart changes, an abort that waits for
the ledger.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from msgspec import structs

from roadworthy.domain import (
    ArmComparison,
    ArmVerdict,
    Looked,
    Observation,
    Outcome,
    RoadworthyError,
    Rolling,
    SafetySLO,
    format_instant,
    parse_instant,
)
from roadworthy.journal import Record, Tail, find, marks_before
from roadworthy.monitoring import with_outcomes
from roadworthy.serving import drawn_as_one
from roadworthy.statistics import TwoArms, two_arms

from ..entries.rolling import under_way
from ..workspace.loop import Loop
from ..workspace.noting import noted
from .arm_outcomes import LATER, questions, violated
from .bandit import weigh
from .evidence import Drawn, RolloutEvidence, drawn_path, keep_evidence, read_evidence
from .moving import abort, baked, move_on, pause, take_off, undecided_until

ALPHA = 0.05
"""How often a rollout of a release that is no worse may be aborted, all looks and indicators
together, where its plan does not say."""

MARGIN = 0.02

_STAGES = frozenset({"live", "canary", "shadow"})

LOOK_S = 0.3
"""So long is read without a look at what it proves."""

MOST_ANSWERS = 20_000
"""Of so many newest answers labels find who gave them in memory; of older ones in the journal."""

Objectives = Callable[[str, str], Iterable[SafetySLO]]
"""(system, release) -> its objectives."""


class RolloutWatch:
    """One control process's view of the rollouts under way. One thread's."""

    def __init__(self, loop: Loop, *, objectives: Objectives, warn: Callable[[str], None]) -> None:
        self._loop = loop
        self._objectives = objectives
        self._warn = warn
        self._seen = -1
        """The ledger's size when rollouts were read."""
        self._rollouts: dict[str, Rolling] = {}
        self._analyses: dict[str, Analysis] = {}
        self._entered: dict[str, int] = {}
        """Rollout -> violations of its release that the ledger holds."""

    def round(self) -> int:
        """Look at every rollout under way; returns how many. Raises RoadworthyError or OSError."""
        found: list[Exception] = []
        with noted(found):
            self._look_at_ledger()
        for rolling in self._rollouts.values():
            with noted(found):
                entered = self._entered.get(rolling.id, 0)
                self._act(rolling, self._analysis(rolling).look(rolling, entered=entered))
        if found:
            raise found[0]
        return len(self._rollouts)

    def _look_at_ledger(self) -> None:
        """Which rollouts are under way; those that were stay while nobody can read it."""
        size = self._loop.ledger.size()
        if size != self._seen:
            self._rollouts = under_way(self._loop)
            self._entered = {each.id: self._violations(each) for each in self._rollouts.values()}
            self._seen = size
            names = {each.id for each in self._rollouts.values()}
            self._analyses = {k: v for k, v in self._analyses.items() if k in names}

    def _violations(self, rolling: Rolling) -> int:
        """What late rules, judges and people found of the new release since it began."""
        entries = self._loop.ledger.entries(kind="violation.recorded", system=rolling.system)
        return sum(
            entry.payload.get("release") == rolling.release and entry.seq > rolling.seq
            for entry in entries
        )

    def _analysis(self, rolling: Rolling) -> Analysis:
        found = self._analyses.get(rolling.id)
        if found is None:
            slos = self._objectives(rolling.system, rolling.release)
            found = self._analyses[rolling.id] = Analysis.resume(rolling, self._loop, slos)
        return found

    def _act(self, rolling: Rolling, looked: Looked) -> None:
        machine = self._loop.keyring.machine()
        if looked.why_stopped:
            self._warn(f"{rolling.id} is aborted: {looked.why_stopped}")
            take_off(self._loop, rolling)
            abort(
                self._loop,
                rolling,
                signer=machine,
                reason=looked.why_stopped,
                looked=looked,
                opens=not looked.violations,  # each violation has an incident of its own
            )
            return
        if rolling.state != "running":
            return
        arms = self._analysis(rolling).rewarded
        if rolling.plan.strategy == "bandit" and arms is not None:
            rolling = weigh(self._loop, rolling, arms)
        if looked.verdict != "safe":
            self._give_up(rolling, looked)
            return
        if rolling.last:
            return
        if rolling.plan.steps[rolling.step + 1].approval or not baked(rolling, self._loop):
            return
        reason = "proven to be no worse than the margin, and the step has lasted"
        move_on(self._loop, rolling, signer=machine, looked=looked, reason=reason)

    def _give_up(self, rolling: Rolling, looked: Looked) -> None:
        """What its plan says of a step in which nothing is proven for too long."""
        ends = undecided_until(rolling)
        if self._loop.clock.now() < ends:
            return
        reason = f"INCONCLUSIVE: nothing was proven until {format_instant(ends)[:19]}Z"
        self._warn(f"{rolling.id}: {reason}")
        machine = self._loop.keyring.machine()
        if rolling.plan.analysis.get("if_undecided") == "abort":
            abort(self._loop, rolling, signer=machine, reason=reason, looked=looked)
        else:
            pause(self._loop, rolling, signer=machine, reason=reason)


class Analysis:
    """The evidence of one rollout, as it grows."""

    def __init__(
        self, rolling: Rolling, loop: Loop, slos: Iterable[SafetySLO], known: RolloutEvidence
    ) -> None:
        self._loop = loop
        self._known = known
        self._questions, self._unwatched = questions(rolling.plan, slos)
        self._alpha = float(rolling.plan.analysis.get("alpha", ALPHA))
        self._margin = float(rolling.plan.analysis.get("margin", MARGIN))
        self._answers: OrderedDict[str, Observation] = OrderedDict()
        self._drawn = Drawn(drawn_path(loop.workspace, rolling.id))
        self._tail = Tail(loop.workspace.journal, known.marks)
        for name in self._questions:
            if name not in known.arms:
                known.arms[name] = two_arms(margin=self._margin, level=self._alpha)

    @classmethod
    def resume(cls, rolling: Rolling, loop: Loop, slos: Iterable[SafetySLO]) -> Analysis:
        """Where it stopped, or at the rollout's start. Raises EvidenceError."""
        known = read_evidence(loop.workspace, rolling.id)
        if known is None:
            known = RolloutEvidence(rollout=rolling.id, marks=_before(rolling, loop))
        return cls(rolling, loop, slos, known)

    @property
    def rewarded(self) -> TwoArms | None:
        """What a bandit's shares follow: the plan's first indicator that answers tell."""
        return next((self._known.arms[name] for name in self._questions), None)

    def look(self, rolling: Rolling, *, entered: int = 0) -> Looked:
        """Read on, and say how it stands. `entered`: violations that the ledger holds.

        Raises EvidenceError or OSError.
        """
        taken, known = 0, self._known
        known.violations = max(known.violations, entered)
        self._look_at_clock(rolling)
        trouble: Exception | None = None
        try:
            until = self._loop.clock.monotonic() + LOOK_S
            for record in self._tail.read():
                if known.violations or (taken and self._loop.clock.monotonic() > until):
                    break  # behind by much: what is proven waits for nothing; this one comes next
                self._take(record, rolling)
                taken += 1
        except (RoadworthyError, OSError) as error:
            trouble = error  # what was read counts, and is kept with how far it was read
        known.marks = dict(self._tail.marks)
        if not known.why_stopped:
            known.why_stopped = self._why_stopped()
        if taken or known.looked is None or known.why_stopped != known.looked.why_stopped:
            known.looked = self._looked(rolling)
            try:
                self._drawn.keep()
                keep_evidence(self._loop.workspace, known)
            except (RoadworthyError, OSError) as error:
                trouble = error
        if trouble is not None and not known.why_stopped:
            raise trouble
        return known.looked

    def _look_at_clock(self, rolling: Rolling) -> None:
        """A clock that was set back after it began dates what comes before its start."""
        now = format_instant(self._loop.clock.now())
        if now < (self._known.since or rolling.started_at):
            self._known.since = now

    def _take(self, record: Record, rolling: Rolling) -> None:
        if record.kind == "close" and record.observation is not None:
            self._answered(record.observation, rolling)
        elif record.kind == "outcome" and record.outcome is not None:
            self._learned(record.outcome, rolling)

    def _answered(self, seen: Observation, rolling: Rolling) -> None:
        if seen.release == rolling.release and _is_of(seen, rolling):
            self._known.violations += violated(seen)  # whatever the clock said
        new = self._arm_of(seen, rolling)
        if new is None:
            return
        if self._questions.keys() & LATER:
            self._answers[seen.id] = seen
            if len(self._answers) > MOST_ANSWERS:
                self._answers.popitem(last=False)
        self._compare(seen, rolling, new=new)

    def _learned(self, outcome: Outcome, rolling: Rolling) -> None:
        """What was said of an answer later counts when it is said, and only that."""
        told = (outcome.label or outcome.feedback) and self._questions.keys() & LATER
        if not (told or outcome.never_event) or outcome.reporter.startswith("look:"):
            return
        seen = self._answers.get(outcome.observation)
        if seen is None:
            record = find(self._loop.workspace.journal, outcome.observation)
            seen = record.observation if record is not None else None
        new = self._arm_of(seen, rolling) if seen is not None else None
        if seen is None or new is None:
            return
        self._known.violations += new and bool(outcome.never_event)
        if seen.mitigation:
            return
        said = with_outcomes(structs.replace(seen, label="", scores={}, never=()), [outcome])
        for name in self._questions.keys() & LATER:
            if self._questions[name](said) is not None:
                self._count(name, said, new=new, first=self._first(seen, rolling, name))

    def _arm_of(self, seen: Observation, rolling: Rolling) -> bool | None:
        """Whether the new arm answered it; None where neither did, or before it began."""
        since = self._known.since or rolling.started_at
        if not _is_of(seen, rolling) or seen.time < since:
            return None
        new = seen.release == rolling.release
        if seen.status in ("refused", "interrupted"):
            if new:
                left = self._known.uncompared
                left[seen.status] = left.get(seen.status, 0) + 1
            return None
        if new:
            return True
        return False if seen.release == rolling.baseline and fits(seen, rolling) else None

    def _first(self, seen: Observation, rolling: Rolling, name: str = "") -> bool:
        """Whether nothing was compared yet of what was drawn as one with it."""
        return self._drawn.first(name, seen.tenant, drawn_as_one(rolling.plan.sticky, seen))

    def _compare(self, seen: Observation, rolling: Rolling, *, new: bool) -> None:
        """What an answer tells at once, and the first of its session proves.

        One under a mitigation says more of that than of its release.
        """
        if seen.mitigation:
            return
        first = self._first(seen, rolling)
        for name in self._questions.keys() - LATER:
            self._count(name, seen, new=new, first=first)

    def _count(self, name: str, seen: Observation, *, new: bool, first: bool) -> None:
        value = self._questions[name](seen)
        if value is not None:
            self._known.arms[name].add(value, new=new, first=first)

    def _why_stopped(self) -> str:
        if self._known.violations:
            return f"the new release violated a never event ({self._known.violations})"
        limit = len(self._questions) / self._alpha
        for name, arms in self._known.arms.items():
            if name in self._questions and arms.is_worse >= limit:
                live, new = _means(arms)
                return (
                    f"{name}: of {arms.new_n} answers of the new release {new:.1%} are not well, "
                    f"of {arms.old_n} of the live one {live:.1%}"
                )
        return ""

    def _looked(self, rolling: Rolling) -> Looked:
        return Looked(
            rollout=rolling.id,
            at=format_instant(self._loop.clock.now()),
            comparisons=tuple(self._comparison(name) for name in self._questions),
            unwatched=tuple(self._unwatched),
            violations=self._known.violations,
            uncompared=dict(self._known.uncompared),
            why_stopped=self._known.why_stopped,
        )

    def _comparison(self, name: str) -> ArmComparison:
        arms = self._known.arms[name]
        live, new = _means(arms)
        bounds = arms.interval
        return ArmComparison(
            indicator=name,
            verdict=self._verdict(arms),
            live=live,
            new=new,
            live_n=arms.old_n,
            new_n=arms.new_n,
            low=bounds.low if arms.difference.count else None,
            high=bounds.high if arms.difference.count else None,
            worse=arms.is_worse,
            safe=arms.is_safe,
        )

    def _verdict(self, arms: TwoArms) -> ArmVerdict:
        if arms.is_worse >= len(self._questions) / self._alpha:
            return "worse"
        if not arms.difference.count:
            return "no data"
        return "safe" if arms.is_safe >= 1 / self._alpha else "undecided"


def _means(arms: TwoArms) -> tuple[float | None, float | None]:
    live = arms.old_sum / arms.old_n if arms.old_n else None
    return live, arms.new_sum / arms.new_n if arms.new_n else None


def _is_of(seen: Observation, rolling: Rolling) -> bool:
    """Whether it is traffic of its system."""
    return seen.system == rolling.system and seen.stage in _STAGES


def fits(seen: Observation, rolling: Rolling) -> bool:
    """Whether the new arm could have got it: only those are compared."""
    step = rolling.here
    if step.tenants and seen.tenant not in step.tenants:
        return False
    return all(seen.facets.get(name) in values for name, values in step.facets.items())


def _before(rolling: Rolling, loop: Loop) -> dict[str, int]:
    """Marks past all segments that ended before it began."""
    return marks_before(loop.workspace.journal, parse_instant(rolling.started_at).timestamp())
