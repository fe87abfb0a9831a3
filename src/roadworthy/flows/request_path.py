"""The request line: one request, top to bottom. Read this first.

What enters: a `Call` (who asks, in which slice, what). What leaves: the pieces that the rails
let through, then exactly one `Reply`. What never happens here: an append to the ledger, a read
of the working tree, a second path for plain answers (a plain answer is a collected stream).

    serve   1 route and kill switch
            2 opening record (streams)
    3 answer    3.1 input rails, and what may leave (request/letting_in.py)
                        3.2 compose
                        3.3 model
                        3.4 output rails, held back
                        3.5 decide
                        3.6 finish the rails
            4 disclose: people learn that they talk to an AI system
            5 closing record: nothing leaves before it is on disk
            6 reply

An evaluation walks `answer`; the gateway walks `serve`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from msgspec import Struct, field, structs

from roadworthy.domain import (
    UNHEARD,
    Call,
    Clock,
    Journal,
    KillFlag,
    ModelRequest,
    Observation,
    ProviderError,
    RailVerdict,
    RoadworthyError,
    RoutingTable,
    TextContext,
)
from roadworthy.serving import (
    BuiltRail,
    Decided,
    Flight,
    Listeners,
    OutputRails,
    RailOutcome,
    Ticket,
    Told,
    decide,
    input_texts,
    read_confidence,
    read_label,
)

from .request.asking import remember, said_to
from .request.beside_answer import check_tool_calls, logprobs_pass
from .request.deep_look import ask_of_output
from .request.emergency_path import EmergencyRails, Latecomers, stop_of
from .request.endings import cut_off, disclosed, opened, refused
from .request.letting_in import let_in, may_leave
from .request.mitigating import mitigated
from .request.service import Service
from .request.trace import Path, Reply, Trace, Walk
from .request.witnessing import witness


class PathDeps(Struct, frozen=True, kw_only=True):
    """What `serve` needs beside the call."""

    table: Callable[[], RoutingTable]
    services: Mapping[str, Service]
    """Bundle digest -> service; only releases that verification admitted are in it."""
    journal: Journal
    flight: Flight
    listeners: Listeners = field(default_factory=Listeners)
    """Who was told that it is an AI system."""
    emergencies: EmergencyRails = field(default_factory=EmergencyRails)
    """Rails that came without a release."""
    clock: Clock


MOST_AGAIN = 2
"""So often the model is asked again at most, where a rail resamples."""
AGAIN_TEMPERATURE = 0.7
"""Then at least: drawn greedily, the same answer would come."""


async def serve(call: Call, deps: PathDeps, walk: Walk | None = None) -> Path:
    """Answer one live request. Yields what may leave, then one Reply.

    `walk` is another step 3 than `answer`, for what is no conversation.
    Raises EvidenceError when the journal cannot be written: then nothing more leaves.
    """
    ticket = deps.flight.board(call, asyncio.current_task())
    try:
        # 1 route and kill switch
        table, begun, ticket.kill = _standing(call, deps)
        release, service = _routed(call, table, deps)
        if ticket.kill is not None or service is None:
            reply = refused(call, deps.clock, kill=ticket.kill, release=release)
            await deps.journal.close(reply.observation, witness(reply, call))
            yield reply
            return
        told = _told(call, service, deps)
        # 2 opening record
        if call.stream:
            await opened(call, service, deps.journal, deps.clock)
        # 3 answer
        sent: list[str] = []
        ended = False
        broken: RoadworthyError | None = None
        late = Latecomers(call, service, table=table, begun=begun, sent=sent, told=told)
        source = mitigated(table, walk or answer)(call, service.tightened(begun), deps.clock)
        try:
            while (item := await _next(source, ticket, late, deps)) is not None:
                # 4 disclose
                if isinstance(item, str):
                    if item:
                        sent.append(item if sent or told is None else told.opening + item)
                        yield sent[-1]
                    continue
                reply = item
                if item is _KILLED:
                    reply = cut_off(call, service, deps.clock, kill=ticket.kill, sent="".join(sent))
                elif told is not None:
                    reply = disclosed(item, told, begun=bool(sent))
                ended = True
                # 5 closing record: nothing leaves before it is on disk
                await deps.journal.close(reply.observation, witness(reply, call))
                if told is not None and (reply.observation.notice_given or not told.in_text):
                    deps.listeners.hear(call, told)
                # 6 reply
                yield reply
                break
        except RoadworthyError as error:
            broken = error
            raise
        finally:
            await source.aclose()
            if not ended:
                reply = cut_off(
                    call, service, deps.clock, kill=ticket.kill, sent="".join(sent), broken=broken
                )
                await deps.journal.close(reply.observation, witness(reply, call))
    finally:
        deps.flight.land(ticket)


def _standing(
    call: Call, deps: PathDeps
) -> tuple[RoutingTable, tuple[BuiltRail, ...], KillFlag | None]:
    """The table, the emergency rails over the call, and what stops it."""
    table = deps.table()
    begun = deps.emergencies.over(call, table, deps.clock)
    kill = table.killed(system=call.system, tenant=call.tenant, facets=call.facets)
    return table, begun, kill or stop_of(begun)


def _told(call: Call, service: Service, deps: PathDeps) -> Told | None:
    """What its reader is told; nothing where nobody reads it."""
    if call.stage in UNHEARD:
        return None
    return service.notice.of(call, heard=deps.listeners.knows(call))


def _routed(call: Call, table: RoutingTable, deps: PathDeps) -> tuple[str, Service | None]:
    """The release that is to answer: the live one, or what the door chose beside it."""
    route = table.routes.get(call.system)
    if route is None:
        return call.release, None
    release = call.release or route.live
    return release, deps.services.get(release)


async def _next(
    source: Path, ticket: Ticket, late: Latecomers, deps: PathDeps
) -> str | Reply | None:
    """The path's next item, as emergency rails that came meanwhile let it leave (maybe nothing).

    `_KILLED` once its scope is stopped; None at its end.
    """
    if ticket.stopped():
        return _KILLED
    ticket.waiting = True
    try:
        item = await anext(source)
    except StopAsyncIteration:
        return None
    except asyncio.CancelledError:
        if not ticket.stopped() or ticket.task is None:
            raise
        ticket.task.uncancel()
        return _KILLED
    finally:
        ticket.waiting = False
    now = deps.table()
    if late.behind(now) and not ticket.stopped():
        ticket.kill = late.join(deps.emergencies.over(ticket.call, now, deps.clock), now)
        item = late.look(item, deps.clock)
    return _KILLED if ticket.stopped() else item


async def answer(call: Call, service: Service, clock: Clock) -> Path:
    """Walk one call through rails and model. Yields what may leave, then one Reply."""
    started = clock.monotonic()
    texts = input_texts(call)
    asked = "\n".join(texts)
    trace = Trace(call, service, clock, started, asked=asked)
    # 3.1 input rails, and what may leave
    call, names, action = await let_in(call, texts, service, trace)
    if action != "answered":
        yield trace.stopped(action)
        return
    # 3.2 compose
    request = service.composer.compose(call)
    if not may_leave(request, service, trace):
        yield trace.stopped("blocked")
        return
    looking = TextContext(side="output", input=asked, facets=call.facets, context=call.context)
    for turn in range(1 + MOST_AGAIN):
        # 3.3 model, 3.4 output rails
        rails = service.rails.output(looking, streamed=call.stream)
        try:
            prior = await service.prior()
            chunks = said_to(call, request, service, trace, names)
            try:
                async for chunk in chunks:
                    trace.take(chunk)
                    piece = "" if service.decision and call.managed else rails.feed(chunk.text)
                    if piece:
                        trace.left(piece)
                        yield piece
                    if rails.stopped:
                        break
            finally:
                await chunks.aclose()
            # 3.5 decide
            decided = _decide(call, service, trace, prior)
            decided = decided and service.acceptance.calibrated(decided)
        except ProviderError as error:
            yield trace.failed(error)
            return
        # 3.6 finish the rails
        if names is not None:
            trace.deltas = names.in_calls(trace.deltas)
        unsaid = await check_tool_calls(call, service, trace, looking)
        if unsaid is not None:
            yield trace.stopped(unsaid)
            return
        if trace.logprobs:
            trace.logprobs_leave = logprobs_pass(service, trace, looking)
        outcome = await _ended(call, service, trace, rails, looking, decided)
        reply = _finish(service, trace, outcome, decided, last=turn == MOST_AGAIN)
        if reply is not None:
            yield reply
            return
        request = _otherwise(request, turn + 1)
        trace.again()


def _otherwise(request: ModelRequest, turn: int) -> ModelRequest:
    """The same request, so drawn that another answer may come (rejection sampling)."""
    sampling = request.sampling
    drawn = structs.replace(
        sampling,
        seed=(sampling.seed or 0) + turn,
        temperature=max(sampling.temperature, AGAIN_TEMPERATURE),
    )
    return structs.replace(request, sampling=drawn)


def _decide(
    call: Call, service: Service, trace: Trace, prior: dict[str, float] | None
) -> Decided | None:
    """The decision of a managed decision call; None for every other call."""
    if service.decision is None or not call.managed:
        return None
    labels = service.decision.labels
    if trace.refused:
        return Decided("", None, {})
    if service.decision.confidence == "verbalised":
        return Decided(read_label(trace.raw, labels), read_confidence(trace.raw), {})
    if trace.label_logprobs is None:
        label = read_label(trace.raw, labels)
        return Decided(label, None, {})
    try:
        return decide(trace.label_logprobs, labels, prior)
    except ValueError as error:
        raise ProviderError(
            f"the model's answer cannot be decided: {error}", retryable=False
        ) from None


async def _ended(
    call: Call,
    service: Service,
    trace: Trace,
    rails: OutputRails,
    looking: TextContext,
    decided: Decided | None,
) -> RailOutcome:
    """The answer is complete, with its decision: what the output rails say."""
    if decided is None:
        outcome = rails.finish()
    else:
        piece = "" if rails.stopped else rails.feed(decided.label or trace.raw)
        outcome = rails.finish(decision=decided.label, confidence=decided.confidence)
        outcome = structs.replace(outcome, text=piece + outcome.text)
    if service.rails.deep_output is not None:
        outcome = await ask_of_output(call, outcome, trace.sent, service, looking)
    return outcome


def _finish(
    service: Service, trace: Trace, outcome: RailOutcome, decided: Decided | None, *, last: bool
) -> Reply | None:
    """Close the trace with the output rails' word; None: ask again."""
    trace.note(outcome)
    if outcome.again and not last:
        return None
    doubt = "" if decided is None else service.acceptance.doubt(decided)
    if decided is not None and outcome.action == "answered" and doubt:
        trace.verdicts.append(
            RailVerdict(
                rail="decision",
                side="output",
                outcome="hold",
                score=decided.confidence,
                reason=doubt,
            )
        )
        return trace.stopped("held", decided)
    return remember(trace.done(outcome, decided), service, trace)


_KILLED = Reply(
    text="",
    rest="",
    observation=Observation(id="", time="", system="", release="", stage="live"),
    finish_reason="",
)
"""Stands for "the scope was killed"; `serve` puts the real cut-off reply in its place."""
