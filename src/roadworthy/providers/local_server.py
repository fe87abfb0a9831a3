"""llama.cpp in this process: token ids go in, tokens and probabilities come out.

The server of `xllamacpp` runs on threads of its own and listens on a loopback port, which a
random key closes to everybody else; we speak HTTP to it because that is how a call can be
cancelled. One call at a time, and every call sees the same cached numbers, so that the same
request gives the same answer bit for bit (see `LocalServer.prepare`).
"""

from __future__ import annotations

import asyncio
import http.client
import os
import secrets
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from roadworthy.domain import ProviderError, UsageError

from .http_client import HttpClient, Response
from .sse import EventParser


class LocalOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`model.options` of a local model."""

    context: int = 4096
    """Tokens that prompt and answer may take together."""
    slots: int = 2
    """Prompt prefixes that are kept warm. Calls still run one at a time."""
    threads: int = 0
    """0: what the process was told (`THREADS_VARIABLE`), else half of the cores; at most 4.
    llama.cpp's threads spin, and collapse when they have to share their cores with a gateway.
    The number changes how long an answer takes, never what it says."""
    chat_template: str = ""
    """gemma | chatml | plain; empty: gemma for the built-in model."""
    variants: bool = True
    """Whether a label counts however it is capitalised."""
    call_first: bool = False
    """Whether what a user says must be answered by a call, where tools are offered; what the tools
    said is answered freely. A call that must be is decoded along the tools' schemas."""


MOST_THREADS = 4
"""More of them wait for each other longer than they help a model of this size."""

THREADS_VARIABLE = "ROADWORTHY_LOCAL_THREADS"
"""Environment variable: threads of a local model where the candidate names none."""


def _threads_wished() -> int:
    text = os.environ.get(THREADS_VARIABLE, "")
    return int(text) if text.isdecimal() else 0


RUNS_S = 60.0
"""How long a model that is loaded may take until its queue runs."""


