"""A form with a file of requests, read while it comes: each line is checked and sealed at once.

What enters: a multipart body (RFC 7578). What leaves: a draft of sealed lines, and the form's
fields. What never happens here: a file in memory or in the clear on disk; a line that cannot be a
request taken in silence (the error names it); more of the worker's time than answers leave over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import Clock
from roadworthy.flows.batches.files import Draft

from .inflow import Inflow
from .problems import ApiError, bad_field
from .request_reader import MAX_BODY_BYTES

MAX_LINE = MAX_BODY_BYTES
"""A line is one request, and may be as long as one."""

MAX_FIELD = 4096
MAX_PARTS = 16
MOST_BOUNDARY = 70
"""RFC 2046, section 5.1.1."""
MAX_NAME_CHARS = 255

SLICE = 32 * 1024
"""Bytes between two looks at who else waits."""

SYNCED = 8 * 1024 * 1024
"""Bytes after which the disk has them: a longer queue there would hold up the journal."""


class Form(Struct, frozen=True, kw_only=True):
    """What came beside the lines."""

    fields: dict[str, str]
    filename: str


class _Head(Struct, frozen=True):
    """What of a line says whom it is about."""

    body: dict[str, Any] = {}


Pseudonym = Callable[[str], str]
"""An end user as records name him."""


async def receive(
    inflow: Inflow, kind: str, draft: Draft, pseudonym: Pseudonym, *, clock: Clock
) -> Form:
    """Read a form into a draft; durable on return. Raises ApiError that names the line, OSError."""
    from multipart import MultipartError

    reader = FormReader(kind, Lines(draft, pseudonym))
    unsynced = 0
    try:
        while piece := await inflow.read():
            for start in range(0, len(piece), SLICE):
                began = clock.monotonic()
                reader.feed(piece[start : start + SLICE])
                # as long as this took, everybody else goes first
                await asyncio.sleep(min(clock.monotonic() - began, 0.1))
            unsynced += len(piece)
            if unsynced >= SYNCED:
                unsynced = 0
                await asyncio.to_thread(draft.sync)
        form = reader.end()
    except MultipartError as error:
        raise ApiError(
            400, f"the body is no multipart form: {error}", code="malformed_request"
        ) from None
    await asyncio.to_thread(draft.sync)
    return form


class Lines:
    """Pieces of a file in, sealed lines into a draft; a line is held until its end came."""

    def __init__(self, draft: Draft, pseudonym: Pseudonym) -> None:
        self._draft = draft
        self._pseudonym = pseudonym
        self._rest: list[bytes] = []
        self._held = 0
        self._number = 0
        self.requests = 0

    def name(self, said: str) -> None:
        """What the file is called; before its first piece."""
        self._draft.name(said)

    def feed(self, data: bytes) -> None:
        """Take a piece. Raises ApiError that names the line at fault."""
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            line = data[start : end + 1]
            if self._rest:
                line = b"".join((*self._rest, line))
                self._rest.clear()
                self._held = 0
            self._take(line)
            start = end + 1
        if start < len(data):
            self._rest.append(data[start:] if start else data)
            self._held += len(data) - start
            if self._held > MAX_LINE:
                raise self._fault(self._number + 1, f"it is longer than {MAX_LINE} bytes")

    def end(self) -> None:
        """The file ends; its last line needs no line break."""
        if self._rest:
            self._take(b"".join(self._rest))
            self._rest.clear()

    def _take(self, line: bytes) -> None:
        self._number += 1
        if len(line) > MAX_LINE:
            raise self._fault(self._number, f"it is longer than {MAX_LINE} bytes")
        if line.isspace():
            self._draft.add(self._number, line.decode(), len(line))
            return
        try:
            text = line.decode()
            head = msgspec.json.decode(line, type=_Head)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise self._fault(self._number, f"it is no JSON object: {error}") from None
        self.requests += 1
        self._draft.add(self._number, text, len(line), subject=self._pseudonym(user_of(head.body)))

    def _fault(self, number: int, why: str) -> ApiError:
        return bad_field("file", f"line {number} of the file: {why}")


class FormReader:
    """The parts of a form: fields, and one file that goes on line by line."""

    def __init__(self, kind: str, lines: Lines) -> None:
        """Raises ApiError where the content type names no boundary."""
        from multipart import PushMultipartParser, parse_options_header

        named, options = parse_options_header(kind)
        boundary = options.get("boundary", "")
        if named != "multipart/form-data" or not 0 < len(boundary) <= MOST_BOUNDARY:
            raise ApiError(
                400,
                "send the file as multipart/form-data, with the fields `file` and `purpose`",
                code="invalid_value",
                param="file",
            )
        self._parser = PushMultipartParser(boundary, max_segment_count=MAX_PARTS)
        self._lines = lines
        self._fields: dict[str, str] = {}
        self._filename: str | None = None
        self._into = ""
        """The field that is read now; `file` goes to the lines."""
        self._value = b""

    def feed(self, data: bytes) -> None:
        """Take a piece of the body. Raises ApiError, MultipartError."""
        for event in self._parser.parse(data):
            if event is None:
                self._end_part()
            elif isinstance(event, bytes | bytearray):
                self._take(bytes(event))
            else:
                self._begin_part(event)

    def end(self) -> Form:
        """All of the body came. Raises ApiError, MultipartError for one that is not whole."""
        self._parser.close()
        if self._filename is None:
            raise bad_field("file", "the form has no field `file`")
        return Form(fields=self._fields, filename=self._filename)

    def _begin_part(self, part: Any) -> None:
        self._into, self._value = part.name, b""
        if part.name != "file":
            return
        if self._filename is not None:
            raise bad_field("file", "the form has two fields `file`; one is uploaded at a time")
        self._filename = filename_of(part.filename)
        self._lines.name(self._filename)

    def _take(self, data: bytes) -> None:
        if self._into == "file":
            self._lines.feed(data)
            return
        self._value += data
        if len(self._value) > MAX_FIELD:
            raise bad_field(self._into, f"{self._into} is longer than {MAX_FIELD} bytes")

    def _end_part(self) -> None:
        if self._into == "file":
            self._lines.end()
        elif self._into in self._fields:
            raise bad_field(self._into, f"the form says {self._into} twice")
        else:
            self._fields[self._into] = self._value.decode("utf-8", "replace")


def user_of(body: dict[str, Any]) -> str:
    """The end user whom a request names, in the words of either API."""
    user = body.get("user")
    if user is None and isinstance(body.get("metadata"), dict):
        user = body["metadata"].get("user_id")
    return user if isinstance(user, str) else ""


def filename_of(said: str | None) -> str:
    """A name to show, and nothing else: no folder, no control character, never a path."""
    name = (said or "").replace("\\", "/").rpartition("/")[2]
    shown = "".join(filter(str.isprintable, name))[:MAX_NAME_CHARS]
    return shown or "requests.jsonl"
