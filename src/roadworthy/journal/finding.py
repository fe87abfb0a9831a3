"""Many records of observations by their ids, in one walk through the segments that may hold them.

Enters: ids. Leaves: records, as `find` gives each. Never here: a record whose checksum does not
hold, an id that is given up because a quick look missed it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .reading import around, find, payloads, segments
from .record import Record, decode

_ID = b"\xa2id\xd9\x24"
"""How the id of an observation is encoded: the name, and a text of 36 bytes."""


def find_all(folder: Path, observation_ids: Iterable[str]) -> dict[str, Record]:
    """Id -> its record: the closing one, else the opening one. What there is none of is left out.

    Raises VerificationError where a record was changed, EvidenceError where one cannot be read.
    """
    wanted = dict.fromkeys(observation_ids)
    known = segments(folder)
    paths = {path for name in wanted for path in around(known, name)}
    closed: dict[str, Record] = {}
    opened: dict[str, Record] = {}
    for path in sorted(paths):
        for payload, _ in payloads(path, 0):
            at = payload.find(_ID) if payload is not None else -1
            if payload is None or at < 0:
                continue
            name = payload[at + len(_ID) : at + len(_ID) + 36].decode("ascii", "replace")
            if name not in wanted or name in closed:
                continue
            record = decode(payload, where=str(path))
            if record.observation is not None and record.observation.id == name:
                (closed if record.kind == "close" else opened)[name] = record
    found = opened | closed
    for name in wanted.keys() - found.keys():  # of a version that wrote ids otherwise
        slowly = find(folder, name)
        if slowly is not None:
            found[name] = slowly
    return found
