"""Many requests from a file, answered in this process: OpenAI's batch format, in and out.

Enters: a JSON object a line (`custom_id`, `method`, `url`, `body`). Leaves: one result a line, in
the order of the requests. What never happens here: a file of which one line cannot be read is
begun; a call that was answered is asked again by the next try; a result file that is half written.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from roadworthy.domain import EvidenceError, UsageError, sha256
from roadworthy.flows.workspace.own_files import own_file
from roadworthy_verify.plain_file import open_plain, read_plain

from .app import DIALECTS
from .inside import Said

MAX_REQUESTS = 1_000_000
MOST_TRIES = 12
LONGEST_WAIT_S = 60.0

_WORTH_WAITING = frozenset(("rate_limit_exceeded", "overloaded"))
"""Codes after which the same request may be answered soon."""


class BatchLine(Struct, frozen=True, kw_only=True):
    """One request of a batch."""

    custom_id: str
    method: str = "POST"
    url: str
    body: dict[str, Any]


class BatchResult(Struct, kw_only=True):
    """One result, as OpenAI's batches write it; `response.body` is what the API says."""

    id: str
    custom_id: str
    response: dict[str, Any]
    error: None = None


class _Begun(Struct, frozen=True):
    """The first line of results that are not whole yet: of which requests they are."""

    requests: str


class Done(Struct, frozen=True, kw_only=True):
    """How a batch ended."""

    requests: int
    answered: int
    failed: int
    resumed: int
    """Results that an earlier try had."""
    out: str


Ask = Callable[[BatchLine], Awaitable[Said]]


def read_batch(path: Path) -> tuple[list[BatchLine], str]:
    """The requests of a file and its digest. Raises UsageError that names every faulty line."""
    try:
        data = read_plain(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}") from None
    found: list[BatchLine] = []
    faults: list[str] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            one = read_line(line, seen)
        except UsageError as error:
            faults.append(f"{path}:{number}: {error.message}")
            continue
        seen[one.custom_id] = number
        found.append(one)
        if len(found) > MAX_REQUESTS:
            raise UsageError(f"{path} has more than {MAX_REQUESTS} requests", fix="divide it")
    if faults:
        more = f"\n… and {len(faults) - 10} more" if len(faults) > 10 else ""
        raise UsageError(
            "\n".join(faults[:10]) + more,
            fix='a line is {"custom_id": "…", "method": "POST", "url": "/v1/chat/completions", '
            '"body": {…}}; nothing was asked',
        )
    if not found:
        raise UsageError(f"{path} has no request")
    return found, sha256(data)


def is_results(data: bytes) -> bool:
    """Whether a file begins as results do."""
    try:
        msgspec.json.decode(data.partition(b"\n")[0], type=BatchResult)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def read_line(line: bytes, seen: dict[str, int]) -> BatchLine:
    """One request; `seen` has the lines of earlier ids. Raises UsageError."""
    try:
        one = msgspec.json.decode(line, type=BatchLine)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(str(error)) from None
    if one.method != "POST" or one.url not in DIALECTS:
        raise UsageError(f"{one.method} {one.url} is none of: POST {', '.join(DIALECTS)}")
    if one.custom_id in seen:
        raise UsageError(f"custom_id {one.custom_id!r} is that of line {seen[one.custom_id]}")
    if one.body.get("stream"):
        raise UsageError("a batch has no reader along the way: leave out `stream`")
    return one


