"""Rails that ask something outside: what they may be told, where they ask, what they read."""

from __future__ import annotations

from roadworthy.domain import (
    ModelCheck,
    Rail,
    ReferenceCheck,
    deep_faults,
    deep_files,
    deep_options,
    deep_upstream,
)

from .document import Document, Path
from .reading import DEPLOYMENT, Reading
from .typed import suggest

_PARSED = ("rule", "python", "recorded")
"""Providers whose file is data that a release takes along."""


def check_deep_rail(rail: Rail, reading: Reading, document: Document, place: Path) -> None:
    """Note what keeps a rail from asking, an upstream that is not there, a file that is not."""
    where = (*place, "options")
    if not document.sound(where) or not document.sound((*place, "budget_ms")):
        return
    faults = deep_faults(rail)
    for message, fix in faults:
        document.fault(place, f"rail `{rail.id}`: {message}", fix)
    if faults:
        return
    options = deep_options(rail.detector, rail.options)
    candidate = reading.candidate
    if isinstance(options, ReferenceCheck) and candidate and not isinstance(candidate.ood, str):
        document.fault(
            (*place, "detector"),
            f"rail `{rail.id}` holds inputs against the candidate's reference, and it names none",
            "fit one with `roadworthy ood fit`, and name it under `ood` in the candidate",
        )
    check_asked(deep_upstream(options), reading, document, where)
    for file in deep_files(options):
        _take_along(file, reading, document, where)
    if isinstance(options, ModelCheck) and options.model.file:
        if options.model.provider in _PARSED:
            _take_along(options.model.file, reading, document, where)
        elif (target := reading.folder.reach(options.model.file, document, where)) is not None:
            reading.folder.digest(target)


def check_asked(
    named: str, reading: Reading, document: Document, place: Path, *, who: str = "the rail"
) -> None:
    """Warn of an upstream that is asked and not there."""
    known = reading.deployment.upstreams
    if not named or named in known or reading.document(DEPLOYMENT).broken:
        return
    document.fault(
        place,
        f"{who} asks the upstream `{named}`, which {DEPLOYMENT} here does not have",
        suggest(named, sorted(known), "it has")
        if known
        else f"add [upstreams.{named}] with `url` to {DEPLOYMENT}",
        severity="warning",
    )


def _take_along(file: str, reading: Reading, document: Document, place: Path) -> None:
    target = reading.folder.reach(file, document, place)
    if target is not None:
        reading.folder.side_file(target)
