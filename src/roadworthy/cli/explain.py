"""`roadworthy explain`: what decided an answer, as its record in the journal says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import UNSET

from roadworthy.domain import Incident, Observation, UsageError

from .terminal import emit, printable, same_system, say, table

_KEYS = "sealed under a key of this workspace"


def command(
    observation: Annotated[str, typer.Argument(help="Id from x-roadworthy-observation.")],
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder.")] = Path(),
    *,
    texts: Annotated[
        bool, typer.Option("--texts", help="Unseal input and output with the workspace's key.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """What decided an answer: release, rails, decision, confidence, mitigation, incident."""
    import msgspec

    from roadworthy.flows.incidents.learning import incidents_of
    from roadworthy.wiring.loop import standing_loop
    from roadworthy.wiring.notes import notes_about
    from roadworthy.wiring.places import place
    from roadworthy.wiring.road import looked_at, observation_of

    from .incident_words import say_note, who_of

    spot = place(directory, standing=True)
    seen = looked_at(spot.workspace, observation_of(spot.workspace, observation))
    loop = standing_loop(spot.workspace)
    if loop is None:
        raise UsageError("nothing was recorded here yet", fix="serve a release first")
    incidents = [each for each in incidents_of(loop).values() if seen.id in each.answers]
    notes = notes_about(seen.id, loop)
    unsealed = _unsealed(loop, spot.deployment, seen) if texts else {}
    if json:
        emit(
            {
                "observation": msgspec.to_builtins(seen),
                "incidents": [each.id for each in incidents],
                "notes": [
                    msgspec.to_builtins(note) | {"who": who_of(note.reporter, loop)}
                    for note in notes
                ],
                "texts": unsealed or None,
            }
        )
        return
    _say_facts(seen, incidents, directory)
    _say_rails(seen)
    _say_review(seen, loop, directory)
    for note in notes:
        say_note(note, loop)
    if not texts:
        say(f"Its texts are {_KEYS}; --texts shows them, the erased ones excepted.")
    for name, text in unsealed.items():
        say(f"{name}: {printable(text)}")


def _say_facts(seen: Observation, incidents: list[Incident], directory: Path) -> None:
    sure = f", confidence {seen.confidence:.3f}" if seen.confidence is not None else ""
    facts = {
        "observation": f"{seen.id}, {seen.time[:19]}Z",
        "system": f"{seen.system}, endpoint {seen.endpoint}" if seen.endpoint else seen.system,
        "release": seen.release or "none was live",
        "model": seen.model,
        "asked by": ", ".join(
            [f"tenant {seen.tenant}", *(f"{k}={v}" for k, v in sorted(seen.facets.items()))]
        ),
        "decision": f"{seen.decision}{sure}" if seen.decision else "",
        "became": _became(seen),
        "mitigation": seen.mitigation,
        "never events": ", ".join(f"{n.event} ({n.kind}, {n.found_by})" for n in seen.never),
        "session": _session(seen),
    }
    for name, value in facts.items():
        if value:
            say(f"{name:>12}  {printable(value)}")
    for each in incidents:
        show = f"roadworthy incident show {each.id}{same_system(directory)}"
        say(f"{'incident':>12}  {each.id} ({each.state}): {show}")


def _session(seen: Observation) -> str:
    """What its session showed up to it; a sign for people, no finding."""
    again = ["asks again what was asked just before"] if seen.shift and seen.shift.rephrased else []
    signs = [f"signs of {', '.join(seen.misuse)}"] if seen.misuse else []
    return "; ".join([*signs, *again])


def _became(seen: Observation) -> str:
    why = f": {seen.error}" if seen.error else ""
    finish = f", finish_reason {seen.finish_reason}" if seen.finish_reason else ""
    return f"{seen.action} ({seen.status}{finish}){why}"


def _say_rails(seen: Observation) -> None:
    if not seen.rails:
        say("No rail looked at it.")
        return
    rows = [
        (
            each.rail,
            each.side,
            each.outcome,
            ", ".join(each.kinds),
            "" if each.score is None else f"{each.score:.3f}",
            "" if each.ms is UNSET else f"{each.ms:.0f}",
            each.never_event,
            each.reason,
        )
        for each in seen.rails
    ]
    table(("rail", "side", "outcome", "found", "score", "ms", "never event", "why"), rows)


def _say_review(seen: Observation, loop: Any, directory: Path) -> None:
    """What people decided about it, where it was held."""
    from roadworthy.flows.entries.review_entries import review_name, reviews_of
    from roadworthy.flows.reviews.queue import is_waited_for

    if not is_waited_for(seen):
        return
    known = reviews_of(loop.ledger, loop.trust, seen.id).get(seen.id)
    last = known.decided if known is not None else None
    if last is not None:
        why = f": {printable(last.reason)}" if last.reason else ""
        say(f"{'review':>12}  {last.decision} by {last.name}, {last.time[:19]}Z{why}")
        return
    show = f"roadworthy review show {review_name(seen)}{same_system(directory)}"
    say(f"{'review':>12}  waits for people: {show}")


def _unsealed(loop: Any, deployment: Any, seen: Observation) -> dict[str, str]:
    from roadworthy.wiring.road import Road

    witness = Road(loop, deployment).witness(seen.id)
    if witness is None:
        return {"texts": "erased, or never kept"}
    raw = witness.raw_output
    found = {"input": witness.input, "output": witness.output}
    more = {
        "model said": raw if raw != witness.output else "",
        "tool calls": witness.called,
        "error": witness.error,
    }
    return found | {name: text for name, text in more.items() if text}
