"""The way of a call for the words of a sound: all rails look at the words, as at any answer.

    1 look      the sound: is there a label, a sign that a model made it
    2 hold      where a model made it, no label says so, and the charter wants a person
    3 answer    as every call, but the model is given the sound

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
from roadworthy.media import Manifest, MarkError, Seen
from roadworthy.serving import input_texts

from .request.inbound_path import RAIL, Looked, kept_of, verdict_of, waits_for_a_person, with_look
from .request.service import Service
from .request.trace import Path, Reply, Trace
from .request_path import answer

Look = Callable[[bytes], Seen]
_NOTHING_SEEN = Seen(kind="sound", manifest=Manifest(state="not_checked"))


class TranscriptPath:
    """Step 3 of the request line for transcripts."""

    def __init__(self, look: Look) -> None:
        """`look` raises MarkError where no marks can be looked for."""
        self._look = look

    async def walk(self, call: Call, service: Service, clock: Clock) -> Path:
        """Raises UsageError where the release's model hears nothing, or may not."""
        started = clock.monotonic()
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
        looked = await self._looked(sound)
        waits = waits_for_a_person(looked, service)
        about = {"inbound_media": [kept_of(name, looked)]}
        verdicts = [verdict_of(looked, waits=waits)]
        if waits:
            trace = Trace(call, service, clock, started, asked="\n".join(input_texts(call)))
            trace.verdicts.extend(verdicts)
            trace.stopped_by = RAIL
            yield with_look(trace.stopped("held"), about)
            return
        hearing = copy.copy(service)
        mime = held.partition(";")[0].removeprefix("data:")
        hearing.provider = _Hearing(maker, call.extra, {"data": sound, "mime": mime})
        hearing.cache = None
        plain = structs.replace(call, extra={})
        async with aclosing(answer(plain, hearing, clock)) as items:
            async for item in items:
                yield with_look(item, about, verdicts) if isinstance(item, Reply) else item

    async def _looked(self, sound: bytes) -> Looked:
        try:
            seen = await asyncio.to_thread(self._look, sound)
        except MarkError:  # of a format that holds no mark that can be looked for
            return Looked(kind="sound", seen=_NOTHING_SEEN, unlabelled=False)
        labelled = seen.manifest.state in ("valid", "trusted") and seen.manifest.by_ai
        made = seen.made_by_ai != "unknown"
        return Looked(kind="sound", seen=seen, unlabelled=made and not labelled)


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
