"""/v1/batches: what was left to be answered later, in OpenAI's shapes.

The batch process does the work (`batcher.py`); here it is entered, looked at and called off. What
never happens here: another tenant's batch (there is none of that id: 404), a question asked.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import Collection
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from roadworthy.domain import BatchSettings, BatchState, format_instant
from roadworthy.flows.batches.files import BatchFiles, new_name
from roadworthy.flows.batches.store import BatchStore
from roadworthy.serving import Caller
from roadworthy.wiring.gateway import Gateway

from .dialect import checked, decoded
from .files import expires_in
from .listing import asked, beneath, page, seconds
from .problems import ApiError, bad_field, not_allowed
from .wire import Answer, Request

PATH = "/v1/batches"

MAX_WAITING = 64
"""Batches of a tenant that are not over."""

_WINDOW = re.compile(r"([1-9][0-9]{0,3})([smhd])")
_UNIT = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LONGEST_WINDOW_S = 14 * 86_400

_Words = dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]]


class _Expires(Struct, frozen=True):
    """`output_expires_after`."""

    anchor: str
    seconds: int


class BatchBody(Struct, frozen=True):
    """What creates a batch; fields of OpenAI's that say nothing here are passed over."""

    input_file_id: str
    endpoint: str
    completion_window: str = "24h"
    metadata: Annotated[_Words, Meta(max_length=16)] | None = None
    output_expires_after: _Expires | None = None


class BatchesDoor:
    """The batches of one worker's callers."""

    def __init__(
        self,
        gateway: Gateway,
        files: BatchFiles,
        store: BatchStore,
        settings: BatchSettings,
        endpoints: Collection[str],
    ) -> None:
        self._gateway = gateway
        self._files = files
        self._store = store
        self._settings = settings
        self._endpoints = endpoints

    async def __call__(self, request: Request, answer: Answer, caller: Caller) -> None:
        """Answer one request for a path beneath /v1/batches. Raises ApiError."""
        method, tenant = request.method, caller.key.tenant
        id_, rest = beneath(request.path, PATH, "cancel")
        if not id_:
            if method == "POST":
                return await self._create(request, answer, caller)
            if method == "GET":
                return await self._list(request, answer, tenant)
            raise not_allowed(method, request.path, "GET", "POST")
        if method != ("POST" if rest else "GET"):
            raise not_allowed(method, request.path, "POST" if rest else "GET")
        state = await asyncio.to_thread(self._store.find, tenant, id_)
        if state is None:
            raise ApiError(404, f"there is no batch {id_!r}", code="not_found", param="batch_id")
        if rest:
            await self._cancel(state)
        answer.whole(200, msgspec.json.encode(await asyncio.to_thread(self._view, state)))

    async def _create(self, request: Request, answer: Answer, caller: Caller) -> None:
        body = checked(decoded(request.body), BatchBody)
        tenant = caller.key.tenant
        if body.endpoint not in self._endpoints:
            known = ", ".join(self._endpoints)
            raise bad_field("endpoint", f"endpoint is one of {known}")
        window_s = _window_s(body.completion_window)
        expires_s = 0
        if body.output_expires_after is not None:
            expires_s = expires_in(str(body.output_expires_after.seconds))
        file = await asyncio.to_thread(self._files.find, tenant, body.input_file_id)
        if file is None or file.purpose != "batch":
            raise bad_field(
                "input_file_id", f"there is no file {body.input_file_id!r} of purpose 'batch'"
            )
        waiting = await asyncio.to_thread(self._store.waiting)
        if sum(whose == tenant for _, whose in waiting) >= MAX_WAITING:
            raise ApiError(
                429,
                f"{MAX_WAITING} batches of {tenant} are not over yet",
                code="rate_limit_exceeded",
                headers=((b"retry-after", b"60"),),
            )
        now = self._gateway.clock.now()
        state = BatchState(
            id=new_name("batch"),
            tenant=tenant,
            key=caller.digest,
            endpoint=body.endpoint,
            input_file=file.id,
            window=body.completion_window,
            created_at=format_instant(now),
            expires_at=format_instant(now + dt.timedelta(seconds=window_s)),
            output_s=expires_s or self._settings.keep_days * 86_400,
        )
        try:
            words = self._store.sealed(state, body.metadata or {})
            await asyncio.to_thread(self._store.create, state, words)
        except OSError as error:
            raise ApiError(
                503,
                f"the batch cannot be kept: {error.strerror}",
                code="storage_unavailable",
                headers=((b"retry-after", b"60"),),
            ) from None
        answer.whole(200, msgspec.json.encode(batch_view(state, "", body.metadata or {})))

    async def _list(self, request: Request, answer: Answer, tenant: str) -> None:
        which = asked(request.query, limit=20, most=100)

        def told() -> bytes:
            return page(self._store.all_of(tenant), which, self._view)

        answer.whole(200, await asyncio.to_thread(told))

    async def _cancel(self, state: BatchState) -> None:
        if state.over and state.status != "cancelled":
            raise ApiError(
                409, f"{state.id} is {state.status}; there is nothing to cancel", code="batch_over"
            )
        if not state.over:
            await asyncio.to_thread(self._store.cancel, state)

    def _view(self, state: BatchState) -> dict[str, Any]:
        return batch_view(state, self._store.cancelled_at(state), self._store.words(state))


def batch_view(state: BatchState, cancelled: str, words: dict[str, str]) -> dict[str, Any]:
    """A batch as the API says it."""
    calls_off = bool(cancelled) and not state.over
    ended = seconds(state.ended_at)
    faults = [msgspec.to_builtins(one) for one in state.faults]
    for one in faults:
        one.setdefault("line", None)
        one.setdefault("param", None)
    return {
        "id": state.id,
        "object": "batch",
        "endpoint": state.endpoint,
        "model": state.model or None,
        "errors": {"object": "list", "data": faults} if faults else None,
        "input_file_id": state.input_file,
        "completion_window": state.window,
        "status": "cancelling" if calls_off else state.status,
        "output_file_id": state.output_file or None,
        "error_file_id": state.error_file or None,
        "created_at": seconds(state.created_at),
        "in_progress_at": seconds(state.in_progress_at),
        "expires_at": seconds(state.expires_at),
        "finalizing_at": seconds(state.finalizing_at),
        "completed_at": ended if state.status == "completed" else None,
        "failed_at": ended if state.status == "failed" else None,
        "expired_at": ended if state.status == "expired" else None,
        "cancelling_at": seconds(cancelled),
        "cancelled_at": ended if state.status == "cancelled" else None,
        "request_counts": {
            "total": state.total,
            "completed": state.completed,
            "failed": state.failed,
        },
        "usage": {
            "input_tokens": state.input_tokens,
            "input_tokens_details": {"cached_tokens": state.cached_tokens},
            "output_tokens": state.output_tokens,
            "output_tokens_details": {"reasoning_tokens": state.reasoning_tokens},
            "total_tokens": state.input_tokens + state.output_tokens,
        },
        "metadata": words or None,
        "roadworthy": {"waits_for": state.waits or None, "releases": state.releases},
    }


def _window_s(said: str) -> int:
    """Seconds of a completion window. Raises ApiError."""
    found = _WINDOW.fullmatch(said)
    window = int(found.group(1)) * _UNIT[found.group(2)] if found else 0
    if not 0 < window <= LONGEST_WINDOW_S:
        raise bad_field(
            "completion_window", "completion_window is such as 24h, 90m or 7d, at most 14d"
        )
    return window
