"""Hearing what became of an answer: a report comes in, and the worst kind acts at once.

What enters: an outcome that a tenant or a reviewer reports. What leaves: a record in the
journal, and for a violation by somebody who may say so, kill flags on every worker. What never
happens here: an append to the ledger (the control process records later), or a kill by a caller
without the scope for it.

    hear    1 the observation, which must be the caller's own or a reviewer's business
            2 a violation by a reviewer: stop its scope, then keep the outcome
            3 a claim by anyone else: keep it as a report that waits for a person
            4 anything else: keep it
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from roadworthy.domain import (
    Clock,
    KillFlag,
    NeverEvent,
    Observation,
    Outcome,
    UsageError,
    format_instant,
)
from roadworthy.serving import flags_for


class Notebook(Protocol):
    """Where outcomes are kept: the journal."""

    async def learn(
        self, outcome: Outcome, *, kind: Literal["outcome", "report"] = "outcome"
    ) -> None:
        """Keep an outcome, durably. Raises EvidenceError."""
        ...


class HearingDeps(Struct, frozen=True, kw_only=True):
    """What `hear` needs beside the outcome."""

    find: Callable[[str], Awaitable[Observation | None]]
    never: Callable[[str], Mapping[str, NeverEvent]]
    """System -> its never events by id, of the live release."""
    brake: Callable[[Sequence[KillFlag]], Awaitable[Sequence[KillFlag]]]
    """Stops the scopes of the flags; gives the flags that stand for them."""
    notebook: Notebook
    clock: Clock


class Heard(Struct, frozen=True, kw_only=True):
    """What was made of an outcome."""

    state: Literal["kept", "acted", "waiting"]
    """`waiting`: a person must look before anything is stopped."""
    kills: tuple[KillFlag, ...] = ()


async def hear(outcome: Outcome, deps: HearingDeps, *, tenant: str, reviewer: bool) -> Heard:
    """Take an outcome. Raises UsageError when it is about nothing, EvidenceError when not kept."""
    # 1 the observation
    observation = await deps.find(outcome.observation)
    if observation is None or not (reviewer or observation.tenant == tenant):
        raise UsageError(
            f"there is no observation {outcome.observation!r}",
            fix="give the id that the answer carried in x-roadworthy-observation",
        )
    if not (outcome.never_event or outcome.label):
        await deps.notebook.learn(outcome)  # 4
        return Heard(state="kept")
    if not reviewer:
        await deps.notebook.learn(outcome, kind="report")  # 3
        return Heard(state="waiting")
    if not outcome.never_event:
        await deps.notebook.learn(outcome)  # 4
        return Heard(state="kept")
    # 2 a violation
    events = deps.never(observation.system)
    event = events.get(outcome.never_event)
    if event is None:
        known = ", ".join(sorted(events)) or "none"
        raise UsageError(
            f"the charter of {observation.system} has no never event {outcome.never_event!r}",
            fix=f"it has: {known}",
        )
    flags = flags_for(
        event,
        observation,
        at=format_instant(deps.clock.now()),
        by=outcome.reporter,
        reason=f"reported: {event.statement}",
    )
    stand = await deps.brake(flags)
    await deps.notebook.learn(outcome)
    return Heard(state="acted", kills=tuple(stand))
