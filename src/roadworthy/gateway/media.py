"""The doors for what is no text: pictures and speech, behind the marks of the workspace.

What enters: a gateway. What leaves: dialects by path. What never happens here: a request that goes
on where its answer could not be marked (501 says what to install, 503 which key is not there).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from msgspec import structs

from roadworthy.flows.request.inbound_path import InboundPath
from roadworthy.flows.request.media_path import MediaPath, PictureKind, SpeechKind
from roadworthy.flows.transcript_path import TranscriptPath
from roadworthy.media import INSTALL, MarkError, missing
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.marking import Marking

from .dialect import ChatRequest, Dialect
from .images import images_dialect
from .problems import DO_NOT_RETRY, ApiError
from .speech import speech_dialect
from .transcripts import transcripts_dialect

_TALKS = frozenset(("/v1/chat/completions", "/v1/responses", "/v1/messages"))
"""Whose messages may hold files."""


def with_media(gateway: Gateway, dialects: Mapping[str, Dialect]) -> dict[str, Dialect]:
    """The dialects by path, files looked at where messages bring them, and those for media."""
    marking = Marking(gateway.workspace, gateway.vault, font=_font(gateway))
    pictures = MediaPath(PictureKind(), marker=marking.marker)
    speech = MediaPath(SpeechKind(), marker=marking.marker)
    found = {
        "/v1/images/generations": images_dialect(pictures.walk),
        "/v1/audio/speech": speech_dialect(speech.walk),
    }
    made = {
        path: structs.replace(dialect, read=partial(_read, marking, dialect.read))
        for path, dialect in found.items()
    }
    heard = TranscriptPath(marking.look)
    every = {**dialects, **made, "/v1/audio/transcriptions": transcripts_dialect(heard.walk)}
    for path in _TALKS & every.keys():
        talk = every[path]
        inbound = InboundPath(marking.look, talk.walk, field=talk.words)
        every[path] = structs.replace(talk, walk=inbound.walk)
    return every


def _font(gateway: Gateway) -> str:
    """The file with which labels are written; empty where the deployment names none."""
    named = gateway.deployment.media.font
    root = next(iter(gateway.plan.roots.values()), "")
    return str(Path(root) / named) if named else ""


def _read(marking: Marking, read: Callable[[bytes], ChatRequest], data: bytes) -> ChatRequest:
    """Read a request, once it is known that its answer could be marked. Raises ApiError."""
    body = read(data)
    if lost := missing():
        message = f"this gateway lacks what marks need ({lost}): {INSTALL}"
        raise ApiError(501, message, code="not_installed", headers=(DO_NOT_RETRY,))
    try:
        marking.marker()
    except MarkError as error:
        message = f"{error.message}: {error.fix}"
        raise ApiError(503, message, code="marks_unavailable", headers=(DO_NOT_RETRY,)) from None
    return body
