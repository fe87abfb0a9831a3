"""What a batch has been answered so far: two files that grow, and what they come to.

The files are the authority: whoever goes on after a crash reads in them which lines are done. What
never happens here: a line that is in them twice, a result in the clear.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import structs

from roadworthy.domain import BatchState, StoredFile
from roadworthy.flows.batches.files import BatchFiles, Draft
from roadworthy.flows.batches.ids import result_id

OUTPUT, ERRORS = "output", "errors"


class Results:
    """The results of one batch."""

    def __init__(self, state: BatchState, files: BatchFiles) -> None:
        """Take up what is there. Raises OSError, EvidenceError, VerificationError."""
        self._state = state
        self._files = files
        self.done: set[int] = set()
        """Lines of the input that have a result."""
        self.completed = self.failed = 0
        self.tokens = dict.fromkeys(("input", "cached", "output", "reasoning"), 0)
        self.releases: dict[str, int] = {}
        self._published: dict[str, StoredFile] = {}
        self._drafts: dict[str, Draft] = {}
        for which in (OUTPUT, ERRORS):
            self._take_up(which)

    def _take_up(self, which: str) -> None:
        id_ = result_id(self._state, which)
        there = self._files.find(self._state.tenant, id_)
        draft = None
        if there is not None:
            self._published[which] = there
        else:
            draft = self._drafts[which] = self._files.draft(self._state.tenant, id_=id_)
            if draft.fresh:
                draft.name(f"{self._state.id}_{which}.jsonl")
        for number, text in self._lines(there, id_):
            size = len((text or "").encode())
            if draft is not None:
                draft.already(size)
            self._count(number, text or "", ok=which == OUTPUT)

    def _lines(self, there: StoredFile | None, id_: str) -> Iterator[tuple[int, str | None]]:
        if there is not None:
            return self._files.lines(there)
        return self._files.drafted(self._state.tenant, id_)

    def add(self, number: int, result: bytes, *, ok: bool, subject: str) -> None:
        """Keep the result of a line; it is the kernel's on return. Raises OSError."""
        assert number not in self.done, "a line has one result"
        text = result.decode() + "\n"
        draft = self._drafts[OUTPUT if ok else ERRORS]
        draft.add(number, text, len(result) + 1, subject=subject)
        draft.flush()
        self._count(number, text, ok=ok)

    def counted(self, state: BatchState) -> BatchState:
        """The state with what the results come to."""
        return structs.replace(
            state,
            completed=self.completed,
            failed=self.failed,
            input_tokens=self.tokens["input"],
            cached_tokens=self.tokens["cached"],
            output_tokens=self.tokens["output"],
            reasoning_tokens=self.tokens["reasoning"],
            releases=dict(self.releases),
        )

    async def sync(self) -> None:
        """Durable on return. Raises OSError."""
        for draft in self._drafts.values():
            await asyncio.to_thread(draft.sync)

    def publish(self) -> BatchState:
        """Let the tenant have the files; returns the state that names them. Raises OSError."""
        for which, draft in tuple(self._drafts.items()):
            if draft.count:
                self._published[which] = draft.publish(
                    "batch_output", expires_s=self._state.output_s
                )
            else:
                draft.drop()
            del self._drafts[which]
        named = {which: file.id for which, file in self._published.items()}
        return structs.replace(
            self.counted(self._state),
            output_file=named.get(OUTPUT, ""),
            error_file=named.get(ERRORS, ""),
        )

    def close(self) -> None:
        """Let the files go as they are."""
        for draft in self._drafts.values():
            draft.close()

    def _count(self, number: int, text: str, *, ok: bool) -> None:
        self.done.add(number)
        self.completed += ok
        self.failed += not ok
        body = _body(text)
        usage = body.get("usage")
        if isinstance(usage, dict):
            for kind, count in _tokens(usage):
                self.tokens[kind] += count
        about = body.get("roadworthy")
        release = about.get("release") if isinstance(about, dict) else None
        if ok and isinstance(release, str):
            self.releases[release] = self.releases.get(release, 0) + 1


def unanswered(id_: str, custom_id: str | None, code: str, message: str) -> bytes:
    """The result of a line that was not answered, as OpenAI's batches write it."""
    error = {"code": code, "message": message}
    said = {"id": id_, "custom_id": custom_id, "response": None, "error": error}
    return msgspec.json.encode(said)


def erased(number: int) -> bytes:
    """In the place of a line that was erased: no reader takes its absence for an answer."""
    message = f"the text of request line {number} was erased"
    return unanswered(f"batch_req_{number}", None, "erased", message)


def _body(text: str) -> dict[str, Any]:
    """The answer in a result; nothing where there is none."""
    if not text:
        return {}
    response = msgspec.json.decode(text).get("response")
    body = response.get("body") if isinstance(response, dict) else None
    return body if isinstance(body, dict) else {}


def _tokens(usage: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Tokens by kind, in the words of whichever API."""
    ways = (
        ("input", ("input_tokens", "prompt_tokens")),
        ("output", ("output_tokens", "completion_tokens")),
    )
    for kind, names in ways:
        yield kind, next((n for name in names if isinstance(n := usage.get(name), int)), 0)
    details = (
        ("cached", ("input_tokens_details", "prompt_tokens_details"), "cached_tokens"),
        ("reasoning", ("output_tokens_details", "completion_tokens_details"), "reasoning_tokens"),
    )
    for kind, names, field in details:
        for name in names:
            inner = usage.get(name)
            if isinstance(inner, dict) and isinstance(inner.get(field), int):
                yield kind, inner[field]
