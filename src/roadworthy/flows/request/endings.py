"""How a call ends that ran its way otherwise: cut off, refused, degraded, or told of an AI.

Enters: a call, and what is known of its end. Leaves: an observation or a reply. Never here: a
word of the model that did not leave taken for one that did.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from msgspec import structs

from roadworthy.domain import (
    Action,
    Call,
    Clock,
    Journal,
    KillFlag,
    Mitigation,
    Observation,
    RoadworthyError,
    format_instant,
    sha256,
)
from roadworthy.serving import Told, input_text

from .service import Service
from .trace import Reply, identity
from .witnessing import asked_of, witness


def opening(call: Call, service: Service, clock: Clock) -> Observation:
    """The record before a stream's first byte; `interrupted` until the closing one."""
    return Observation(
        **identity(call, service, format_instant(clock.now())),
        status="interrupted",
        input_digest=sha256(input_text(call).encode()),
    )


async def opened(call: Call, service: Service, journal: Journal, clock: Clock) -> None:
    """The record before a stream's first byte. Raises EvidenceError when it cannot be written.

    Who hangs up meanwhile leaves it all the same, so it is closed: else it was open for ever.
    """
    try:
        await journal.open(opening(call, service, clock), asked_of(call))
    except asyncio.CancelledError:
        reply = cut_off(call, service, clock, kill=None, sent="")
        await journal.close(reply.observation, witness(reply, call))
        raise


def cut_off(
    call: Call,
    service: Service,
    clock: Clock,
    *,
    kill: KillFlag | None,
    sent: str,
    broken: RoadworthyError | None = None,
) -> Reply:
    """The reply of a call that a kill, an error or a lost client cut off, with what was sent."""
    why = f"kill switch: {kill.id}" if kill else "the client went away"
    quoted = broken.message if broken and not kill else ""
    asked = input_text(call)
    observation = Observation(
        **identity(call, service, format_instant(clock.now())),
        status="interrupted",
        action="killed" if kill else "error",
        error=f"{type(broken).__name__}: {quoted}" if quoted else why,
        quoted=quoted,
        finish_reason="content_filter" if kill else "",
        output=sent,
        input_digest=sha256(asked.encode()),
        output_digest=sha256(sent.encode()),
        mitigation=kill.id if kill else "",
    )
    return Reply(
        text=sent,
        rest="",
        observation=observation,
        finish_reason="content_filter",
        kill=kill,
        error=observation.error,
        asked=asked,
    )


def disclosed(reply: Reply, told: Told, *, begun: bool) -> Reply:
    """The reply with what its reader is told; `begun`: the sentence left with an earlier piece.

    A reply without text (tool calls) tells nobody by its text; a fallback is no model's text.
    """
    if reply.observation.action != "answered" and not begun:
        people = told.of_people
        if people is None:
            return reply
        told = people
    opening = told.opening if reply.text else ""
    where = "answer" if opening else "field"
    said = {"sentence": told.said, "language": told.language, "where": where}
    seen = structs.replace(
        reply.observation, attributes={**reply.observation.attributes, "notice": said}
    )
    if not opening:
        return structs.replace(reply, observation=seen)
    text = opening + reply.text
    seen = structs.replace(
        seen,
        notice_given=True,
        output=text,
        output_digest=sha256(text.encode()),
        raw_output=seen.raw_output or seen.output,
    )
    rest = reply.rest if begun else opening + reply.rest
    return structs.replace(reply, text=text, rest=rest, observation=seen)


def refused(call: Call, clock: Clock, *, kill: KillFlag | None, release: str) -> Reply:
    """The reply of a call that no release may answer."""
    error = f"kill switch: {kill.id}" if kill else "no verified release serves this system"
    asked = input_text(call)
    observation = Observation(
        id=call.id,
        time=format_instant(clock.now()),
        system=call.system,
        release=release,
        stage=cast(Any, call.stage),
        tenant=call.tenant,
        end_user=call.end_user,
        facets=call.facets,
        session=call.session,
        status="refused",
        action="killed" if kill else "error",
        error=error,
        input_digest=sha256(asked.encode()),
        mitigation=kill.id if kill else "",
    )
    return Reply(
        text="",
        rest="",
        observation=observation,
        finish_reason="",
        kill=kill,
        error=error,
        asked=asked,
    )


def degraded(call: Call, service: Service, clock: Clock, found: Mitigation) -> Reply:
    """The reply of a call whose slice is in safe mode: the endpoint's fallback, unasked."""
    fallback = service.endpoint(call.endpoint).fallback
    asked = input_text(call)
    observation = Observation(
        **identity(call, service, format_instant(clock.now())),
        action="fallback",
        finish_reason="content_filter",
        output=fallback,
        input_digest=sha256(asked.encode()),
        output_digest=sha256(fallback.encode()),
        mitigation=found.id,
    )
    return Reply(
        text=fallback,
        rest=fallback,
        observation=observation,
        finish_reason="content_filter",
        asked=asked,
    )


def withheld(reply: Reply, text: str, *, rest: str, action: Action) -> Reply:
    """The reply of an answer that does not leave; `text` is all that its reader gets."""
    seen = reply.observation
    seen = structs.replace(
        seen,
        action=action,
        finish_reason="content_filter",
        output=text,
        output_digest=sha256(text.encode()),
        raw_output=seen.raw_output or reply.text,
    )
    return Reply(  # made anew: whatever else a reply may hold stays here
        text=text,
        rest=rest,
        observation=seen,
        finish_reason="content_filter",
        usage=reply.usage,
        asked=reply.asked,
    )
