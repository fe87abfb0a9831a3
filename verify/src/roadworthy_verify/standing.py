"""What the ledger says is stopped and is live must be in the routing table that gateways read.

In: the entries `kill.set`, `kill.lifted` and `release.activated`, a routing table. Out: the kills
that nobody lifted and that the table lacks, or has otherwise, or has otherwise too; those that the
ledger says nothing of; the systems whose route is not the one that was activated last. Never: a
fault because of kills that nobody entered yet: they stop the more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from .plain_file import read_plain
from .strict_json import JsonError, read_json

SET, LIFTED = "kill.set", "kill.lifted"
ACTIVATED = "release.activated"
_FLAG = (
    "id", "scope", "value", "system", "reason", "by", "at", "never_event", "observation",
)  # fmt: skip
"""What a flag says; a field that is not there is empty."""

Kill = tuple[Any, ...]


class TableError(ValueError):
    """The routing table cannot be read."""


def standing(entries: Iterable[tuple[str, str, Mapping[str, Any]]]) -> dict[str, frozenset[Kill]]:
    """The kills that stand, by id, of (kind, subject, payload) in the order of the entries.

    An id has one kill, unless two were entered under it: then both stand.
    """
    stand: dict[str, frozenset[Kill]] = {}
    for kind, subject, payload in entries:
        if kind == SET:
            stand[subject] = stand.get(subject, frozenset()) | {_flag(payload)}
        else:
            stand.pop(subject, None)
    return stand


class Held(NamedTuple):
    """What a routing table makes of the kills that stand."""

    lost: dict[str, Kill]
    """Those that it lacks, or has otherwise, with or without the right one beside."""
    beyond: int
    """Flags under ids that do not stand: set this moment, lifted this moment, or by nobody."""


def held(stand: Mapping[str, frozenset[Kill]], routing: Path) -> Held:
    """The table at a path against them; no table lacks them all. Raises TableError, OSError."""
    kills = _table(routing).get("kills", [])
    if not isinstance(kills, list) or not all(isinstance(kill, dict) for kill in kills):
        raise TableError(f"{routing} is no routing table")
    there: dict[str, frozenset[Kill]] = {}
    for kill in map(_flag, kills):
        there[kill[0]] = there.get(kill[0], frozenset()) | {kill}
    lost = {name: min(right) for name, right in stand.items() if there.get(name) != right}
    return Held(lost, sum(len(found) for name, found in there.items() if name not in stand))


class Live(NamedTuple):
    """A release that was activated, and where its bundle lies."""

    system: str
    digest: str
    path: str


class Strayed(NamedTuple):
    """A system whose route is not what was activated last."""

    found: str
    """The release that the table names; empty: none."""
    waits: bool
    """Whether the table is still the one that the activation began on."""


def live(
    entries: Iterable[tuple[str, str, Mapping[str, Any]]],
) -> dict[str, tuple[Live, Any]]:
    """What is live, by system, of (system, subject, payload) in the order of the entries.

    Beside it the version of the table that the activation was to replace.
    """
    found = {}
    for system, digest, payload in entries:
        path = str(payload.get("path", f"releases/{digest.removeprefix('sha256:')}"))
        found[system] = Live(system, digest, path), payload.get("table")
    return found


def strayed(active: Mapping[str, tuple[Live, Any]], routing: Path) -> dict[str, Strayed]:
    """The systems whose route says otherwise; all where there is no table. TableError, OSError."""
    table = _table(routing)
    routes = table.get("routes", {})
    if not isinstance(routes, dict) or not all(isinstance(each, dict) for each in routes.values()):
        raise TableError(f"{routing} is no routing table")
    there = {name: Live(*map(str, _said(route))) for name, route in routes.items()}
    right = {name: release for name, (release, _) in active.items()}
    return {
        name: Strayed(
            found=there[name].digest if name in there else "",
            waits=name in active and active[name][1] == table.get("version", 0),
        )
        for name in sorted(there | right)
        if there.get(name) != right.get(name)
    }


def _said(route: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    return route.get("system", ""), route.get("live", ""), route.get("path", "")


def _table(routing: Path) -> dict[str, Any]:
    """The table at a path; an empty one where there is none. Raises TableError, OSError."""
    try:
        table = read_json(read_plain(routing))
    except FileNotFoundError:
        return {}
    except JsonError as error:
        raise TableError(f"{routing} cannot be read: {error}") from None
    if not isinstance(table, dict):
        raise TableError(f"{routing} is no routing table")
    return table


def words(kill: Kill) -> str:
    """A kill as it is called."""
    name, scope, value, system = kill[:4]
    return f"{name} ({scope} {value} of {system or 'every system'})"


def _flag(value: Mapping[str, Any]) -> Kill:
    return tuple(str(value.get(name, "")) for name in _FLAG)
