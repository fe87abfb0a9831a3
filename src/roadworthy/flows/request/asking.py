"""Step 3.3 of the request line: what the model says, or said before to the same question.

    1 the same question       all that the model would be told is the same
    2 one that asks the same  where the charter allows it: the same words but for how a wish is put

What enters: a composed request. What leaves: chunks. What never happens here: an answer kept for a
question that asks the same unless every rail let question and answer pass untouched, no tool was
called and no personal data is in either; data of a caller in what is kept (it has the names).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

from msgspec import structs

from roadworthy.domain import Call, Chunk, ModelRequest
from roadworthy.serving import (
    ExactCache,
    Pseudonyms,
    comes_to,
    input_text,
    is_nobodys,
    put_back,
    replayed,
)

from .service import Service
from .trace import Reply, Trace

_PLAIN = {"role", "content"}


def said_to(
    call: Call, request: ModelRequest, service: Service, trace: Trace, names: Pseudonyms | None
) -> AsyncGenerator[Chunk, None]:
    """What the model says, or said before; of data, where names stand for it."""
    cache = service.cache
    if cache is None:
        chunks = service.stream(request)
    else:
        key = cache.key(call, request)
        known = cache.find(key)
        if known is None and cache.likens:
            known = _said_to_its_like(call, key, cache, service, trace)
        trace.cached = known is not None
        chunks = replayed(known) if known is not None else _remembered(key, request, service)
    return chunks if not names else put_back(chunks, names)


def remember(reply: Reply, service: Service, trace: Trace) -> Reply:
    """The reply, kept for questions that ask the same where it may be."""
    cache = service.cache
    if trace.alike is None or cache is None or trace.cached:
        return reply
    seen = reply.observation
    said = seen.action == "answered" and not seen.never and not reply.deltas
    whole = reply.finish_reason == "stop" and not trace.refused and reply.text == trace.raw
    if said and whole and _untouched(trace) and is_nobodys(reply.text):
        cache.liken(*trace.alike)
    return reply


def _said_to_its_like(
    call: Call, key: bytes, cache: ExactCache, service: Service, trace: Trace
) -> tuple[Chunk, ...] | None:
    """2. What was said to a question that asks the same; None where nobody asked one."""
    plainly = _put_plainly(call)
    if plainly is None or not _untouched(trace) or not is_nobodys(input_text(call)):
        return None
    like = cache.key(call, service.composer.compose(plainly), alike=True)
    trace.alike = (like, key)
    known = cache.find_alike(like)
    trace.similar = known is not None
    return known


def _untouched(trace: Trace) -> bool:
    """Whether every rail that looked so far found nothing."""
    return all(verdict.outcome == "passed" for verdict in trace.verdicts)


def _put_plainly(call: Call) -> Call | None:
    """The call with its question as it comes to; None for what is no single question in words."""
    if call.steps or call.extra or call.prompt is not None or call.begun or call.context:
        return None
    if call.managed:
        text = call.variables.get("input")
        said = comes_to(text) if isinstance(text, str) and not call.messages else None
        filled = {**call.variables, "input": said}
        return structs.replace(call, variables=filled) if said else None
    *told, last = call.messages or ({},)
    if any(each.get("role") not in ("system", "developer") for each in told):
        return None
    text = last.get("content")
    if last.get("role") != "user" or not last.keys() <= _PLAIN or not isinstance(text, str):
        return None
    said = comes_to(text)
    plainly = (*told, {"role": "user", "content": said})
    return structs.replace(call, messages=plainly) if said else None


async def _remembered(
    key: bytes, request: ModelRequest, service: Service
) -> AsyncGenerator[Chunk, None]:
    """The model's reply, kept once it ended well."""
    heard: list[Chunk] = []
    chunks = service.stream(request)
    try:
        async for chunk in chunks:
            heard.append(chunk)
            yield chunk
    finally:
        await chunks.aclose()
    if service.cache is not None:
        service.cache.keep(key, heard)
