"""The registry for readers: how each version stands by itself, what is known of it, what differs.

Enters: a loop, versions. Leaves: plain rows. What never happens here: a verdict on a use; whether a
system may ask a model is `approved_models`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from roadworthy.domain import (
    ModelApproval,
    ModelFile,
    ModelStanding,
    ModelVersion,
    format_instant,
    plain,
)
from roadworthy.policy import Registry

from ..workspace.loop import Loop
from .registry import registry_of


def rows_of(loop: Loop) -> list[dict[str, Any]]:
    """A row for each version, in the order of registration."""
    registry = registry_of(loop)
    today = format_instant(loop.clock.now())[:10]
    return [_row(one, registry, today) for one in registry.versions]


def _row(version: ModelVersion, registry: Registry, today: str) -> dict[str, Any]:
    state, approvals = state_of(version, registry, today)
    days = sorted(each.until for each in approvals if each.until)
    return {
        "model": version.name,
        "kind": version.file.kind if version.file else "?",
        "which": which_of(version.file) if version.file else version.fault,
        "state": state,
        "approved_by": sorted({each.by for each in approvals}),
        "for": sorted({word for each in approvals for word in _limits(each)}),
        "until": days[0] if days and all(each.until for each in approvals) else "",
        "digest": version.digest,
        "entry": version.entry,
        "proposed_by": version.by,
    }


def state_of(
    version: ModelVersion, registry: Registry, today: str
) -> tuple[str, list[ModelApproval]]:
    """A version by itself, for any use: damaged, deprecated, expired, approved or proposed."""
    gone = [one for one in registry.deprecations if one.digest == version.digest]
    if version.fault or any(one.fault for one in gone):
        return "damaged", []
    last = max((one.entry for one in gone), default=0)
    said = [one for one in registry.approvals if one.digest == version.digest and one.entry > last]
    if gone and not said:
        return "deprecated", []
    sound = [one for one in said if not one.fault and one.by.casefold() != version.by.casefold()]
    standing = [one for one in sound if not one.until or one.until >= today]
    if standing:
        return "approved", standing
    if any(one.forged for one in said):
        return "damaged", []
    return ("expired" if sound else "proposed"), []


def which_of(file: ModelFile) -> str:
    """Which model a file is about, as people recognise it."""
    one = file.identity
    if one.digest:
        return f"{one.provider} {one.name} {one.digest[:19]}…"
    where = f"{one.host} {one.region}".strip()
    return f"{one.provider} {one.name} {one.version or 'of no version'} at {where}"


def _limits(one: ModelApproval) -> list[str]:
    where = [one.system] if one.system else ["every system"]
    return [*where, *one.tasks]


def facts_of(version: ModelVersion) -> dict[str, str]:
    """Everything that the file says, by its path; nothing of what it leaves out."""
    return dict(_flat(plain(version.file))) if version.file is not None else {}


def said_of(loop: Loop, version: ModelVersion) -> list[dict[str, Any]]:
    """What people said of a version, in order, and what of it does not hold."""
    registry = registry_of(loop)
    found: list[tuple[int, str, str]] = []
    for one in registry.approvals:
        if one.digest == version.digest:
            until = f", until {one.until}" if one.until else ""
            words = (
                f"entry {one.entry}: {one.by} approved it for {', '.join(_limits(one))}{until}:"
                f" {one.reason}"
            )
            found.append((one.entry, words, one.fault))
    for gone in registry.deprecations:
        if gone.digest == version.digest:
            after = f" (successor {gone.successor})" if gone.successor else ""
            words = f"entry {gone.entry}: {gone.by} deprecated it{after}: {gone.reason}"
            found.append((gone.entry, words, gone.fault))
    return [
        {"entry": entry, "words": f"{words}; counts for nothing: {fault}" if fault else words,
         "fault": fault}
        for entry, words, fault in sorted(found)
    ]  # fmt: skip


def models_asked(loop: Loop, system: str, standings: Iterable[ModelStanding]) -> frozenset[str]:
    """The ids that a system's papers may show: what it asks, and what it ever passed the gate with.

    Everything else in the registry is other systems' business.
    """
    now = {one.version.id for one in standings if one.version is not None}
    then = {
        str(used.get("version", "")).partition("@")[0]
        for entry in loop.ledger.entries(kind="gate.decided", system=system)
        for used in entry.payload.get("models", ())
    }
    return frozenset(now | then)


def differences_of(before: ModelFile, after: ModelFile) -> list[tuple[str, str, str]]:
    """What two files say otherwise: path, before, after; `-` where one says nothing."""
    was, now = dict(_flat(plain(before))), dict(_flat(plain(after)))
    return [
        (key, was.get(key, "-"), now.get(key, "-"))
        for key in dict.fromkeys((*was, *now))
        if was.get(key) != now.get(key)
    ]


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each value that says something, by its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for at, inner in enumerate(value):
            yield from _flat(inner, f"{path}[{at}]")
    elif value not in ("", None):
        yield path, str(value).lower() if isinstance(value, bool) else str(value)
