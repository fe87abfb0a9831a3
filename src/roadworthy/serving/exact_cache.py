"""Step 3.3 of the request line, where the charter allows it: the same question, the same answer.

Enters: a call and the request that would go to the model. Leaves: what the model said before, as
it said it; rails and decision look at it anew. What never happens here: one tenant's answer for
another, one release's for another, an answer that broke off, or an answer kept after anybody's
texts were erased.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable

import msgspec
from msgspec import UNSET, Struct, structs

from roadworthy.domain import AnswerCache, Call, Chunk, Clock, ModelRequest, Usage

_encoder = msgspec.msgpack.Encoder(order="deterministic")

_BESIDE = 768
"""Bytes that an entry costs beside its texts, its likeness among them."""

FINISHED = frozenset(("stop", "length", "tool_calls"))


class _Kept(Struct, frozen=True):
    chunks: tuple[Chunk, ...]
    at: float
    size: int


class ExactCache:
    """Answers of one release in one worker. Not for threads."""

    def __init__(
        self, settings: AnswerCache, release: str, clock: Clock, *, erased: Callable[[], object]
    ) -> None:
        """`erased` gives a stamp that is another one once texts were erased."""
        self._settings = settings
        self._release = release
        self._clock = clock
        self._erased = erased
        self._stamp = erased()
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._size = 0
        self.likens = settings.similar is not UNSET
        """Whether questions that ask the same may get the same answer."""
        self._alike: dict[bytes, bytes] = {}
        """What a question comes to -> the question of that kind that was answered."""
        self._likes: dict[bytes, bytes] = {}
        """The other way round."""

    def key(self, call: Call, request: ModelRequest, *, alike: bool = False) -> bytes:
        """What an answer is kept under: release, tenant, facets, and all that the model is told.

        `alike`: the request is what a question comes to, and no question that anybody asked.
        """
        told = structs.replace(request, stream=False, timeout_s=0.0, end_user=UNSET)
        parts = (self._release, call.tenant, call.facets, told, *((True,) if alike else ()))
        return hashlib.sha256(_encoder.encode(parts)).digest()

    def find_alike(self, like: bytes) -> tuple[Chunk, ...] | None:
        """What the model said to a question that comes to the same, unless it is too old."""
        self._look_for_erasures()
        key = self._alike.get(like)
        return None if key is None else self.find(key)

    def liken(self, like: bytes, key: bytes) -> None:
        """Let the answer that is kept under `key` be that of all questions that come to `like`."""
        self._look_for_erasures()
        if key in self._kept and like not in self._alike:
            self._alike[like], self._likes[key] = key, like

    def find(self, key: bytes) -> tuple[Chunk, ...] | None:
        """What the model said to that, unless it is too old."""
        self._look_for_erasures()
        kept = self._kept.get(key)
        if kept is None:
            return None
        if self._clock.monotonic() - kept.at > self._settings.max_age_s:
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        return kept.chunks

    def keep(self, key: bytes, chunks: list[Chunk]) -> None:
        """Keep a whole answer; the least asked for go when there is no more room."""
        if not chunks or not any(chunk.finish_reason in FINISHED for chunk in chunks):
            return
        self._look_for_erasures()
        size = _BESIDE + sum(len(_encoder.encode(chunk)) for chunk in chunks)
        room = self._settings.max_mb * 1024 * 1024
        if size > room:
            return
        if key in self._kept:
            self._drop(key)
        self._kept[key] = _Kept(tuple(chunks), self._clock.monotonic(), size)
        self._size += size
        while self._size > room:
            self._drop(next(iter(self._kept)))

    def _look_for_erasures(self) -> None:
        stamp = self._erased()
        if stamp != self._stamp:
            self._stamp = stamp
            self._kept.clear()
            self._alike.clear()
            self._likes.clear()
            self._size = 0

    def _drop(self, key: bytes) -> None:
        self._size -= self._kept.pop(key).size
        like = self._likes.pop(key, None)
        if like is not None:
            del self._alike[like]


async def replayed(chunks: tuple[Chunk, ...]) -> AsyncGenerator[Chunk, None]:
    """The chunks again. Their tokens were read and written once, and are counted once."""
    for chunk in chunks:
        yield structs.replace(chunk, usage=None if chunk.usage is None else Usage())
