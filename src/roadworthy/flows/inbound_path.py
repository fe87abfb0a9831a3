"""The way of a call whose messages hold pictures: they are looked at, then it goes as all go.

    1 look      each picture: is there a label, is there a sign that a model made it
    2 hold      where a model made one, no label says so, and the charter wants a person
    3 answer    the rails see names in the pictures' places, the upstream the pictures

What enters: a call. What leaves: what the way of every call gives out, its record with what was
seen. What never happens here: a picture let in that no charter asks for or nobody could decode; a
byte of one in the journal. No rail of this version looks into a picture, and the record says so.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import copy
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any

from msgspec import UNSET, Struct, structs

from roadworthy.domain import (
    Call,
    Chunk,
    Clock,
    DetectorError,
    ModelRequest,
    Provider,
    RailVerdict,
    TextContext,
    UsageError,
)
from roadworthy.media import INSTALL, MarkError, Seen, missing
from roadworthy.serving import input_texts

from .service import Service
from .trace import Path, Reply, Trace, Walk

RAIL = "inbound_media"
_NOT_LOOKED = "no rail looks into a picture: only its marks were looked for"
_UNLABELLED = "a model made a picture of the message, and no readable label says so"

Look = Callable[[bytes], Seen]


class Looked(Struct, frozen=True, kw_only=True):
    """What was seen of a picture."""

    seen: Seen
    unlabelled: bool
    """Whether a model made it and no readable label says so."""
    score: float | None = None
    """What the detector of deep fakes says; None: none was asked, or it could not look."""
    failure: str = ""
    """Why it could not look."""


class InboundPath:
    """Step 3 of the request line for chats."""

    def __init__(self, look: Look, then: Walk) -> None:
        """`look` raises MarkError for what is no picture; `then` is the way of every call."""
        self._look = look
        self._then = then

    def walk(self, call: Call, service: Service, clock: Clock) -> Path:
        """The way of every call; before it a look at each picture, where there is one."""
        go = self._looked if call.media else self._then
        return go(call, service, clock)

    async def _looked(self, call: Call, service: Service, clock: Clock) -> Path:
        """Raises UsageError for a picture that is not let in."""
        started = clock.monotonic()
        _require_let_in(call, service)
        looks = [await self._looked_at(url, service) for url in call.media.values()]
        verdicts = [_verdict(one) for one in looks]
        about = {"inbound_media": [_kept(n, s) for n, s in zip(call.media, looks, strict=True)]}
        settings = service.content.charter.behaviour.inbound_media
        passes = settings is not UNSET and settings.unlabelled_ai == "pass"
        if any(one.failure or (one.unlabelled and not passes) for one in looks):
            trace = Trace(call, service, clock, started, asked="\n".join(input_texts(call)))
            trace.verdicts.extend(verdicts)
            trace.stopped_by = RAIL
            yield _with(trace.stopped("held"), about)
            return
        put_back = copy.copy(service)
        put_back.provider = _PutBack(service.provider, call.media)
        async with aclosing(self._then(call, put_back, clock)) as items:
            async for item in items:
                yield _with(item, about, verdicts) if isinstance(item, Reply) else item

    async def _looked_at(self, url: str, service: Service) -> Looked:
        seen = await self._seen(url)
        labelled = seen.manifest.state in ("valid", "trusted") and seen.manifest.by_ai
        made = seen.made_by_ai != "unknown"
        inbound = service.content.charter.behaviour.inbound_media
        if labelled or service.pictures is None or inbound is UNSET or inbound.detector is UNSET:
            return Looked(seen=seen, unlabelled=made and not labelled)
        try:
            found = await service.pictures.inspect(url, TextContext(side="input"))
        except DetectorError as error:
            return Looked(seen=seen, unlabelled=made, failure=error.message)
        score = max((each.score for each in found), default=0.0)
        made = made or score >= inbound.detector.threshold
        return Looked(seen=seen, unlabelled=made, score=score)

    async def _seen(self, url: str) -> Seen:
        try:
            data = base64.b64decode(url.partition(";base64,")[2], validate=True)
            return await asyncio.to_thread(self._look, data)
        except (binascii.Error, ValueError):
            raise UsageError("a picture of the message is no base64", field="messages") from None
        except MarkError as error:
            raise UsageError(
                f"a picture of the message cannot be looked at: {error.message}",
                field="messages",
                fix=error.fix,
            ) from None


def _require_let_in(call: Call, service: Service) -> None:
    """Raises UsageError where the charter, the prompt or the border lets no picture in."""
    if service.content.charter.behaviour.inbound_media is UNSET:
        raise UsageError(
            f"{call.system} lets no pictures in",
            fix="behaviour.inbound_media in the charter does",
            field="messages",
        )
    if call.managed:
        raise UsageError(
            f"the prompt of {call.system} has no place for pictures",
            fix=f"ask {call.system}/transparent",
            field="messages",
        )
    if service.border is not None:
        raise UsageError(
            "nobody can look for personal data in a picture, and the upstream is elsewhere",
            field="messages",
        )
    if lost := missing():
        raise UsageError(f"this gateway lacks what pictures need ({lost})", fix=INSTALL)


def _verdict(looked: Looked) -> RailVerdict:
    if looked.failure:
        return RailVerdict(rail=RAIL, side="input", outcome="not_checked", reason=looked.failure)
    if looked.unlabelled:
        return RailVerdict(
            rail=RAIL,
            side="input",
            outcome="hold",
            kinds=("unlabelled_ai",),
            score=looked.score,
            reason=_UNLABELLED,
        )
    return RailVerdict(rail=RAIL, side="input", outcome="not_checked", reason=_NOT_LOOKED)


def _kept(name: str, looked: Looked) -> dict[str, Any]:
    """What the record says of a picture."""
    seen = looked.seen
    mark = seen.watermark
    return {
        "picture": name,
        "made_by_ai": seen.made_by_ai,
        "c2pa": seen.manifest.state,
        "watermark": "not_checked" if mark is None else "found" if mark.there else "not_found",
        "deep_fake": "not_checked" if looked.score is None else looked.score,
    }


def _with(reply: Reply, about: dict[str, Any], verdicts: list[RailVerdict] | None = None) -> Reply:
    seen = reply.observation
    seen = structs.replace(
        seen,
        rails=(*seen.rails, *(verdicts or ())),
        attributes={**seen.attributes, **about},
    )
    return structs.replace(reply, observation=seen)


class _PutBack:
    """A provider whose messages have the pictures again."""

    def __init__(self, provider: Provider, media: Mapping[str, str]) -> None:
        self.name = provider.name
        self._provider = provider
        self._media = media

    async def stream(self, request: ModelRequest) -> AsyncIterator[Chunk]:
        """As the provider's."""
        messages = tuple(self._whole(message) for message in request.messages)
        whole = structs.replace(request, messages=messages)
        async with aclosing(self._provider.stream(whole)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                yield chunk

    async def aclose(self) -> None:
        """The service closes what it has."""

    def _whole(self, message: dict[str, Any]) -> dict[str, Any]:
        parts = message.get("content")
        if not isinstance(parts, list):
            return message
        return {**message, "content": [self._part(part) for part in parts]}

    def _part(self, part: Any) -> Any:
        picture = part.get("image_url") if isinstance(part, dict) else None
        if not isinstance(picture, dict) or picture.get("url") not in self._media:
            return part
        return {**part, "image_url": {**picture, "url": self._media[picture["url"]]}}
