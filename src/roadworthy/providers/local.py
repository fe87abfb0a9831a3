"""The `local` provider: a GGUF model through llama.cpp, in this process, without a network.

A ModelRequest enters, chunks leave. The same request gives the same answer on the same machine,
whatever ran before (see local_server). Decisions come with every label's probability.
"""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import (
    Chunk,
    Model,
    ModelRequest,
    ProviderError,
    TokenLogprob,
    Usage,
    UsageError,
)

from .local_labels import LabelTokens, label_probabilities
from .local_prompt import TokenPrompt, template_named, token_prompt
from .local_server import Completion, LocalOptions, LocalServer
from .local_tools import CallReader, plain_messages, tools_of
from .time_limit import time_limit
from .weights import locate_weights

_MOST_ALTERNATIVES = 20
_FINISH = {"eos": "stop", "word": "stop", "limit": "length"}


class LocalModel:
    """One model in memory; it is loaded at the first call."""

    def __init__(self, model: Model, weights: Path) -> None:
        """Raises UsageError for options that cannot be used."""
        self.name = "local"
        options = _options(model)
        template = options.chat_template or ("" if model.file else "gemma")
        self._template = template_named(template or "plain")
        self._options = options
        self._server = LocalServer(weights, options)
        self._labels = LabelTokens(self._server, variants=options.variants)

    async def warm(self) -> None:
        """Load the model now. Raises ProviderError."""
        async with self._server.turn:
            await self._server.start()

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the reply; see the port. Loading the model does not count as time of the call."""
        if request.labels:
            async with self._turn(request):
                chunk = await self._decide(request)
            yield chunk
            return
        tools = tools_of(request, call_first=self._options.call_first)
        said = msgspec.structs.replace(request, messages=plain_messages(request.messages, tools))
        reader = CallReader(tools, place=len(request.messages)) if tools.functions else None
        async with self._turn(request):
            prompt, where, room = await self._prepared(said)
            ask = {**where, "prompt": prompt.tokens, **_sampling(request, room)}
            if tools.required:
                ask["grammar"] = tools.grammar()
            async with aclosing(self._server.events(ask, timeout_s=time_limit(request))) as events:
                async for event in events:
                    if event.stop:
                        self._finished(prompt, where)
                    chunk = _chunk(event, prompt)
                    yield reader.read(chunk) if reader is not None else chunk

    @asynccontextmanager
    async def _turn(self, request: ModelRequest) -> AsyncIterator[None]:
        turn = self._server.turn
        try:
            async with asyncio.timeout(time_limit(request)):
                await turn.acquire()
        except TimeoutError:
            raise ProviderError("the local model was busy for too long", retryable=True) from None
        try:
            yield
        finally:
            turn.release()

    async def _prepared(self, request: ModelRequest) -> tuple[TokenPrompt, dict[str, Any], int]:
        """The prompt, the slot to use, and the tokens left for the answer."""
        await self._server.start()
        prompt = await token_prompt(request, self._server, self._template)
        room = self._options.context - len(prompt.tokens)
        if room < 1:
            raise ProviderError(
                f"the prompt has {len(prompt.tokens)} tokens, the model reads at most "
                f"{self._options.context - 1}",
                retryable=False,
                status=400,
            )
        where = await self._server.prepare(
            prompt.tokens, prompt.shared, timeout_s=time_limit(request)
        )
        return prompt, where, room

    async def aclose(self) -> None:
        """Unload the model."""
        await self._server.aclose()

    async def _decide(self, request: ModelRequest) -> Chunk:
        prompt, where, _ = await self._prepared(request)
        written = await self._labels.of(request.labels, after_space=prompt.open_space)
        logprobs = await label_probabilities(
            self._server, prompt, written, where, timeout_s=time_limit(request)
        )
        self._finished(prompt, where)
        return Chunk(
            text=_choose(request, logprobs),
            finish_reason="stop",
            usage=Usage(
                input_tokens=len(prompt.tokens),
                output_tokens=1,
                cached_input_tokens=prompt.shared,
                raw={"prompt_tokens": len(prompt.tokens), "shared_tokens": prompt.shared},
            ),
            label_logprobs=logprobs,
        )

    def _finished(self, prompt: TokenPrompt, where: dict[str, Any]) -> None:
        if prompt.shared:
            self._server.finished(where["id_slot"], prompt.tokens[prompt.shared])


def make_local(model: Model, root: str) -> LocalModel:
    """The provider of a `local` model, its weights verified. Raises as `locate_weights`."""
    if model.adapter:
        raise UsageError(
            "adapters of local models are not supported yet",
            fix="merge the adapter into a GGUF file and name that with model.file",
        )
    if model.file and not _options(model).chat_template:
        raise UsageError(
            f"model {model.name!r}: say which chat template these weights were trained with",
            fix="write model.options.chat_template: gemma, chatml or plain",
        )
    return LocalModel(model, locate_weights(model, root))


def _options(model: Model) -> LocalOptions:
    try:
        options = msgspec.convert(model.options, LocalOptions)
    except msgspec.ValidationError as error:
        raise UsageError(f"model.options of {model.name!r}: {error}") from None
    if options.slots < 1 or options.context < 64 or options.threads < 0:
        raise UsageError(
            f"model.options of {model.name!r}: slots from 1, context from 64, threads from 0"
        )
    return options


def _sampling(request: ModelRequest, room: int) -> dict[str, Any]:
    sampling = request.sampling
    ask: dict[str, Any] = {
        "n_predict": min(sampling.max_tokens, room),
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": 0.0,
        "stop": sampling.stop,
    }
    if sampling.seed is not None:
        ask["seed"] = sampling.seed + request.repeat
    if request.logprobs:
        wish = request.extra.get("top_logprobs")
        ask["n_probs"] = max(1, min(_MOST_ALTERNATIVES, wish if type(wish) is int else 1))
    return ask


def _chunk(event: Completion, prompt: TokenPrompt) -> Chunk:
    logprobs = tuple(
        TokenLogprob(
            token=step.token,
            logprob=step.logprob or 0.0,
            top={way.token: way.logprob or 0.0 for way in step.top_logprobs},
        )
        for step in event.completion_probabilities
    )
    if not event.stop:
        return Chunk(text=event.content, logprobs=logprobs)
    usage = Usage(
        input_tokens=len(prompt.tokens),
        output_tokens=event.tokens_predicted,
        cached_input_tokens=event.timings.cache_n,
        raw={
            "prompt_n": event.timings.prompt_n,
            "cache_n": event.timings.cache_n,
            "predicted_n": event.tokens_predicted,
        },
    )
    reason = _FINISH.get(event.stop_type, "stop")
    return Chunk(text=event.content, finish_reason=reason, usage=usage, logprobs=logprobs)


def _choose(request: ModelRequest, logprobs: dict[str, float]) -> str:
    """The likeliest label; with a temperature, one drawn by it, the same for the same seed."""
    temperature = request.sampling.temperature
    if temperature <= 0.0:
        return max(request.labels, key=logprobs.__getitem__)
    seed = request.sampling.seed
    # The seed is part of the request: draws must be repeatable, not secret.
    draw = random.Random(None if seed is None else f"{seed}:{request.repeat}")  # noqa: S311
    best = max(logprobs.values())
    weights = [math.exp((logprobs[x] - best) / temperature) for x in request.labels]
    return draw.choices(request.labels, weights)[0]
