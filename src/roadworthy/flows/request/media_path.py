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
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any, Protocol

import msgspec
from msgspec import UNSET, Struct, structs

from roadworthy.domain import (
    Call,
    Chunk,
    Clock,
    DeepFake,
    ModelRequest,
    Provider,
    ProviderError,
    TextContext,
    UsageError,
    sha256,
)
from roadworthy.media import READY, SOUNDS, About, Marked, Marker, MarkError, require_drawable
from roadworthy.serving import RailOutcome, in_language_of, input_texts

from .letting_in import let_in
from .service import Service
from .trace import Path, Reply, Trace

NOT_MARKED = "what was made cannot be marked, so it does not leave: "
_NO_TEXT = "the answer is {}, which no rail of this version reads"
MOST_FILES = 10
BARE_SOUNDS = {"aac": "audio/aac", "opus": "audio/ogg", "pcm": "audio/pcm"}
"""Formats whose container holds no manifest."""
_SAMPLES = "pcm"
"""The one of them whose samples can be marked."""


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
    """With the words that people see or hear, where the charter wants them."""
    at_s: int
    format: str
    """Which the caller asked for; empty: the upstream's own."""
    bare_sound: bool
    """Whether the charter lets sound leave whose container holds no mark."""
    deep_fake: bool = False
    """Whether what is made could be taken for real, as the charter says."""


class Kind(Protocol):
    """One kind of media: how the upstream's reply is read, how a file is marked."""

    name: str
    """What a person calls it."""
    path: str
    """What the upstream is asked for: `images` or `speech`."""

    def read(self, said: str) -> list[Made]:
        """The files in the upstream's reply. Raises ProviderError."""

    def words(self, deep_fake: DeepFake) -> Mapping[str, str]:
        """Language -> what people are told of it by itself."""

    def require(self, job: Job, marker: Marker) -> None:
        """Whether what is asked for could be marked. Raises UsageError before anybody is asked."""

    def prompt(self, words: str, job: Job) -> str:
        """What the upstream is asked to make."""

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

    def words(self, deep_fake: DeepFake) -> Mapping[str, str]:
        """Written on it: the charter's words, ready ones in other languages."""
        return {**READY, **_lower(deep_fake.labels)}

    def require(self, job: Job, marker: Marker) -> None:
        """Raises UsageError for a label that cannot be drawn; else only what was made can tell."""
        if not job.about.label:
            return
        try:
            require_drawable(job.about.label, marker.font)
        except MarkError as error:
            raise UsageError(error.message, fix=error.fix, field="model") from None

    def prompt(self, words: str, job: Job) -> str:
        """As it was asked."""
        return words

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

    def words(self, deep_fake: DeepFake) -> Mapping[str, str]:
        """Spoken before it: the charter's sentences alone."""
        return _lower(deep_fake.spoken)

    def prompt(self, words: str, job: Job) -> str:
        """The sentence that the voice says of itself, then what was asked."""
        return f"{job.about.label} {words}" if job.about.label else words

    def require(self, job: Job, marker: Marker) -> None:
        """Raises UsageError for a container without a mark that the charter does not let.

        And where voices could be taken for real ones and nothing is said of them.
        """
        if job.deep_fake and not job.about.label:
            raise UsageError(
                "voices of this system could be taken for real, and its charter has no sentence "
                "that they say of themselves",
                fix="behaviour.disclosure.deep_fake.spoken: {en: This voice was made by AI.}",
                field="model",
            )
        if job.format not in (*SOUNDS, _SAMPLES) and not self._bare(job):
            marked = ", ".join((*SOUNDS, _SAMPLES))
            raise UsageError(
                f"sound as {job.format!r} holds no mark",
                fix=f"one of: {marked}",
                field="response_format",
            )

    def mark(self, marker: Marker, made: Made, job: Job) -> Marked:
        """A manifest in its container, a mark in its samples. Raises MarkError without either."""
        try:
            return marker.sound(made.data, job.format, job.about)
        except MarkError:
            if not self._bare(job):
                raise
            return Marked(data=made.data, mime=BARE_SOUNDS[job.format], marks=("header",))

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
        job = self._job(call, service, clock)
        try:
            marker = self._marker()
            self._kind.require(job, marker)
            made = self._kind.read(await self._said(maker, job, call, service, trace))
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
        yield self._reply(trace, service, files, words, label=job.about.label)

    async def _said(
        self, maker: Provider, job: Job, call: Call, service: Service, trace: Trace
    ) -> str:
        request = ModelRequest(
            model=service.content.candidate.model.name,
            prompt=self._kind.prompt(str(call.messages[0]["content"]), job),
            extra=call.extra,
        )
        said = ""
        async with aclosing(maker.stream(request)) as chunks:  # type: ignore[type-var]
            async for chunk in chunks:
                said += chunk.text
                trace.take(Chunk(usage=chunk.usage, finish_reason=chunk.finish_reason))
        return said

    def _job(self, call: Call, service: Service, clock: Clock) -> Job:
        disclosure = service.content.charter.behaviour.disclosure
        fake = disclosure.deep_fake if disclosure is not UNSET else UNSET
        label = ""
        if fake is not UNSET and disclosure is not UNSET:
            known = self._kind.words(fake)
            own = disclosure.language.lower()
            default = own if own in known else next(iter(known), "")
            label = known.get(in_language_of(call, known, default), "")
        return Job(
            about=About(
                observation=call.id, system=call.system, release=service.digest, label=label
            ),
            at_s=int(clock.now().timestamp()),
            format=str(call.extra.get("response_format") or "mp3"),
            bare_sound=disclosure is not UNSET and disclosure.unmarked_sound == "header",
            deep_fake=fake is not UNSET,
        )

    def _reply(
        self,
        trace: Trace,
        service: Service,
        files: list[Marked],
        words: list[str],
        *,
        label: str,
    ) -> Reply:
        verdicts = service.rails.unread(_NO_TEXT.format(self._kind.name))
        reply = trace.done(RailOutcome(text="", verdicts=verdicts), None)
        digests = [each.digest for each in files]
        whole = digests[0] if len(files) == 1 else sha256("\n".join(digests).encode())
        seen = structs.replace(
            reply.observation,
            rails=(*reply.observation.rails, *verdicts),
            output_digest=whole,
            attributes={
                **reply.observation.attributes,
                "made": [_kept(each, label) for each in files],
            },
        )
        parts = tuple(
            {"file": each.data, "mime": each.mime, "words": said}
            for each, said in zip(files, words, strict=True)
        )
        return structs.replace(reply, observation=seen, deltas=parts)


def _lower(words: Mapping[str, str]) -> dict[str, str]:
    return {language.lower(): text for language, text in words.items() if text}


def _kept(file: Marked, label: str) -> dict[str, Any]:
    """What the record says of a file; `label` is what people see or hear."""
    kept: dict[str, Any] = {"digest": file.digest, "mime": file.mime, "marks": list(file.marks)}
    if file.size is not None:
        kept["width"], kept["height"] = file.size
    return {**kept, "label": label} if label else kept


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
