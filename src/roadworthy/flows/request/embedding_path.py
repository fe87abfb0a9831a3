"""The way of a call for vectors: what step 3 of the request line is where nothing is said.

What enters: a call whose messages are the texts. What leaves: one Reply with a vector a text, and
no text. What never happens here: a text that an upstream sees and no input rail has, or a vector
kept in the journal; its digest is. No output rail can read a vector: each says "not checked".
"""

from __future__ import annotations

from contextlib import aclosing

import msgspec
from msgspec import structs

from roadworthy.domain import (
    Call,
    Chunk,
    Clock,
    ModelRequest,
    ProviderError,
    UsageError,
    sha256,
)
from roadworthy.serving import RailOutcome, input_texts

from .letting_in import let_in
from .service import Service
from .trace import Path, Trace

_NO_TEXT = "the answer is vectors, which no rail reads"

_vectors = msgspec.json.Decoder(list[list[float]])


async def embed(call: Call, service: Service, clock: Clock) -> Path:
    """Walk one call through the input rails and the embedding model. Yields one Reply.

    Raises UsageError where the release's model makes no vectors.
    """
    started = clock.monotonic()
    embedder = service.embedder()
    if embedder is None:
        model = service.content.candidate.model
        raise UsageError(
            f"the model of {call.system} makes no vectors: its provider is {model.provider}",
            fix="ask a system whose model.provider is openai_compatible",
        )
    texts = input_texts(call)
    trace = Trace(call, service, clock, started, asked="\n".join(texts))
    call, _, action = await let_in(call, texts, service, trace)
    if action != "answered":
        yield trace.stopped(action)
        return
    request = ModelRequest(
        model=service.content.candidate.model.name, messages=call.messages, extra=call.extra
    )
    said = ""
    try:
        async with aclosing(embedder.stream(request)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                said += chunk.text
                trace.take(Chunk(usage=chunk.usage, finish_reason=chunk.finish_reason))
        vectors = _read(said, len(call.messages))
    except ProviderError as error:
        yield trace.failed(error)
        return
    verdicts = service.rails.unread(_NO_TEXT)
    reply = trace.done(RailOutcome(text="", verdicts=verdicts), None)
    about = {"vectors": {"count": len(vectors), "dimensions": len(vectors[0])}}
    observation = structs.replace(
        reply.observation,
        rails=(*reply.observation.rails, *verdicts),
        output_digest=sha256(said.encode()),
        attributes={**reply.observation.attributes, **about},
    )
    yield structs.replace(reply, observation=observation, vectors=vectors)


def _read(said: str, count: int) -> tuple[list[float], ...]:
    """The vectors. Raises ProviderError unless there is one a text, all of one length."""
    try:
        found = _vectors.decode(said)
    except msgspec.DecodeError:
        found = []
    if len(found) != count or not found[0] or len({len(vector) for vector in found}) != 1:
        raise ProviderError(
            f"the upstream gave something that is not {count} vectors of one length",
            retryable=False,
        )
    return tuple(found)
