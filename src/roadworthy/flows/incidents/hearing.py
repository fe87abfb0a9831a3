"""Hearing what became of an answer: a report comes in, and the worst kind acts at once.

What enters: an outcome that a tenant or a reviewer reports. What leaves: a record in the
journal, and for a violation by somebody who may say so, kill flags on every worker. What never
happens here: an append to the ledger (the control process records later), a kill by a caller
without the scope for it, a claim about what nobody here knows.

    hear    1 the observation, which must be the caller's own or a reviewer's business
            2 what is said of it: a never event and a label that its system has
            3 a violation by a reviewer: stop its scope, and keep the outcome
            4 a claim by anyone else: keep it as a report that waits for a person
            5 anything else: keep it
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from roadworthy.domain import (
    Clock,
    EvidenceError,
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


class Terms(Struct, frozen=True, kw_only=True):
    """In which words something may be said of an answer."""

    never: Mapping[str, NeverEvent]
    """Never events by id."""
    labels: Sequence[str] = ()
    """What a decision may be; empty where nothing is decided."""


class HearingDeps(Struct, frozen=True, kw_only=True):
    """What `hear` needs beside the outcome."""

    find: Callable[[str], Awaitable[Observation | None]]
    terms: Callable[[str], Terms | None]
    """System -> what its live release knows; None while that cannot be told."""
    brake: Callable[[Sequence[KillFlag]], Awaitable[Sequence[KillFlag]]]
    """Stops the scopes of the flags; gives the flags that stand for them, all of them, or raises
    EvidenceError."""
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
            field="observation",
        )
    if not (outcome.never_event or outcome.label):
        await deps.notebook.learn(outcome)  # 5
        return Heard(state="kept")
    # 2 what is said of it
    event = _in_terms(outcome, deps, observation.system)
    if not reviewer:
        await deps.notebook.learn(outcome, kind="report")  # 4
        return Heard(state="waiting")
    if event is None:
        await deps.notebook.learn(outcome)  # 5
        return Heard(state="kept")
    # 3 a violation
    flags = flags_for(
        event,
        observation,
        outcome,
        at=format_instant(deps.clock.now()),
        reason=f"reported: {event.statement}",
    )
    try:
        stand = await deps.brake(flags)
    finally:
        await deps.notebook.learn(outcome)  # a kill that failed here is tried again by the control
    return Heard(state="acted", kills=tuple(stand))


def _in_terms(outcome: Outcome, deps: HearingDeps, system: str) -> NeverEvent | None:
    """2. The never event that is meant, if one is. Raises UsageError on a word nobody knows."""
    terms = deps.terms(system)
    if terms is None:
        raise EvidenceError(
            f"the live release of {system} cannot be read now, so the report cannot be checked",
            fix="report again when GET /readyz is 200, or use roadworthy outcome add",
        )
    if outcome.label and outcome.label not in terms.labels:
        raise UsageError(
            f"{outcome.label!r} is no label of {system}",
            fix=f"it has: {', '.join(terms.labels)}" if terms.labels else "it has none; use note",
            field="label",
        )
    if not outcome.never_event:
        return None
    event = terms.never.get(outcome.never_event)
    if event is None:
        known = ", ".join(sorted(terms.never)) or "none"
        raise UsageError(
            f"the charter of {system} has no never event {outcome.never_event!r}",
            fix=f"it has: {known}",
            field="never_event",
        )
    return event
