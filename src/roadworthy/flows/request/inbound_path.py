"""The way of a call whose messages hold files: they are looked at, then it goes as all go.

    1 look      each picture, sound or document: is there a label, a sign that a model made it
    2 hold      where a model made one, no label says so, and the charter wants a person
    3 answer    the rails see names in the files' places, the upstream the files

What enters: a call, whichever API it came by. What leaves: what the way of every call gives out,
its record with what was seen. What never happens here: a file let in that no charter asks for or
nobody could read; a byte of one in the journal. No rail of this version looks into a file, and the
record says so.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import copy
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Any, Literal

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
_NOT_LOOKED = "no rail looks into a {}: only its marks were looked for"
_UNLABELLED = "a model made a {} of the message, and no readable label says so"

_PICTURES = ("picture",)

Look = Callable[[bytes], Seen]
Kind = Literal["picture", "sound", "document"]


class Looked(Struct, frozen=True, kw_only=True):
    """What was seen of a file."""

    kind: Kind
    seen: Seen
    unlabelled: bool
    """Whether a model made it and no readable label says so."""
    score: float | None = None
    """What the detector of deep fakes says; None: none was asked, or it could not look."""
    failure: str = ""
    """Why it could not look."""


class InboundPath:
    """Step 3 of the request line for conversations."""

    def __init__(self, look: Look, then: Walk, *, field: str) -> None:
        """`look` raises MarkError for what nobody can read; `then` is the way of every call.

        `field` is what messages stand in.
        """
        self._look = look
        self._then = then
        self._field = field

    def walk(self, call: Call, service: Service, clock: Clock) -> Path:
        """The way of every call; before it a look at each file, where there is one."""
        go = self._looked if call.media else self._then
        return go(call, service, clock)

    async def _looked(self, call: Call, service: Service, clock: Clock) -> Path:
        """Raises UsageError for a file that is not let in."""
        started = clock.monotonic()
        self._require_let_in(call, service)
        looks = [await self._looked_at(url, service) for url in call.media.values()]
        waiting = [waits_for_a_person(one, service) for one in looks]
        verdicts = [verdict_of(a, waits=b) for a, b in zip(looks, waiting, strict=True)]
        about = {"inbound_media": [kept_of(n, s) for n, s in zip(call.media, looks, strict=True)]}
        if any(waiting):
            trace = Trace(call, service, clock, started, asked="\n".join(input_texts(call)))
            trace.verdicts.extend(verdicts)
            trace.stopped_by = RAIL
            yield with_look(trace.stopped("held"), about)
            return
        put_back = copy.copy(service)
        put_back.provider = _PutBack(service.provider, call.media)
        async with aclosing(self._then(call, put_back, clock)) as items:
            async for item in items:
                yield with_look(item, about, verdicts) if isinstance(item, Reply) else item

    async def _looked_at(self, url: str, service: Service) -> Looked:
        kind, seen = _kind(url), await self._seen(url)
        labelled = seen.manifest.state in ("valid", "trusted") and seen.manifest.by_ai
        made = seen.made_by_ai != "unknown"
        inbound = service.content.charter.behaviour.inbound_media
        detector = inbound.detector if inbound is not UNSET else UNSET
        if kind != "picture" or labelled or service.pictures is None or detector is UNSET:
            return Looked(kind=kind, seen=seen, unlabelled=made and not labelled)
        try:
            found = await service.pictures.inspect(url, TextContext(side="input"))
        except DetectorError as error:
            return Looked(kind=kind, seen=seen, unlabelled=made, failure=error.message)
        score = max((each.score for each in found), default=0.0)
        made = made or score >= detector.threshold
        return Looked(kind=kind, seen=seen, unlabelled=made, score=score)

    async def _seen(self, url: str) -> Seen:
        kind = _kind(url)
        try:
            data = base64.b64decode(url.partition(";base64,")[2], validate=True)
            seen = await asyncio.to_thread(self._look, data)
        except (binascii.Error, ValueError):
            raise self._not_let_in(f"a {kind} of the message is no base64") from None
        except MarkError as error:
            why = f"a {kind} of the message cannot be looked at: {error.message}"
            raise self._not_let_in(why, fix=error.fix) from None
        unheard = kind == "sound" and seen.manifest.state == "unreadable"
        if seen.kind != kind or unheard:
            raise self._not_let_in(f"a {kind} of the message cannot be looked at: it is none")
        return seen

    def _require_let_in(self, call: Call, service: Service) -> None:
        """Raises UsageError where the charter, the prompt or the border lets no such file in."""
        inbound = service.content.charter.behaviour.inbound_media
        kinds = [_kind(url) for url in call.media.values()]
        may = () if inbound is UNSET else _PICTURES if inbound.kinds is UNSET else inbound.kinds
        for kind in kinds:
            if kind not in may:
                raise self._not_let_in(
                    f"{call.system} lets no {kind}s in",
                    fix="behaviour.inbound_media in the charter does",
                )
        if call.managed:
            raise self._not_let_in(
                f"the prompt of {call.system} has no place for {kinds[0]}s",
                fix=f"ask {call.system}/transparent",
            )
        if service.border is not None:
            raise self._not_let_in(
                f"nobody can look for personal data in a {kinds[0]}, and the upstream is elsewhere"
            )
        if lost := missing():
            raise UsageError(f"this gateway lacks what files need ({lost})", fix=INSTALL)

    def _not_let_in(self, why: str, *, fix: str = "") -> UsageError:
        return UsageError(why, fix=fix, field=self._field)


def _kind(url: str) -> Kind:
    """What a `data:` address holds, by its media type."""
    if url.startswith("data:image/"):
        return "picture"
    return "sound" if url.startswith("data:audio/") else "document"


def waits_for_a_person(looked: Looked, service: Service) -> bool:
    """Whether the charter wants a person to look first: nobody could, or nobody labelled it."""
    inbound = service.content.charter.behaviour.inbound_media
    if inbound is UNSET:
        return False
    return bool(looked.failure) or (looked.unlabelled and inbound.unlabelled_ai == "review")


def verdict_of(looked: Looked, *, waits: bool) -> RailVerdict:
    """What the record says of the look; `waits`: a person looks first."""
    if looked.failure:
        return RailVerdict(rail=RAIL, side="input", outcome="not_checked", reason=looked.failure)
    if looked.unlabelled:
        return RailVerdict(
            rail=RAIL,
            side="input",
            outcome="hold" if waits else "flag",
            kinds=("unlabelled_ai",),
            score=looked.score,
            reason=_UNLABELLED.format(looked.kind),
        )
    why = _NOT_LOOKED.format(looked.kind)
    return RailVerdict(rail=RAIL, side="input", outcome="not_checked", reason=why)


def kept_of(name: str, looked: Looked) -> dict[str, Any]:
    """What the record says of a file."""
    seen = looked.seen
    mark = seen.watermark
    return {
        looked.kind: name,
        "made_by_ai": seen.made_by_ai,
        "c2pa": seen.manifest.state,
        "watermark": "not_checked" if mark is None else "found" if mark.there else "not_found",
        "deep_fake": "not_checked" if looked.score is None else looked.score,
    }


def with_look(
    reply: Reply, about: dict[str, Any], verdicts: list[RailVerdict] | None = None
) -> Reply:
    """A reply whose record says what was seen."""
    seen = reply.observation
    seen = structs.replace(
        seen,
        rails=(*seen.rails, *(verdicts or ())),
        attributes={**seen.attributes, **about},
    )
    return structs.replace(reply, observation=seen)


class _PutBack:
    """A provider whose messages have the files again."""

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
        for kind, place in _PLACES.items():
            held = part.get(kind) if isinstance(part, dict) else None
            if isinstance(held, dict) and held.get(place) in self._media:
                url = self._media[held[place]]
                data = url.partition(";base64,")[2] if kind == "input_audio" else url
                return {**part, kind: {**held, place: data}}
        return part


_PLACES = {"image_url": "url", "input_audio": "data", "file": "file_data"}
"""Where in a part of a chat its bytes stand."""
