"""Does a judge still judge as it did: questions with known verdicts, asked at every run.

The first probing of a judge is what it is held to. Afterwards each probe says whether the verdict
is the one of then; the evidence that more than `TOLERATED` of them change grows over all runs and
may be looked at after each (an e-value: were it not so, it would reach 20 once in twenty histories
at most). Probes are asked past the answer cache: a cache does not drift.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from roadworthy.domain import Probe, ProviderError
from roadworthy.providers import PairwiseJudge, RubricJudge
from roadworthy.statistics import EProcess

TOLERATED = 0.1
"""Share of probes that may change: rounding on another machine flips what was a coin's toss."""

ALARM = 20.0
"""E-value from which on a judge counts as drifted (5 %, however often one looks)."""


class Probing(Struct, frozen=True, kw_only=True):
    """What a judge said to its probes."""

    said: tuple[str, ...]
    """Verdict of each probe, in their order; `error` where there was none."""
    right: int
    """How many are the known verdict."""


async def probe(judge: RubricJudge | PairwiseJudge, probes: Sequence[Probe]) -> Probing:
    """Ask every probe. A judge that gives no verdict is an answer, too: `error`."""
    said = []
    for each in probes:
        try:
            found = await judge.ask(each.input, "", each.answer, each.other)
            said.append(found.verdict)
        except ProviderError:
            said.append("error")
    right = sum(1 for verdict, each in zip(said, probes, strict=True) if verdict == each.verdict)
    return Probing(said=tuple(said), right=right)


def drift_of(history: Sequence[Sequence[str]]) -> str:
    """Why a judge counts as drifted; empty when nothing shows it. Oldest probing first."""
    if len(history) < 2:
        return ""
    first = history[0]
    evidence = EProcess(TOLERATED)
    changed = asked = 0
    most = 0.0
    for later in history[1:]:
        for before, now in zip(first, later, strict=False):
            evidence.add(0.0 if before == now else 1.0)
            changed += before != now
            asked += 1
        most = max(most, evidence.look())
    if most < ALARM:
        return ""
    return f"the judge drifted: {changed} of {asked} probes were judged otherwise than at first"
