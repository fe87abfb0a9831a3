"""Kills: what the ledger says is stopped must be in the routing table that gateways read.

In: the entries `kill.set` and `kill.lifted`, a routing table. Out: the kills that nobody lifted and
that the table lacks, or has otherwise. Never: a claim about kills that nobody entered yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .plain_file import read_plain
from .strict_json import JsonError, read_json

SET, LIFTED = "kill.set", "kill.lifted"
_FLAG = (
    "id", "scope", "value", "system", "reason", "by", "at", "never_event", "observation",
)  # fmt: skip
"""What a flag says; a field that is not there is empty."""

Kill = tuple[Any, ...]


class TableError(ValueError):
    """The routing table cannot be read."""


def standing(entries: Iterable[tuple[str, str, Mapping[str, Any]]]) -> dict[str, Kill]:
    """The kills that stand, by id, of (kind, subject, payload) in the order of the entries."""
    stand: dict[str, Kill] = {}
    for kind, subject, payload in entries:
        if kind == SET:
            stand[subject] = _flag(payload)
        else:
            stand.pop(subject, None)
    return stand


def missing(stand: Mapping[str, Kill], routing: Path) -> dict[str, Kill]:
    """Those that the table at a path lacks; all where there is none. Raises TableError, OSError."""
    try:
        table = read_json(read_plain(routing))
    except FileNotFoundError:
        return dict(stand)
    except JsonError as error:
        raise TableError(f"{routing} cannot be read: {error}") from None
    kills = table.get("kills", []) if isinstance(table, dict) else None
    if not isinstance(kills, list) or not all(isinstance(kill, dict) for kill in kills):
        raise TableError(f"{routing} is no routing table")
    there = {_flag(kill) for kill in kills}
    return {name: kill for name, kill in stand.items() if kill not in there}


def words(kill: Kill) -> str:
    """A kill as it is called."""
    name, scope, value, system = kill[:4]
    return f"{name} ({scope} {value} of {system or 'every system'})"


def _flag(value: Mapping[str, Any]) -> Kill:
    return tuple(str(value.get(name, "")) for name in _FLAG)
