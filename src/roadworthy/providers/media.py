"""Models that make or hear media, behind the streaming port: what is no text comes as text.

`Pictures` asks `/images/generations` of the upstream of a model and replies with its body as it
came; `Speech` asks `/audio/speech` and replies with the sound in base64; `Transcripts` sends a
sound to `/audio/transcriptions` and replies with its words. So retries, addresses and
time limits are those of every other model. Never here: a look into what was made.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import msgspec
from msgspec import Struct, field

from roadworthy.domain import (
    Chunk,
    Clock,
    Deployment,
    Model,
    ModelRequest,
    Provider,
    ProviderError,
    Usage,
)

from .factory import behind_upstream
from .openai_compatible import OpenAICompatible

_encode = msgspec.json.Encoder().encode
_BOUNDARY = f"roadworthy-{secrets.token_hex(16)}"
"""Between the parts of a form: nobody who sends a file knows it."""


class _Tokens(Struct):
    input_tokens: int = 0
    output_tokens: int = 0


class _Words(Struct):
    text: str
    usage: _Tokens = field(default_factory=_Tokens)


class _Counted(Struct):
    usage: _Tokens = field(default_factory=_Tokens)


class _Maker(OpenAICompatible):
    """One path of an upstream, with its credential, connections and errors."""

    async def _made(self, path: str, request: ModelRequest, words: dict[str, Any]) -> bytes:
        body = {**self._options.fields, **request.extra, "model": request.model, **words}
        return await self._read(path, _encode(body), request)


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


class Transcripts(_Maker):
    """`/audio/transcriptions` of an upstream: a form goes out, the words come back as they are."""

    headers: ClassVar[dict[str, str]] = {
        "content-type": f"multipart/form-data; boundary={_BOUNDARY}"
    }

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """Yield the words; `extra` has fields, and the sound as `file`. Raises ProviderError."""
        fields = {name: value for name, value in request.extra.items() if name != "file"}
        fields |= {"model": request.model, "response_format": "json"}
        if request.prompt:
            fields["prompt"] = request.prompt
        form = _form(fields, request.extra["file"])
        data = await self._read("/audio/transcriptions", form, request)
        try:
            said = msgspec.json.decode(data, type=_Words)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ProviderError(
                f"{self._peer} answered something that is no transcript", retryable=False
            ) from None
        used = said.usage
        usage = Usage(input_tokens=used.input_tokens, output_tokens=used.output_tokens)
        yield Chunk(text=said.text, finish_reason="stop", usage=usage)


def _form(fields: dict[str, Any], file: dict[str, Any]) -> bytes:
    """A form (RFC 7578) of fields whose names and values were checked, and one file."""
    parts = [
        f'content-disposition: form-data; name="{name}"\r\n\r\n{value}'.encode()
        for name, value in fields.items()
    ]
    head = f'content-disposition: form-data; name="file"; filename="{file["name"]}"\r\n'
    parts.append(f"{head}content-type: {file['mime']}\r\n\r\n".encode() + file["data"])
    line = f"--{_BOUNDARY}".encode()
    return b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"


_KINDS: dict[str, type[OpenAICompatible]] = {
    "images": Pictures,
    "speech": Speech,
    "transcripts": Transcripts,
}


def make_media_maker(
    kind: str, model: Model, *, deployment: Deployment, root: str, clock: Clock
) -> Provider:
    """What makes media at the upstream of a model. Raises as `make_provider`."""
    return behind_upstream(_KINDS[kind], model, deployment, root=root, clock=clock)
