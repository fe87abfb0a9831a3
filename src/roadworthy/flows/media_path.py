"""The way of a call for pictures or speech: what step 3 of the request line is for them.

    1 let in    the input rails look at every text
    2 make      the upstream is asked
    3 mark      every file gets its marks, and they are read again
    4 record    digest, size and marks of every file; no byte of it

What enters: a call with one prompt. What leaves: one Reply with the marked files and no text. What
never happens here: a file that leaves without its marks; words of the upstream that no output rail
let through. No output rail can look at a picture or hear a sound: each says "not checked".
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, Protocol

import msgspec
from msgspec import UNSET, Struct, structs

from roadworthy.domain import (
    Call,
    Chunk,
    Clock,
    ModelRequest,
    Provider,
    ProviderError,
    TextContext,
    UsageError,
    sha256,
)
from roadworthy.media import SOUNDS, About, Marked, Marker, MarkError
from roadworthy.serving import RailOutcome, input_texts

from .letting_in import let_in
from .service import Service
from .trace import Path, Reply, Trace

NOT_MARKED = "what was made cannot be marked, so it does not leave: "
_NO_TEXT = "the answer is {}, which no rail of this version reads"
MOST_FILES = 10
BARE_SOUNDS = {"aac": "audio/aac", "opus": "audio/ogg", "pcm": "audio/pcm"}
"""Formats whose container holds no manifest."""


class _Picture(Struct):
    b64_json: str | None = None
    revised_prompt: str | None = None


class _Pictures(Struct):
    data: list[_Picture]


_pictures = msgspec.json.Decoder(_Pictures)


class Made(Struct, frozen=True, kw_only=True):
    """What an upstream made, before it is marked."""

    data: bytes
    words: str = ""
    """What the upstream says of it (a prompt that it revised)."""


class Job(Struct, frozen=True, kw_only=True):
    """What a mark is made of."""

    about: About
    at_s: int
    format: str
    """Which the caller asked for; empty: the upstream's own."""
    bare_sound: bool
    """Whether the charter lets sound leave whose container holds no mark."""


class Kind(Protocol):
    """One kind of media: how the upstream's reply is read, how a file is marked."""

    name: str
    """What a person calls it."""
    path: str
    """What the upstream is asked for: `images` or `speech`."""

    def read(self, said: str) -> list[Made]:
        """The files in the upstream's reply. Raises ProviderError."""

    def require(self, job: Job) -> None:
        """Whether what is asked for could be marked. Raises UsageError before anybody is asked."""

    def mark(self, marker: Marker, made: Made, job: Job) -> Marked:
        """One file with its marks. Raises MarkError."""


class PictureKind:
    """Pictures, two marks each."""

    name = "a picture"
    path = "images"

    def read(self, said: str) -> list[Made]:
        """Every picture of the reply. Raises ProviderError."""
        try:
            reply = _pictures.decode(said)
        except (msgspec.DecodeError, RecursionError):
            reply = _Pictures(data=[])
        if not 1 <= len(reply.data) <= MOST_FILES:
            raise ProviderError("the upstream answered something without pictures", retryable=False)
        if any(each.b64_json is None for each in reply.data):
            raise ProviderError(
                f"{NOT_MARKED}the upstream gave an address; ask with response_format: b64_json",
                retryable=False,
            )
        return [
            Made(data=_bytes(each.b64_json or ""), words=each.revised_prompt or "")
            for each in reply.data
        ]

    def require(self, job: Job) -> None:
        """Only what was made can tell."""

    def mark(self, marker: Marker, made: Made, job: Job) -> Marked:
        """An invisible mark, then a manifest over it. Raises MarkError."""
        return marker.picture(made.data, job.about, job.at_s)


class SpeechKind:
    """Speech, with a manifest where its container holds one."""

    name = "speech"
    path = "speech"

    def read(self, said: str) -> list[Made]:
        """The one sound. Raises ProviderError."""
        data = _bytes(said)
        if not data:
            raise ProviderError("the upstream answered no sound", retryable=False)
        return [Made(data=data)]

    def require(self, job: Job) -> None:
        """Raises UsageError for a container without a mark that the charter does not let."""
        if job.format not in SOUNDS and not self._bare(job):
            marked = ", ".join(SOUNDS)
            raise UsageError(
                f"sound as {job.format!r} holds no mark",
                fix=f"one of: {marked}",
                field="response_format",
            )

    def mark(self, marker: Marker, made: Made, job: Job) -> Marked:
        """A manifest in its container. Raises MarkError where it cannot be put in."""
        if self._bare(job):
            return Marked(data=made.data, mime=BARE_SOUNDS[job.format], marks=("header",))
        return marker.sound(made.data, job.format, job.about)

    def _bare(self, job: Job) -> bool:
        return job.bare_sound and job.format in BARE_SOUNDS