class Batch:
    """One file of requests on its way to one file of results."""

    def __init__(self, requests: Sequence[BatchLine], digest: str, out: Path) -> None:
        self._requests = requests
        self._digest = digest
        self._out = out
        self._part = out.with_name(f".{out.name}.part")
        self._results: dict[str, bytes] = {}
        self._failed = 0

    async def run(
        self, ask: Ask, *, concurrency: int, on_done: Callable[[int], None] = lambda done: None
    ) -> Done:
        """Ask what has no result yet. Raises EvidenceError when results cannot be written."""
        resumed = self._take_up()
        waiting = iter([one for one in self._requests if one.custom_id not in self._results])
        try:
            with self._part.open("ab") as part:
                if part.tell() == 0:
                    part.write(msgspec.json.encode(_Begun(self._digest)) + b"\n")
                async with asyncio.TaskGroup() as group:
                    for _ in range(concurrency):
                        group.create_task(self._work(waiting, ask, part, on_done))
            self._finish()
        except OSError as error:
            raise EvidenceError(f"{self._part} cannot be written: {error.strerror}") from error
        except ExceptionGroup as group_error:
            raise group_error.exceptions[0] from None
        return Done(
            requests=len(self._requests),
            answered=len(self._requests) - self._failed,
            failed=self._failed,
            resumed=resumed,
            out=str(self._out),
        )

    async def _work(
        self, waiting: Iterator[BatchLine], ask: Ask, part: Any, on_done: Callable[[int], None]
    ) -> None:
        for one in waiting:
            said = await _patiently(one, ask)
            line = msgspec.json.encode(result_of(one, said))
            part.write(line + b"\n")
            part.flush()
            self._keep(one.custom_id, said.status, line)
            on_done(len(self._results))

    def _keep(self, custom_id: str, status: int, line: bytes) -> None:
        self._results[custom_id] = line
        self._failed += status != 200

    def _take_up(self) -> int:
        """Results of a try that was cut off, of these very requests; a torn line is none."""
        try:
            with open_plain(self._part) as file:
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise EvidenceError(f"{self._part} cannot be read: {error.strerror}") from error
        try:
            begun = msgspec.json.decode(lines[0], type=_Begun)
        except (msgspec.DecodeError, UnicodeDecodeError):
            begun = _Begun("")
        if begun.requests != self._digest:
            raise UsageError(
                f"{self._part} has results of other requests",
                fix="name another --out, or remove it: what it has would be asked again",
            )
        known = {one.custom_id for one in self._requests}
        whole = lines[1:-1]  # what follows the last line's end was cut off
        for number, line in enumerate(whole, start=2):
            try:
                result = msgspec.json.decode(line, type=BatchResult)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise EvidenceError(
                    f"{self._part}:{number} is no result: {error}",
                    fix="put the file back, or remove it: what it has is then asked again",
                ) from None
            if result.custom_id in known:
                self._keep(result.custom_id, result.response["status_code"], line)
        if lines[-1]:
            os.truncate(self._part, sum(len(line) + 1 for line in lines[:-1]))
        return len(self._results)

    def _finish(self) -> None:
        """All results in the order of the requests, whole, in the place of the part."""
        with own_file(self._out) as file:
            for one in self._requests:
                file.write(self._results[one.custom_id] + b"\n")
        self._part.unlink()


async def _patiently(one: BatchLine, ask: Ask) -> Said:
    """The answer; what a limit of a minute refused is asked again when it says."""
    said = await ask(one)
    for _ in range(MOST_TRIES):
        if said.status not in (429, 503) or code_of(said) not in _WORTH_WAITING:
            break
        wait = said.headers.get("retry-after", "")
        await asyncio.sleep(min(float(wait) if wait.isdigit() else 1.0, LONGEST_WAIT_S))
        said = await ask(one)
    return said


def code_of(said: Said) -> str:
    """The code of an error; empty where there is none."""
    body = said.json()
    error = body.get("error") if isinstance(body, dict) else None
    return str(error.get("code")) if isinstance(error, dict) else ""


def result_of(one: BatchLine, said: Said) -> BatchResult:
    """What is written of an answer."""
    observation = said.headers.get("x-roadworthy-observation", "")
    return BatchResult(
        id=f"batch_req_{observation or one.custom_id}",
        custom_id=one.custom_id,
        response={
            "status_code": said.status,
            "request_id": observation,
            "body": msgspec.Raw(said.body),
        },
    )
