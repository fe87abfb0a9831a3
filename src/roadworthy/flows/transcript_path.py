"""The way of a call for the words of a sound: all rails look at the words, as at any answer.

    1 look      the sound: does a manifest say that a model made it
    2 answer    as every call, but the model is given the sound

What enters: a call whose first message is a name for the sound, whose second, where there is one, a
prompt. What leaves: what `answer` gives out. What never happens here: words that leave unseen by
the output rails; a byte of the sound in the journal. Nobody looks into the sound itself: where
personal data may not go to the upstream, none is sent there.
"""

from __future__ import annotations

import asyncio
import base64
import copy
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Any

from msgspec import structs

from roadworthy.domain import Call, Chunk, Clock, ModelRequest, Provider, UsageError
from roadworthy.media import MarkError, Seen

from .request_path import answer
from .service import Service
from .trace import Path, Reply

Look = Callable[[bytes], Seen]


class TranscriptPath:
    """Step 3 of the request line for transcripts."""

    def __init__(self, look: Look) -> None:
        """`look` raises MarkError where no marks can be looked for."""
        self._look = look

    async def walk(self, call: Call, service: Service, clock: Clock) -> Path:
        """Raises UsageError where the release's model hears nothing, or may not."""
        maker = service.maker("transcripts")
        if maker is None:
            model = service.content.candidate.model
            raise UsageError(
                f"the model of {call.system} hears nothing: its provider is {model.provider}",
                fix="ask a system whose model.provider is openai_compatible",
            )
        if service.border is not None:
            raise UsageError(
                "nobody can look for personal data in a sound, and the upstream is elsewhere",
                field="file",
            )
        ((name, held),) = call.media.items()
        sound = base64.b64decode(held.partition(";base64,")[2])
        about = {"inbound_media": [await self._seen(name, sound)]}
        hearing = copy.copy(service)
        mime = held.partition(";")[0].removeprefix("data:")
        hearing.provider = _Hearing(maker, call.extra, {"data": sound, "mime": mime})
        hearing.cache = None
        plain = structs.replace(call, extra={})
        async with aclosing(answer(plain, hearing, clock)) as items:
            async for item in items:
                yield _with(item, about) if isinstance(item, Reply) else item

    async def _seen(self, name: str, sound: bytes) -> dict[str, Any]:
        try:
            seen = await asyncio.to_thread(self._look, sound)
        except MarkError:
            return {"sound": name, "made_by_ai": "unknown", "c2pa": "not_checked"}
        return {"sound": name, "made_by_ai": seen.made_by_ai, "c2pa": seen.manifest.state}


def _with(reply: Reply, about: dict[str, Any]) -> Reply:
    seen = reply.observation
    seen = structs.replace(seen, attributes={**seen.attributes, **about})
    return structs.replace(reply, observation=seen)


class _Hearing:
    """A model that is given the sound beside what is asked."""

    def __init__(self, maker: Provider, fields: dict[str, Any], file: dict[str, Any]) -> None:
        self.name = maker.name
        self._maker = maker
        self._fields = fields
        self._file = file

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """The words, as the maker gives them."""
        prompt = request.messages[1]["content"] if len(request.messages) > 1 else ""
        named = {name: value for name, value in self._fields.items() if name != "filename"}
        file = {**self._file, "name": self._fields.get("filename", "sound")}
        asked = ModelRequest(model=request.model, prompt=str(prompt), extra={**named, "file": file})
        async with aclosing(self._maker.stream(asked)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                yield chunk

    async def aclose(self) -> None:
        """The service closes what it has."""
