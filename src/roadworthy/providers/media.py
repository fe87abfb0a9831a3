"""Models that make pictures or sound, behind the streaming port: the reply's words are its JSON.

`Pictures` asks `/images/generations` of the upstream of a model and replies with its body as it
came; `Speech` asks `/audio/speech` and replies with the sound in base64. So retries, addresses and
time limits are those of every other model. Never here: a look into what was made.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import msgspec
from msgspec import Struct, field

from roadworthy.domain import Chunk, Clock, Deployment, Model, ModelRequest, Provider, Usage

from .factory import behind_upstream
from .openai_compatible import OpenAICompatible
from .time_limit import time_limit

_encode = msgspec.json.Encoder().encode


class _Tokens(Struct):
    input_tokens: int = 0
    output_tokens: int = 0


class _Counted(Struct):
    usage: _Tokens = field(default_factory=_Tokens)


class _Maker(OpenAICompatible):
    """One path of an upstream, with its credential, connections and errors."""

    async def _made(self, path: str, request: ModelRequest, words: dict[str, Any]) -> bytes:
        body = {**self._options.fields, **request.extra, "model": request.model, **words}
        timeout_s = time_limit(request, self._timeout_s)
        response = await self._client.post(path, _encode(body), timeout_s=timeout_s)
        try:
            if response.status != 200:
                raise await self._refused(response)
            return await response.read()
        finally:
            response.close()


class Pictures(_Maker):
    """`/images/generations` of an upstream."""

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the upstream's body, as one text. Raises ProviderError."""
        data = await self._made("/images/generations", request, {"prompt": request.prompt or ""})
        try:
            used = msgspec.json.decode(data, type=_Counted).usage
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            used = _Tokens()
        usage = Usage(input_tokens=used.input_tokens, output_tokens=used.output_tokens)
        yield Chunk(text=data.decode(errors="replace"), finish_reason="stop", usage=usage)


class Speech(_Maker):
    """`/audio/speech` of an upstream."""

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the sound in base64, as one text. Raises ProviderError."""
        data = await self._made("/audio/speech", request, {"input": request.prompt or ""})
        yield Chunk(text=base64.b64encode(data).decode(), finish_reason="stop")


_KINDS: dict[str, type[OpenAICompatible]] = {"images": Pictures, "speech": Speech}


def make_media_maker(
    kind: str, model: Model, *, deployment: Deployment, root: str, clock: Clock
) -> Provider:
    """What makes media at the upstream of a model. Raises as `make_provider`."""
    return behind_upstream(_KINDS[kind], model, deployment, root=root, clock=clock)
