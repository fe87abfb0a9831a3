"""Whether the file of a batch can be asked: every line is looked at before anything is.

What enters: lines, and what the batch wants of them. What leaves: how many requests there are, or
what is wrong with which line. What never happens here: a file of which one line cannot be asked is
begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from msgspec import Struct, field

from roadworthy.domain import BatchFault, BatchState, UsageError

from .batch import BatchLine, read_line

MOST_FAULTS = 50
"""Of one file; so many are told."""

TURN = 256
"""Lines after which others have theirs."""


class Checked(Struct):
    """What a file holds."""

    total: int = 0
    model: str = ""
    faults: list[BatchFault] = field(default_factory=list)


async def check(lines: Iterator[tuple[int, str | None]], state: BatchState, most: int) -> Checked:
    """Look at every line; `most` is how many requests a batch may have."""
    seen: dict[str, int] = {}
    found = Checked()
    for number, text in lines:
        if text is not None and not text.strip():
            continue
        found.total += 1
        if found.total > most:
            message = f"a batch has at most {most} requests"
            return Checked(faults=[BatchFault(code="too_many_requests", message=message)])
        if text is None:
            continue  # its result will say that it was erased
        try:
            one = _read(text, seen, state.endpoint)
        except UsageError as error:
            fault = BatchFault(code="invalid_request_line", message=error.message, line=number)
            found.faults.append(fault)
            if len(found.faults) >= MOST_FAULTS:
                return found
            continue
        seen[one.custom_id] = number
        found.model = found.model or str(one.body.get("model", ""))
        if found.total % TURN == 0:
            await asyncio.sleep(0)
    if not found.total:
        found.faults.append(BatchFault(code="empty_file", message="the file has no request"))
    return found


def _read(text: str, seen: dict[str, int], endpoint: str) -> BatchLine:
    one = read_line(text.encode(), seen)
    if one.url != endpoint:
        raise UsageError(f"its url {one.url} is not the batch's {endpoint}")
    return one