class MediaPath:
    """Walks calls for one kind of media."""

    def __init__(self, kind: Kind, *, marker: Callable[[], Marker]) -> None:
        """`marker` raises MarkError where nothing can be marked."""
        self._kind = kind
        self._marker = marker

    async def walk(self, call: Call, service: Service, clock: Clock) -> Path:
        """Yields one Reply. Raises UsageError for what nobody here makes, or marks."""
        started = clock.monotonic()
        maker = service.maker(self._kind.path)
        if maker is None:
            model = service.content.candidate.model
            raise UsageError(
                f"the model of {call.system} makes no media: its provider is {model.provider}",
                fix="ask a system whose model.provider is openai_compatible",
            )
        texts = input_texts(call)
        trace = Trace(call, service, clock, started, asked="\n".join(texts))
        call, names, action = await let_in(call, texts, service, trace)
        if action != "answered":
            yield trace.stopped(action)
            return
        job = _job(call, service, clock)
        self._kind.require(job)
        try:
            marker = self._marker()
            made = self._kind.read(await _said(maker, call, service, trace))
            files = [await asyncio.to_thread(self._kind.mark, marker, each, job) for each in made]
        except MarkError as error:
            yield trace.failed(ProviderError(NOT_MARKED + error.message, retryable=False))
            return
        except ProviderError as error:
            yield trace.failed(error)
            return
        words = [each.words for each in made]
        if names is not None or not _may_be_said(words, texts, call, service):
            words = [""] * len(files)
        yield self._reply(trace, service, files, words)

    def _reply(
        self, trace: Trace, service: Service, files: list[Marked], words: list[str]
    ) -> Reply:
        verdicts = service.rails.unread(_NO_TEXT.format(self._kind.name))
        reply = trace.done(RailOutcome(text="", verdicts=verdicts), None)
        digests = [each.digest for each in files]
        whole = digests[0] if len(files) == 1 else sha256("\n".join(digests).encode())
        seen = structs.replace(
            reply.observation,
            rails=(*reply.observation.rails, *verdicts),
            output_digest=whole,
            attributes={**reply.observation.attributes, "made": [_kept(each) for each in files]},
        )
        parts = tuple(
            {"file": each.data, "mime": each.mime, "words": said}
            for each, said in zip(files, words, strict=True)
        )
        return structs.replace(reply, observation=seen, deltas=parts)


async def _said(maker: Provider, call: Call, service: Service, trace: Trace) -> str:
    request = ModelRequest(
        model=service.content.candidate.model.name,
        prompt=str(call.messages[0]["content"]),
        extra=call.extra,
    )
    said = ""
    async with aclosing(maker.stream(request)) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            said += chunk.text
            trace.take(Chunk(usage=chunk.usage, finish_reason=chunk.finish_reason))
    return said


def _job(call: Call, service: Service, clock: Clock) -> Job:
    disclosure = service.content.charter.behaviour.disclosure
    return Job(
        about=About(observation=call.id, system=call.system, release=service.digest),
        at_s=int(clock.now().timestamp()),
        format=str(call.extra.get("response_format") or "mp3"),
        bare_sound=disclosure is not UNSET and disclosure.unmarked_sound == "header",
    )


def _kept(file: Marked) -> dict[str, Any]:
    """What the record says of a file."""
    kept: dict[str, Any] = {"digest": file.digest, "mime": file.mime, "marks": list(file.marks)}
    if file.size is not None:
        kept["width"], kept["height"] = file.size
    return kept


def _may_be_said(words: list[str], texts: list[str], call: Call, service: Service) -> bool:
    """Whether the output rails let the upstream's own words through as they are.

    Nothing outside is asked of them, so where a rail would ask they stay.
    """
    said = "\n".join(filter(None, words))
    if not said:
        return True
    if service.rails.deep_output is not None:
        return False
    looking = TextContext(side="output", input="\n".join(texts), facets=call.facets, context={})
    rails = service.rails.output(looking, streamed=False)
    left = rails.feed(said)
    outcome = rails.finish()
    return outcome.action == "answered" and left + outcome.text == said


def _bytes(text: str) -> bytes:
    """Raises ProviderError where it is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ProviderError("the upstream answered no base64", retryable=False) from None