def _wait_for_its_queue(address: str, key: str) -> None:
    """Ask what only a running queue answers; no slot is touched.

    A server that is unloaded before its queue runs never ends: whoever unloads it would wait for
    ever, and whoever waits for them. Raises OSError when it does not answer.
    """
    host = address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=RUNS_S)
    try:
        connection.request("GET", "/slots", headers={"authorization": f"Bearer {key}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise OSError(f"its server answers {answer.status}")
    finally:
        connection.close()


class TokenProbability(Struct):
    """One alternative, before (`logprob`) or after (`prob`) sampling."""

    id: int
    token: str = ""
    prob: float | None = None
    logprob: float | None = None


class TokenStep(Struct):
    """One generated token and its alternatives."""

    id: int
    token: str = ""
    logprob: float | None = None
    top_probs: list[TokenProbability] = field(default_factory=list)
    top_logprobs: list[TokenProbability] = field(default_factory=list)


class Timings(Struct):
    """How many prompt tokens were computed and how many came from the cache."""

    prompt_n: int = 0
    cache_n: int = 0


class Completion(Struct):
    """A whole completion, or one event of a streamed one."""

    content: str = ""
    stop: bool = False
    stop_type: str = ""
    truncated: bool = False
    tokens_predicted: int = 0
    completion_probabilities: list[TokenStep] = field(default_factory=list)
    timings: Timings = field(default_factory=Timings)
    error: dict[str, Any] | None = None


class _Tokens(Struct):
    tokens: list[int]


_encode = msgspec.json.Encoder().encode
_completion = msgspec.json.Decoder(Completion)
_tokens = msgspec.json.Decoder(_Tokens)


class _Slot(Struct):
    """What one slot's cache begins with."""

    prefix: tuple[int, ...] = ()
    next_token: int | None = None
    """The token cached after the prefix; None: unknown."""


class LocalServer:
    """Loads the model on first use. Use it under `async with server.turn:`."""

    def __init__(self, weights: Path, options: LocalOptions) -> None:
        self._weights = weights
        self._options = options
        self._server: Any = None
        self._client: HttpClient | None = None
        self._slots: dict[int, _Slot] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._turn = asyncio.Lock()
        self._key = secrets.token_urlsafe(32)
        self._closed = False

    @property
    def turn(self) -> asyncio.Lock:
        """Held during a call: two calls in one batch would change each other's rounding."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._turn = asyncio.Lock()
        return self._turn

    async def start(self) -> None:
        """Load the model unless it is loaded. Raises ProviderError, UsageError."""
        if self._closed:
            raise ProviderError("the local model is closed", retryable=False)
        if self._server is None:
            self._server = await asyncio.to_thread(self._load)
            self._slots = {number: _Slot() for number in range(self._options.slots)}
            self._client = HttpClient(
                self._server.listening_address,
                max_connections=4,
                headers={"authorization": f"Bearer {self._key}"},
            )

    def _load(self) -> Any:
        try:
            import xllamacpp
        except ImportError:
            raise UsageError(
                "the local model is not installed", fix="pip install 'roadworthy[local]'"
            ) from None
        options = self._options
        threads = options.threads or _threads_wished() or max(1, (os.cpu_count() or 2) // 2)
        threads = min(threads, MOST_THREADS)
        params = xllamacpp.CommonParams()
        params.model.path = str(self._weights)
        params.n_parallel = options.slots
        params.n_ctx = options.context * options.slots
        params.swa_full = True
        params.cache_ram_mib = 0
        params.n_gpu_layers = 0
        params.cpuparams.n_threads = threads
        params.cpuparams_batch.n_threads = threads
        params.api_keys = [self._key]
        params.verbosity = -1
        params.endpoint_slots = True
        try:
            server = xllamacpp.Server(params)
            _wait_for_its_queue(server.listening_address, self._key)
        except Exception as error:
            raise ProviderError(
                f"the model {self._weights.name} cannot be loaded: {error}", retryable=False
            ) from None
        return server

    async def aclose(self) -> None:
        """Unload the model. Safe to call twice."""
        self._closed = True
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()
        server, self._server = self._server, None
        if server is not None:
            holder = [server]
            del server
            await asyncio.to_thread(holder.clear)

    # --- calls, under `turn` -------------------------------------------------------------

    async def tokenize(self, text: str, *, begin: bool = False, special: bool = False) -> list[int]:
        """Token ids; control tokens are read only when `special`, so no input closes a turn."""
        body = _encode({"content": text, "add_special": begin, "parse_special": special})
        return _tokens.decode(await self._post("/tokenize", body, 30.0)).tokens

    async def prepare(
        self, tokens: Sequence[int], shared: int, *, timeout_s: float
    ) -> dict[str, Any]:
        """Bring a slot to where `tokens[:shared]` is cached and nothing after it counts.

        llama.cpp reuses the longest common beginning with whatever ran before, and numbers
        computed in batches of other sizes are rounded otherwise: measured here, the same label
        moved by up to 0.3 nats with the call before it. So a prefix is always computed from
        nothing in one go, and a call is always computed from exactly `shared` on. Where the
        call before went on with the same token, one token is decoded only to cut the cache.
        Returns the fields that name the slot.
        """
        prefix = tuple(tokens[:shared])
        number = next((n for n, slot in self._slots.items() if slot.prefix == prefix), None)
        if number is None:
            number = next((n for n, slot in self._slots.items() if not slot.prefix), None)
        if number is None or not self._slots[number].prefix:
            number = next(iter(self._slots)) if number is None else number
            self._use(number, _Slot())
            if not prefix:
                return {"id_slot": number, "cache_prompt": False}
            await self._cut(number, tokens, shared, timeout_s, fresh=True)
        elif self._slots[number].next_token in (None, tokens[shared]):
            await self._cut(number, tokens, shared, timeout_s, fresh=False)
        self._use(number, _Slot(prefix=prefix, next_token=None))
        return {"id_slot": number, "cache_prompt": True}

    def finished(self, slot: int, token: int) -> None:
        """The call ended by itself: `token` is what is cached after the prefix."""
        self._slots[slot].next_token = token

    def _use(self, number: int, slot: _Slot) -> None:
        self._slots.pop(number, None)
        self._slots[number] = slot

    async def _cut(
        self, number: int, tokens: Sequence[int], shared: int, timeout_s: float, *, fresh: bool
    ) -> None:
        """Leave exactly `tokens[:shared]` and one token that the call does not go on with."""
        other = 5 if tokens[shared] != 5 else 6
        ask = {
            "id_slot": number,
            "cache_prompt": not fresh,
            "n_predict": 0,
            "prompt": [*tokens[:shared], other],
        }
        await self._post("/completion", _encode(ask), timeout_s)

    async def complete(self, ask: dict[str, Any], *, timeout_s: float) -> Completion:
        """One completion as a whole. Raises ProviderError."""
        return _completion.decode(await self._post("/completion", _encode(ask), timeout_s))

    async def events(
        self, ask: dict[str, Any], *, timeout_s: float
    ) -> AsyncGenerator[Completion, None]:
        """One completion, token by token; the last event has `stop`. Raises ProviderError."""
        assert self._client is not None
        body = _encode({**ask, "stream": True})
        response = await self._client.post("/completion", body, timeout_s=timeout_s)
        try:
            await _check(response)
            parser = EventParser()
            while piece := await response.piece():
                for data in parser.feed(piece):
                    event = _completion.decode(data)
                    if event.error is not None:
                        raise _refused(event, 0)
                    yield event
                    if event.stop:
                        return
            raise ProviderError("the local model broke off its answer", retryable=False)
        finally:
            response.close()

    async def _post(self, path: str, body: bytes, timeout_s: float) -> bytes:
        assert self._client is not None
        async with await self._client.post(path, body, timeout_s=timeout_s) as response:
            await _check(response)
            return await response.read()


async def _check(response: Response) -> None:
    if response.status == 200:
        return
    try:
        reply = _completion.decode(await response.read())
    except msgspec.DecodeError:
        reply = Completion()
    raise _refused(reply, response.status)


def _refused(reply: Completion, status: int) -> ProviderError:
    message = str((reply.error or {}).get("message", "no reason given"))
    return ProviderError(
        f"the local model refused the call: {message}",
        retryable=False,
        status=status,
        quoted=message,
    )
