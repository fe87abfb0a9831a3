"""/v1/files: requests come up, results go down, in OpenAI's shapes.

What never happens here: another tenant's file (there is none of that id: 404), a file in memory, a
path made of a name that somebody sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import msgspec

from roadworthy.domain import MEGABYTE, BatchSettings, FilePurpose, StoredFile
from roadworthy.flows.batches.files import BatchFiles, Draft
from roadworthy.flows.batches.store import BatchStore
from roadworthy.serving import Caller
from roadworthy.wiring.gateway import Gateway

from .batch_results import erased
from .inflow import Inflow, too_large
from .listing import asked, beneath, page, seconds
from .problems import DO_NOT_RETRY, ApiError, bad_field, busy, not_allowed
from .request_reader import UPLOADS, is_upload
from .upload import Form, receive
from .wire import Answer, Header, Request

PATH = UPLOADS
PURPOSE: FilePurpose = "batch"

AT_ONCE = 4
"""Uploads under way in one worker."""

MOST_FILES = 10_000
"""Of one tenant: as many as a list shows at once."""

FORM = 64 * 1024
"""Bytes of a form around its file."""

LEAST_FREE = 1 << 30
"""Bytes of the disk that no upload takes: the journal is on it, and nothing is served without."""

EXPIRES = (3600, 30 * 86_400)
"""Seconds that `expires_after` may say."""

JSONL: tuple[Header, ...] = ((b"content-type", b"application/jsonl"),)
PIECE = 64 * 1024


class FilesDoor:
    """The files of one worker's callers."""

    def __init__(
        self, gateway: Gateway, files: BatchFiles, store: BatchStore, settings: BatchSettings
    ) -> None:
        self._gateway = gateway
        self._files = files
        self._store = store
        self._settings = settings
        self._under_way = 0
        self._most = settings.file_mb * MEGABYTE + FORM

    def admit(self, request: Request) -> None:
        """Let an upload's body be read while it comes. Raises ApiError by the head alone."""
        if not is_upload(request) or request.caller is None:
            return
        if "chat" not in request.caller.key.scopes:
            raise ApiError(403, "this key may not chat", code="scope_missing")
        length = request.headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > self._most:
            raise too_large(self._most)
        request.inflow = Inflow(self._most)

    async def __call__(self, request: Request, answer: Answer, caller: Caller) -> None:
        """Answer one request for a path beneath /v1/files. Raises ApiError."""
        method, tenant = request.method, caller.key.tenant
        id_, rest = beneath(request.path, PATH, "content")
        if not id_:
            if method == "POST":
                return await self._create(request, answer, tenant)
            if method == "GET":
                return await self._list(request, answer, tenant)
            raise not_allowed(method, request.path, "GET", "POST")
        if method != "GET" and (rest or method != "DELETE"):
            raise not_allowed(method, request.path, "GET", *(() if rest else ("DELETE",)))
        file = await asyncio.to_thread(self._files.find, tenant, id_)
        if file is None:
            raise ApiError(404, f"there is no file {id_!r}", code="not_found", param="file_id")
        if method == "DELETE":
            return await self._delete(file, answer)
        if rest:
            return await self._content(file, answer)
        answer.whole(200, msgspec.json.encode(await asyncio.to_thread(self._view, file)))

    async def _create(self, request: Request, answer: Answer, tenant: str) -> None:
        inflow = request.inflow
        assert inflow is not None, "the application gives every upload one"
        if self._under_way >= AT_ONCE:
            await inflow.drain()
            raise busy(f"{AT_ONCE} files come up already")
        self._under_way += 1
        draft: Draft | None = None
        try:
            await self._require_room(tenant, request)
            draft = self._files.draft(tenant)
            form = await receive(
                inflow,
                request.header(b"content-type"),
                draft,
                lambda user: self._gateway.vault.pseudonym(tenant, user),
                clock=self._gateway.clock,
            )
            answer.on_gone = None  # all of it is here: it is kept, whoever leaves now
            expires_s = _checked(form, self._settings)
            file = draft.publish(PURPOSE, expires_s=expires_s)
            draft = None
        except ApiError:
            await inflow.drain()
            raise
        except OSError as error:
            await inflow.drain()
            raise _no_room(f"the file cannot be kept: {error.strerror}") from None
        finally:
            self._under_way -= 1
            if draft is not None:
                draft.drop()
        answer.whole(200, msgspec.json.encode(_said(file, form.filename)))

    async def _require_room(self, tenant: str, request: Request) -> None:
        length = int(request.headers.get(b"content-length", b"0"))
        free = self._gateway.journal.free_bytes
        if free is not None and free - length < LEAST_FREE:
            raise _no_room("the disk has no room for files")
        most = self._settings.tenant_mb * MEGABYTE
        count, used = await asyncio.to_thread(self._files.used, tenant)
        if used + length > most or count >= MOST_FILES:
            raise ApiError(
                413,
                f"{count} files of {tenant} take {used} of {most} bytes; delete some first",
                code="storage_quota_exceeded",
                headers=(DO_NOT_RETRY,),
            )

    async def _list(self, request: Request, answer: Answer, tenant: str) -> None:
        which = asked(request.query, limit=10_000, most=10_000)

        def told() -> bytes:
            found = self._files.all_of(tenant)
            kept = [one for one in found if which.purpose in ("", one.purpose)]
            return page(kept, which, self._view)

        answer.whole(200, await asyncio.to_thread(told))

    def _view(self, file: StoredFile) -> dict[str, object]:
        return _said(file, self._files.name_of(file))

    async def _delete(self, file: StoredFile, answer: Answer) -> None:
        user = await asyncio.to_thread(self._store.uses, file.tenant, file.id)
        if user is not None:
            raise ApiError(
                409, f"{file.id} is read by {user.id}; cancel that first", code="file_in_use"
            )
        await asyncio.to_thread(self._files.delete, file)
        said = {"id": file.id, "object": "file", "deleted": True}
        answer.whole(200, msgspec.json.encode(said))

    async def _content(self, file: StoredFile, answer: Answer) -> None:
        """All lines, as they came; one that was erased says so in its place."""
        pieces = self._pieces(file)
        first = await asyncio.to_thread(next, pieces, b"")  # an error of it is an error in JSON
        left = asyncio.Event()
        answer.on_gone = left.set
        answer.begin((), kind=JSONL)
        while first and not left.is_set():
            await answer.piece(first)
            first = await asyncio.to_thread(next, pieces, b"")
        await answer.piece(b"", last=True)

    def _pieces(self, file: StoredFile) -> Iterator[bytes]:
        held: list[bytes] = []
        size = 0
        for number, text in self._files.lines(file):
            line = erased(number) + b"\n" if text is None else text.encode()
            held.append(line)
            size += len(line)
            if size >= PIECE:
                yield b"".join(held)
                held, size = [], 0
        if held:
            yield b"".join(held)


def _said(file: StoredFile, name: str) -> dict[str, object]:
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.size,
        "created_at": seconds(file.created_at),
        "expires_at": seconds(file.expires_at),
        "filename": name,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
    }


def _checked(form: Form, settings: BatchSettings) -> int:
    """Seconds until the file expires. Raises ApiError."""
    purpose = form.fields.get("purpose", "")
    if purpose != PURPOSE:
        raise bad_field("purpose", f"purpose is {PURPOSE!r}: files are kept for batches only")
    said = form.fields.get("expires_after[seconds]")
    if said is None:
        return settings.keep_days * 86_400
    if form.fields.get("expires_after[anchor]") != "created_at":
        raise bad_field("expires_after", "expires_after.anchor is 'created_at'")
    return expires_in(said)


def expires_in(said: str) -> int:
    """Seconds of an `expires_after`. Raises ApiError."""
    least, most = EXPIRES
    if not (said.isascii() and said.isdigit() and len(said) < 10 and least <= int(said) <= most):
        raise bad_field("expires_after", f"expires_after.seconds is from {least} to {most}")
    return int(said)


def _no_room(message: str) -> ApiError:
    return ApiError(503, message, code="storage_unavailable", headers=((b"retry-after", b"60"),))
