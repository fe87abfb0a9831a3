"""What a person lets out goes through the release's rails once more, all but those that hold.

Enters: a text that a person approved or wrote. Leaves: the text that may leave. What never happens
here: a text that a rail or a never event with `block` stops, or that one of them could not look at;
a late rule that waits until it has left. Only what asks for a person is answered by a person.
"""

from __future__ import annotations

from msgspec import structs

from roadworthy.domain import Clock, Observation, RailVerdict, RefusedError, TextContext
from roadworthy.serving import RailLine, RailOutcome

from .late_looking import look

_TRIES = 3
"""A rail that takes too long is asked again: in a new process the first look compiles patterns."""


def may_leave(
    text: str,
    seen: Observation,
    rails: RailLine,
    clock: Clock,
    *,
    asked: str,
    decision: str,
    edited: bool,
) -> str:
    """The text as the rails let it out: redacted, with what they tell people behind it.

    `decision`: the label that the text is, if it is one. Raises RefusedError naming the rail.
    """
    line = _without_holds(rails)
    sure = (1.0 if edited else seen.confidence) if decision else None
    context = TextContext(side="output", input=asked, facets=seen.facets)
    for _ in range(_TRIES):
        outcome = _through(text, line, context, decision, sure)
        if outcome.action == "answered":
            break
    if outcome.action != "answered":
        raise RefusedError(
            f"{outcome.rail} stops this text: {_found(outcome.verdicts)}",
            fix="what blocks is not approved away: --edit another answer, or --refuse",
        )
    told = "" if decision else "".join(f"\n\n{label}" for label in outcome.labels)
    _require_no_violation(outcome.text + told, seen, rails, clock, asked, decision, sure)
    return outcome.text + told


def _without_holds(rails: RailLine) -> RailLine:
    """The output rails that a person's word does not answer."""
    kept = [guard for guard in rails.outputs if guard.action != "hold"]
    blind = [guard.rail for guard in kept if guard.detector is None]
    if blind:
        raise RefusedError(f"{', '.join(blind)} cannot look at a text here", fix="--refuse")
    return RailLine(inputs=(), outputs=kept)


def _through(
    text: str, line: RailLine, context: TextContext, decision: str, sure: float | None
) -> RailOutcome:
    answer = line.output(context, streamed=False)
    left = answer.feed(text)
    outcome = answer.finish(decision=decision, confidence=sure)
    return structs.replace(outcome, text=left + outcome.text)


def _require_no_violation(
    text: str,
    seen: Observation,
    rails: RailLine,
    clock: Clock,
    asked: str,
    decision: str,
    sure: float | None,
) -> None:
    """That no late rule finds its event: of a live answer it looks right after; here, before."""
    said = structs.replace(seen, decision=decision, confidence=sure)
    for _ in range(_TRIES):
        found = [each for each in look(said, rails, clock, asked=asked, left=text)]
        wrong = [one for _, verdicts in found for one in verdicts if one.outcome != "passed"]
        events = [record.event for record, _ in found if record is not None]
        if not events and not wrong:
            return
    raise RefusedError(
        f"never event {', '.join(events)} would be in what leaves"
        if events
        else f"{wrong[0].rail} could not look: {wrong[0].reason}",
        fix="--edit another answer, or --refuse",
    )


def _found(verdicts: tuple[RailVerdict, ...]) -> str:
    stopping = [each for each in verdicts if each.outcome in ("block", "resample", "not_checked")]
    return "; ".join(each.reason or ", ".join(each.kinds) or each.outcome for each in stopping)
