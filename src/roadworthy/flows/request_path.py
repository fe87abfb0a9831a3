"""The request line: one request, top to bottom. Read this first.

What enters: a `Call` (who asks, in which slice, what). What leaves: the pieces that the rails
let through, then exactly one `Reply`. What never happens here: an append to the ledger, a read
of the working tree, a second path for plain answers (a plain answer is a collected stream).

    serve   1 route and kill switch
            2 opening record (streams)
    3 answer    3.1 input rails, and what may leave (letting_in.py)
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
from typing import Any

from msgspec import Struct, field, structs

from roadworthy.domain import (
    UNHEARD,
    Action,
    Call,
    Clock,
    Journal,
    ModelRequest,
    Observation,
    ProviderError,
    RailVerdict,
    RoadworthyError,
    RoutingTable,
    TextContext,
)
from roadworthy.serving import (
    Decided,
    Flight,
    Listeners,
    OutputRails,
    RailOutcome,
    Ticket,
    beside_text,
    checked_calls,
    decide,
    delta_text,
    input_texts,
    read_confidence,
    read_label,
    thought_text,
    thoughts,
    tool_calls,
    without_thoughts,
)

from .asking import remember, said_to
from .deep_look import ask_of_output
from .endings import cut_off, disclosed, opened, refused
from .letting_in import let_in, may_leave
from .mitigating import mitigated
from .service import Service
from .trace import Path, Reply, Trace, Walk
from .witnessing import witness


class PathDeps(Struct, frozen=True, kw_only=True):
    """What `serve` needs beside the call."""

    table: Callable[[], RoutingTable]
    services: Mapping[str, Service]
    """Bundle digest -> service; only releases that verification admitted are in it."""
    journal: Journal
    flight: Flight
    listeners: Listeners = field(default_factory=Listeners)
    """Who was told that it is an AI system."""
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
        table = deps.table()
        ticket.kill = table.killed(system=call.system, tenant=call.tenant, facets=call.facets)
        release, service = _routed(call, table, deps)
        if ticket.kill is not None or service is None:
            reply = refused(call, deps.clock, kill=ticket.kill, release=release)
            await deps.journal.close(reply.observation, witness(reply, call))
            yield reply
            return
        heard = deps.listeners.knows(call)
        told = None if call.stage in UNHEARD else service.notice.of(call, heard=heard)
        # 2 opening record
        if call.stream:
            await opened(call, service, deps.journal, deps.clock)
        # 3 answer
        sent: list[str] = []
        ended = False
        broken: RoadworthyError | None = None
        source = mitigated(table, walk or answer)(call, service, deps.clock)
        try:
            while (item := await _next(source, ticket)) is not None:
                # 4 disclose
                if isinstance(item, str):
                    piece = told.opening + item if told is not None and not sent else item
                    sent.append(piece)
                    yield piece
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


def _routed(call: Call, table: RoutingTable, deps: PathDeps) -> tuple[str, Service | None]:
    """The release that is to answer: the live one, or what the door chose beside it."""
    route = table.routes.get(call.system)
    if route is None:
        return call.release, None
    release = call.release or route.live
    return release, deps.services.get(release)


async def _next(source: Path, ticket: Ticket) -> str | Reply | None:
    """The path's next item; `_KILLED` once its scope is stopped; None at its end."""
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
        unsaid = await _check_tool_calls(call, service, trace, looking)
        if unsaid is not None:
            yield trace.stopped(unsaid)
            return
        if trace.logprobs:
            trace.logprobs_leave = _logprobs_pass(service, trace, looking)
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


async def _check_tool_calls(
    call: Call, service: Service, trace: Trace, looking: TextContext
) -> Action | None:
    """Look at what tool calls say. The action that stops them, or None when they may leave.

    They leave whole, with the reply, so a rail sees all of them. A rail that would change them
    blocks: half-redacted arguments are no call that anybody asked for. Of a managed call only
    tools on the release's list leave: it was told of no other.
    """
    if not trace.deltas:
        return None
    thought = _thoughts_that_pass(call, service, trace, looking)
    trace.deltas = without_thoughts(trace.deltas)
    if not trace.deltas:
        trace.deltas = thought
        return None
    if call.managed and any(each.name not in service.tools for each in tool_calls(trace.deltas)):
        trace.verdicts.append(_UNLISTED)
        return "blocked"
    text = delta_text(trace.deltas)
    rails = service.rails.output(looking)
    left = rails.feed(text)
    outcome = rails.finish()
    if service.rails.deep_output is not None:
        outcome = await ask_of_output(call, outcome, left, service, looking)
    trace.note(outcome)
    if outcome.action != "answered":
        return outcome.action
    if left + outcome.text != text:
        return "blocked"
    calls = checked_calls(trace.deltas, lambda name: _pass(service, name, looking))
    trace.deltas = [*calls, *thought]
    return None


def _thoughts_that_pass(
    call: Call, service: Service, trace: Trace, looking: TextContext
) -> list[dict[str, Any]]:
    """What the model thought, where the caller asked that it thinks and no rail minds; else none.

    Nothing outside is asked of them, so where a rail would ask they stay.
    """
    if not call.thoughts or service.rails.deep_output is not None:
        return []
    found = thoughts(trace.deltas)
    passes = bool(found) and _pass(service, thought_text(found), looking)
    return [{"thoughts": list(found)}] if passes else []


def _logprobs_pass(service: Service, trace: Trace, looking: TextContext) -> bool:
    """Whether tokens and their alternatives may leave.

    Nothing outside is asked what alternatives spell, so where a rail would ask they stay.
    """
    if service.rails.deep_output is not None:
        return False
    return _pass(service, beside_text(trace.logprobs), looking)


def _pass(service: Service, text: str, looking: TextContext) -> bool:
    """Whether a text beside the answer may leave as it is; the answer does not hang on it."""
    rails = service.rails.output(looking)
    left = rails.feed(text)
    outcome = rails.finish()
    return outcome.action == "answered" and left + outcome.text == text


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


_UNLISTED = RailVerdict(
    rail="tools", side="output", outcome="block", kinds=("unlisted",),
    reason="a call of a tool that is not on the release's list",
)  # fmt: skip

_KILLED = Reply(
    text="",
    rest="",
    observation=Observation(id="", time="", system="", release="", stage="live"),
    finish_reason="",
)
"""Stands for "the scope was killed"; `serve` puts the real cut-off reply in its place."""
