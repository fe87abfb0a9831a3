"""POST /v1/audio/transcriptions (OpenAI): a form with a sound in, its words out.

What enters: a form (RFC 7578), later a reply. What leaves: a chat request with a name where the
sound was, and the words in the API's own shape. What never happens here: times of words or
speakers, which no rail could read; a field passed on that was not looked at.
"""

from __future__ import annotations

import base64
import re
from typing import Any

import msgspec

from roadworthy.domain import sha256
from roadworthy.flows.request.trace import Reply, Walk

from .about import about
from .dialect import ChatRequest, Dialect
from .images import no_stream
from .problems import ApiError, bad_field

_TEXTS = ("model", "prompt", "language", "temperature", "response_format", "user")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_MIME = re.compile(r"(audio|video|application)/[A-Za-z0-9.+-]{1,60}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}")
_MOST_PARTS = 16
_MAX_PROMPT = 4000
_encoder = msgspec.json.Encoder()


def read_transcript_request(data: bytes) -> ChatRequest:
    """Read a form. Raises ApiError (400) that names the field."""
    fields, sound, name, mime = _parts(data)
    if not fields.get("model"):
        raise bad_field("model", "the form lacks the field model")
    if not sound:
        raise bad_field("file", "the form lacks a file")
    extra = _checked(fields)
    prompt = fields.get("prompt", "")
    if len(prompt) > _MAX_PROMPT:
        raise bad_field("prompt", f"prompt may have {_MAX_PROMPT} characters")
    named = f"sound {sha256(sound).removeprefix('sha256:')[:12]}"
    messages = [{"role": "user", "content": named}]
    if prompt:
        messages.append({"role": "user", "content": prompt})
    suffix = name.rpartition(".")[2]
    held = f"sound.{suffix}" if _NAME.fullmatch(suffix) and "." in name else "sound"
    return ChatRequest(
        raw={"model": fields["model"]},
        model=fields["model"],
        messages=messages,
        user=fields.get("user", ""),
        extra={**extra, "filename": held},
        media={named: f"data:{mime};base64,{base64.b64encode(sound).decode()}"},
    )


def _checked(fields: dict[str, str]) -> dict[str, Any]:
    """What goes to the upstream beside the sound."""
    if fields.get("response_format", "json") != "json":
        raise bad_field("response_format", "response_format must be json: no rail reads the others")
    extra: dict[str, Any] = {"response_format": "json"}
    if language := fields.get("language", ""):
        if not _LANGUAGE.fullmatch(language):
            raise bad_field("language", "language must be a code, such as en")
        extra["language"] = language
    if temperature := fields.get("temperature", ""):
        try:
            value = float(temperature)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1:
            raise bad_field("temperature", "temperature must be a number from 0 to 1")
        extra["temperature"] = value
    return extra


def _parts(data: bytes) -> tuple[dict[str, str], bytes, str, str]:
    """Fields, file, its name and media type. Raises ApiError."""
    import io

    from multipart import MultipartError, MultipartParser

    first = data[:80].partition(b"\r\n")[0]
    fields: dict[str, str] = {}
    sound, name, mime = b"", "", "application/octet-stream"
    try:
        if not first.startswith(b"--") or len(first) < 3:
            raise MultipartError("it does not begin with a boundary")
        boundary = first[2:].decode("ascii")
        limits = {"part_limit": _MOST_PARTS, "memory_limit": len(data), "spool_limit": len(data)}
        parser = MultipartParser(io.BytesIO(data), boundary, strict=True, **limits)
        for part in parser:
            if part.name == "file" and not sound:
                sound, name = part.raw, part.filename or ""
                mime = part.content_type or mime
            elif part.name in _TEXTS and part.name not in fields:
                fields[part.name] = part.raw.decode()
            elif part.name != "stream" or part.value.lower() not in ("false", "0"):
                raise bad_field(part.name, f"{part.name}: not for this door, or sent twice")
    except (MultipartError, UnicodeDecodeError) as error:
        raise ApiError(
            400, f"the body is no multipart form: {error}", code="malformed_request"
        ) from None
    return fields, sound, name, mime if _MIME.fullmatch(mime) else "application/octet-stream"


def _words(reply: Reply, _asked: ChatRequest, _created: int) -> bytes:
    if reply.error:
        raise ApiError(502, "the model gave no words", code="upstream_error")
    said: dict[str, Any] = {"text": reply.text, "roadworthy": about(reply.observation)}
    used = reply.usage
    if used.input_tokens or used.output_tokens:
        said["usage"] = {
            "type": "tokens",
            "input_tokens": used.input_tokens,
            "output_tokens": used.output_tokens,
            "total_tokens": used.input_tokens + used.output_tokens,
        }
    return _encoder.encode(said)


def transcripts_dialect(walk: Walk) -> Dialect:
    """The API; `walk` hears."""
    return Dialect(
        read=read_transcript_request,
        whole=_words,
        events=no_stream,
        words="file",
        walk=walk,
        prompted=False,
    )
