"""What a model says now, beside what it said first: known again by digests, none of its words.

Enters: requests, a service without a cache. Leaves: what each answer is known by, and in what two
of them differ. Never here: an answer that was cut off, failed or cannot be read, taken for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Literal

from msgspec import Struct

from roadworthy.domain import ModelRequest, ProviderError, sha256
from roadworthy.serving import decide, read_label

from ..request.service import Service

MOVED = 0.05
"""Half the sum of what the labels' probabilities differ by, from which on they have moved."""

Sign = Literal["answer", "probabilities", "tokens"]


class Said(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an answer is known again by: none of its words."""

    answer: str
    """Digest of the label, or of the text without blanks around it."""
    chances: dict[str, str] = {}
    """Label -> probability, four digits."""
    tokens: int = 0
    """Of the input, as the provider counted them; 0: it did not say. Another count is another
    tokenizer, or other words around the prompt."""


async def answers(
    requests: Mapping[str, ModelRequest], service: Service, at_once: int
) -> dict[str, Said]:
    """What the model says now, of those cases that it answers."""
    gate = asyncio.Semaphore(max(1, at_once))

    async def one(request: ModelRequest) -> Said | None:
        async with gate:
            return await _said(request, service)

    found = await asyncio.gather(*(one(each) for each in requests.values()))
    return {key: said for key, said in zip(requests, found, strict=True) if said is not None}


async def _said(request: ModelRequest, service: Service) -> Said | None:
    """One answer; None where it failed, was cut off or cannot be read."""
    text, tokens, ended = "", 0, False
    logprobs: dict[str, float] | None = None
    try:
        async with aclosing(service.stream(request)) as chunks:
            async for chunk in chunks:
                text += chunk.text
                ended = ended or bool(chunk.finish_reason)
                logprobs = chunk.label_logprobs or logprobs
                tokens = chunk.usage.input_tokens if chunk.usage is not None else tokens
        decided = decide(logprobs, request.labels) if logprobs and request.labels else None
    except (ProviderError, ValueError):
        return None
    if not ended:
        return None
    answer = text.strip()
    chances: dict[str, str] = {}
    if decided is not None:
        answer = decided.label
        chances = {label: f"{chance:.4f}" for label, chance in decided.probabilities.items()}
    elif request.labels:
        answer = read_label(text, request.labels) or answer
    return Said(answer=sha256(answer.encode()), chances=chances, tokens=tokens)


def signs_of(now: Said, first: Said) -> tuple[Sign, ...]:
    """In what an answer differs from the first one; empty: in nothing."""
    found: list[Sign] = []
    if now.answer != first.answer:
        found.append("answer")
    labels = {*now.chances, *first.chances}
    both = bool(now.chances) and bool(first.chances)
    apart = sum(
        abs(float(now.chances.get(each, 0)) - float(first.chances.get(each, 0))) for each in labels
    )
    if both and apart / 2 > MOVED:
        found.append("probabilities")
    if now.tokens and first.tokens and now.tokens != first.tokens:
        found.append("tokens")
    return tuple(found)
