"""Ends the segments of workers that died: torn frames are cut, open exchanges are closed.

What enters: the journal's folder. What leaves: segments that read whole, each exchange closed;
an interrupted stream says what was sent. What never happens here: touching the segment of a
worker that lives (it holds the lock) or one that was ended (whatever became of it since), or
dropping a whole record. Of what was ended only the end is read: a worker starts as fast with the
answers of half a year behind it as with none.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from msgspec import Struct, structs

from roadworthy.domain import (
    Clock,
    EvidenceError,
    Observation,
    VerificationError,
    Witness,
    format_instant,
    sha256,
)

from .reading import read_segment, segments
from .record import Record, decode, encode, take_frame
from .vault import Vault, unseal


class Recovered(Struct, frozen=True, kw_only=True):
    """What recovery did to one segment."""

    segment: str
    interrupted: tuple[str, ...]
    """Observations that were open and are now closed as interrupted."""
    cut_bytes: int
    """Bytes of a torn frame at the end that were cut off (kept beside it, as `.torn`)."""
    fault: str = ""
    """Why it could not be recovered; the segment is left as it is."""


def recover(folder: Path, *, vault: Vault, clock: Clock) -> list[Recovered]:
    """End every segment that lost its worker. Safe to call at any time, by anyone."""
    done = []
    for path in segments(folder):
        handle = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _has_ended(handle, path.stem, clock):
                continue
            recovered = _end(path, handle, vault=vault, clock=clock)
        except BlockingIOError:
            continue  # its worker lives
        except VerificationError as error:
            recovered = Recovered(
                segment=path.stem, interrupted=(), cut_bytes=0, fault=error.message
            )
        finally:
            os.close(handle)
        if recovered is not None:
            done.append(recovered)
    return done


def _has_ended(handle: int, name: str, clock: Clock) -> bool:
    """Whether the last bytes of a segment are the frame that ends it.

    Such bytes within a torn frame would need the segment's name, which nobody outside is told.
    """
    size, now = os.fstat(handle).st_size, format_instant(clock.now())
    for recovered in (False, True):
        end = encode(Record(kind="end", at=now, segment=name, recovered=recovered))
        data = os.pread(handle, len(end), max(0, size - len(end)))
        with suppress(EvidenceError):
            frame = take_frame(data, 0)
            if frame is None or frame[1] != len(data):
                continue
            record = decode(frame[0], where=name)
            if record.kind == "end" and record.segment == name:
                return True
    return False


def _end(path: Path, handle: int, *, vault: Vault, clock: Clock) -> Recovered | None:
    opened: dict[str, Observation] = {}
    inputs: dict[str, Witness] = {}
    sent: dict[str, list[str]] = {}
    whole, last = 0, None
    try:
        for placed in read_segment(path):
            whole, last = placed.next_offset, placed.record
            _follow(placed.record, vault, opened, inputs, sent)
    except VerificationError:
        if whole == 0:
            raise  # not a torn end: there is nothing to keep
    if last is not None and last.kind == "end":
        return None
    size = os.fstat(handle).st_size
    now = format_instant(clock.now())
    frames = [
        _interrupted(observation, inputs[name], "".join(sent.get(name, [])), vault, now)
        for name, observation in opened.items()
    ]
    frames.append(encode(Record(kind="end", at=now, segment=path.stem, recovered=True)))
    if size > whole:
        path.with_suffix(".torn").write_bytes(os.pread(handle, size - whole, whole))
    os.ftruncate(handle, whole)
    os.lseek(handle, whole, os.SEEK_SET)
    os.write(handle, b"".join(frames))
    os.fsync(handle)
    return Recovered(segment=path.stem, interrupted=tuple(opened), cut_bytes=size - whole)


def _follow(
    record: Record,
    vault: Vault,
    opened: dict[str, Observation],
    inputs: dict[str, Witness],
    sent: dict[str, list[str]],
) -> None:
    """Keep which exchanges are open and what of them was sent."""
    if record.kind == "open" and record.observation is not None:
        opened[record.observation.id] = record.observation
        texts = unseal(record, vault)
        inputs[record.observation.id] = texts or Witness(input="", output="")
    elif record.kind == "close" and record.observation is not None:
        opened.pop(record.observation.id, None)
        sent.pop(record.observation.id, None)
    elif record.kind == "sent" and record.about in opened:
        texts = unseal(record, vault)
        sent.setdefault(record.about, []).append(texts.output if texts else "")


def _interrupted(
    observation: Observation, asked: Witness, output: str, vault: Vault, now: str
) -> bytes:
    closed = structs.replace(
        observation,
        status="interrupted",
        action="error",
        error="the worker died while it was answering",
        output_digest=sha256(output.encode()),
    )
    sealed = vault.seal(
        structs.replace(asked, output=output),
        tenant=observation.tenant,
        at=now,
        about=observation.id,
        subject=observation.end_user,
    )
    return encode(Record(kind="close", at=now, observation=closed, sealed=sealed, recovered=True))
