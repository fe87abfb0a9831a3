"""The first thing on the page: what was decided, and what that means in words."""

from __future__ import annotations

from msgspec import Struct

from roadworthy.domain import Verdict
from roadworthy.flows.gate.inspection import Inspection

from .charts import number
from .tally import Tally

_MEANS: dict[Verdict, tuple[str, str]] = {
    Verdict.PASS: (
        "May be released",
        "Every objective that rules at the gate is met by the evidence of this run, and nothing"
        " else keeps the gate closed. What no case asks, this says nothing about.",
    ),
    Verdict.FAIL: (
        "May not be released",
        "The evidence of this run excludes at least one objective, or a rule of the gate was"
        " broken. The reasons name the phase to go back to.",
    ),
    Verdict.INCONCLUSIVE: (
        "Not decided, so it may not be released",
        "The evidence neither proves nor excludes every objective, or something that must be there"
        " is missing. No data is never a pass.",
    ),
    Verdict.ERROR: (
        "Could not be judged, so it may not be released",
        "The judgement itself went wrong. Nothing about the candidate follows from that.",
    ),
}


class Fact(Struct, frozen=True):
    """A figure of the strip under the decision."""

    name: str
    value: str
    note: str = ""


class DecisionView(Struct, frozen=True, kw_only=True):
    """What the template draws."""

    verdict: str
    headline: str
    meaning: str
    reasons: tuple[str, ...]
    next_step: str
    source: str
    facts: tuple[Fact, ...]


def decision_view(inspection: Inspection, tally: Tally) -> DecisionView:
    """The decision of the gate on this very run, or that there is none."""
    judged = inspection.judged
    facts = tuple(_facts(inspection, tally))
    if judged.decision is None:
        return DecisionView(
            verdict="NONE",
            headline="The gate has not decided on this run",
            meaning="The objectives below were judged for this report alone. Nothing here opens"
            " anything: the gate also asks for the bar, the deliberation note and the incidents.",
            reasons=(),
            next_step="roadworthy gate",
            source="No decision in the ledger names this run",
            facts=facts,
        )
    headline, meaning = _MEANS[judged.decision.decision]
    return DecisionView(
        verdict=str(judged.decision.decision),
        headline=headline,
        meaning=meaning,
        reasons=judged.decision.reasons,
        next_step=judged.decision.next_step,
        source=f"Decided {judged.decided_at[:19].replace('T', ' ')} UTC, ledger entry"
        f" {judged.entry}",
        facts=facts,
    )


def _facts(inspection: Inspection, tally: Tally) -> list[Fact]:
    run, verdicts = inspection.run, tally.verdicts
    judged = tally.cases - verdicts["not judged"]
    passed = f"{verdicts['passed'] / judged:.1%} of {judged:,} judged" if judged else "none judged"
    found = [
        Fact("cases", f"{tally.cases:,}", f"{tally.rows:,} answers"),
        Fact("passed", f"{verdicts['passed']:,}", passed),
        Fact("failed", f"{verdicts['failed']:,}", "every judged repeat wrong"),
        Fact("flaky", f"{verdicts['flaky']:,}", "some repeats right, some wrong"),
        Fact("errors", f"{run.errors:,}", f"answers; {verdicts['error']:,} cases without any"),
        Fact("not judged", f"{verdicts['not judged']:,}", "no score looked at them"),
    ]
    latency = next((each for each in run.indicators if each.name == "latency"), None)
    if latency is not None and latency.value is not None:
        found.append(Fact("latency, p95", f"{number(round(latency.value))} ms", f"n {latency.n:,}"))
    if run.cost is not None:
        found.append(Fact("cost", run.cost, "of what has a known price"))
    for each in run.spent:
        tokens = f"{each.calls:,} calls, {each.input_tokens + each.output_tokens:,} tokens"
        found.append(Fact(f"of which {each.by}", each.cost or "unknown", tokens))
    return found
