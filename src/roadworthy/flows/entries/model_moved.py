"""Whether the answers of a run are those of the model that answers now, as far as a sentinel knows.

Enters: the looks that the ledger holds, a run with its rows. Leaves: what keeps the gate closed.
Never here: a verdict on answers of a model that is gone, because they were asked in time or kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from roadworthy.domain import (
    Blocker,
    Entry,
    Model,
    Observation,
    ReleaseContent,
    RunSummary,
    UndecidedError,
    Verdict,
    digest_of,
    plain,
)

from ..workspace.loop import Loop

RECORDED = "sentinel.recorded"
LOOKED = "sentinel.looked"
ASK_AGAIN = "roadworthy eval --fresh --no-cache"


def model_digest(model: Model) -> str:
    """What a sentinel's entries name a model by."""
    return digest_of(plain(model))


def model_moved(
    loop: Loop, content: ReleaseContent, run: RunSummary | None, rows: Sequence[Observation]
) -> list[Blocker]:
    """One blocker where the model was seen to change after the run's answers were given."""
    change = _newest_change(loop, content) if run is not None else None
    if run is None or change is None:
        return []
    kept = sum(row.cache_hit for row in rows)
    if run.started_at >= change.time and not kept:
        return []
    which = f"{kept} of its answers are from the cache" if kept else "this run is older"
    return [
        Blocker(
            verdict=Verdict.INCONCLUSIVE,
            reason=f"the model changed behind its name (entry {change.seq}, {change.time[:19]}Z), "
            f"and {which}: nothing says how the changed model answers",
            phase="model",
            step=ASK_AGAIN,
        )
    ]


def require_unmoved(loop: Loop, content: ReleaseContent) -> None:
    """Raises UndecidedError where the model was seen to change after the gate decided."""
    change = _newest_change(loop, content)
    decided = loop.ledger.newest(kind="gate.decided", subject=content.candidate_digest)
    if change is not None and (decided is None or decided.seq < change.seq):
        raise UndecidedError(
            f"the model changed behind its name (entry {change.seq}) after the gate decided",
            fix=f"{ASK_AGAIN}, then roadworthy gate",
        )


def _newest_change(loop: Loop, content: ReleaseContent) -> Entry | None:
    """The first look that saw the newest change of the candidate's model."""
    wanted = model_digest(content.candidate.model)
    first: dict[object, Entry] = {}
    for entry in loop.ledger.entries(kind=LOOKED, system=content.system):
        if entry.payload["verdict"] == "changed" and entry.payload["model"] == wanted:
            first.setdefault((entry.subject, entry.payload["baseline"]), entry)
    return max(first.values(), key=lambda entry: entry.seq, default=None)
