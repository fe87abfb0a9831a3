"""What of a batch was answered just before a crash: read in the journal, not asked again.

An answer is in the journal before anybody has it, and in the file of results a moment later. What
it holds beside its text was kept before that (`batch_aside.py`). What never happens here: a result
made of a part of an answer, or of one whose text was erased.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from roadworthy.domain import (
    BatchState,
    EvidenceError,
    Observation,
    VerificationError,
    parse_instant,
)
from roadworthy.flows.batches.ids import answer_prefix, line_of
from roadworthy.flows.request.trace import Reply
from roadworthy.journal import (
    Record,
    Vault,
    mentioning,
    originals,
    segments,
    unseal,
    written_since,
)

from .about import action_word
from .app import DIALECTS
from .batch import BatchLine
from .batch_aside import decoded_aside
from .inside import Said
from .problems import ApiError

ANSWERED = ("answered", "blocked", "held")


class Found(Struct):
    """What the journal knows of a batch."""

    tries: dict[int, int]
    """Line -> how often it was asked."""
    answers: dict[int, Record]
    """Line -> the record of its answer."""


def asked_before(folder: Path, state: BatchState, done: Collection[int]) -> Found:
    """What was asked for a batch, and what was answered and is not done.

    Raises EvidenceError when the journal cannot be read: nothing is asked before it can.
    """
    try:
        return _asked_before(folder, state, done)
    except (VerificationError, OSError) as error:
        raise EvidenceError(f"nobody can say what was answered of {state.id}: {error}") from None


def _asked_before(folder: Path, state: BatchState, done: Collection[int]) -> Found:
    found = Found({}, {})
    for record, observation in _records(folder, state):
        place = line_of(state, observation.id)
        if place is None:
            continue
        number, turn = place
        found.tries[number] = max(found.tries.get(number, 0), turn + 1)
        answered = observation.status == "ok" and observation.action in ANSWERED
        if answered and number not in done:
            found.answers[number] = record
    return found


def _records(folder: Path, state: BatchState) -> Iterator[tuple[Record, Observation]]:
    since = parse_instant(state.created_at).timestamp()
    needle = answer_prefix(state).encode()
    for path in originals(written_since(segments(folder), since)):
        for record, _ in mentioning(path, needle):
            if record.kind == "close" and record.observation is not None:
                yield record, record.observation


def rebuilt(one: BatchLine, record: Record, vault: Vault, aside: str) -> Said | None:
    """The answer as it would have left; None when not all of it is there.

    `aside` is what was kept of it beside its text; it may be of an earlier try.
    """
    seen = record.observation
    texts = unseal(record, vault)
    if seen is None or texts is None:
        return None
    beside = decoded_aside(aside) if aside else None
    if beside is not None and beside.observation != seen.id:
        beside = None
    if beside is None and _has_more(one, seen):
        return None
    dialect = DIALECTS[one.url]
    seen = structs.replace(seen, output=texts.output, raw_output=texts.raw_output)
    reply = Reply(
        text=texts.output,
        rest=texts.output,
        observation=seen,
        finish_reason=seen.finish_reason,
        usage=seen.usage,
    )
    if beside is not None:
        reply = beside.joined(reply)
    try:
        asked = dialect.read(_encoded(one))
        body = dialect.whole(reply, asked, int(parse_instant(seen.time).timestamp()))
    except ApiError:
        return None  # an error of it is found again by asking: no model is
    headers = {
        "x-roadworthy-release": seen.release,
        "x-roadworthy-observation": seen.id,
        "x-roadworthy-action": action_word(seen),
    }
    return Said(200, headers, body)


def _has_more(one: BatchLine, seen: Observation) -> bool:
    """Whether an answer held more than its text, as far as its record tells."""
    if seen.action != "answered":
        return False
    calls = seen.finish_reason in ("tool_calls", "function_call")
    return calls or one.url == "/v1/embeddings" or "logprobs" in seen.attributes


def _encoded(one: BatchLine) -> bytes:
    return msgspec.json.encode({**one.body, "stream": False})
