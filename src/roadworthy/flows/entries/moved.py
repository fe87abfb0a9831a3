"""What was moved since earlier bars: cases, suites, objectives, never events, the system's name.

Enters: a loop, the system as it stands, the bars that were ever fixed for it. Leaves: those bars,
notes for a decision, never events that are not looked for as they were. What never happens here: a
verdict (a case that is gone is a blocker and told elsewhere); a bar left out because the system was
called otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec

from roadworthy.domain import Bar, EvidenceError, ReleaseContent, SloFile, System
from roadworthy.evaluation import suite_digest
from roadworthy.policy import (
    NeverFixed,
    NeverMove,
    moved_since,
    never_moved,
    objectives_moved,
    shares,
)
from roadworthy.release import behaviour_digest

from ..workspace.loop import Loop
from .run_begun import VIOLATED, never_forms
from .run_records import bar_of

Fixed = Sequence[tuple[str, Bar]]
"""(instant, bar), oldest first."""


def earlier_bars(loop: Loop, content: ReleaseContent, present: Bar) -> list[tuple[str, Bar]]:
    """Every bar that was ever fixed for the system, whatever it was called, oldest first.

    Under another name: those of the same behaviour, and those that ask the same cases, by their ids
    or by their words. Of the latter a case that is asked under another id is left out: it is not
    gone, since two systems that ask the same each have names of their own for it.
    """
    behaviour = behaviour_digest(content)
    found = []
    for entry in loop.ledger.entries(kind="bar.fixed"):
        bar = bar_of(loop, str(entry.payload["bar"]))
        own = entry.system == present.system or entry.payload.get("behaviour") == behaviour
        if own:
            found.append((entry.time, bar))
        elif shares(bar, present):
            found.append((entry.time, _without_renamed(bar, present)))
    return found


def _without_renamed(bar: Bar, present: Bar) -> Bar:
    ids, words = {case for pin in present.suites for case in pin.cases}, present.words
    suites = [
        msgspec.structs.replace(
            pin,
            cases={
                case: digest
                for case, digest in pin.cases.items()
                if case in ids or pin.question(case) not in words
            },
        )
        for pin in bar.suites
    ]
    return msgspec.structs.replace(bar, suites=tuple(suites))


def names_of(system: str, bars: Fixed) -> list[str]:
    """What the system is and was called."""
    return sorted({system, *(bar.system for _, bar in bars)})


def moved(loop: Loop, system: System, bars: Fixed, present: Bar) -> list[str]:
    """Everything that an easier gate could rest on, each in one sentence."""
    wording = [(at, file) for at, digest in _objectives(bars) if (file := _slos(loop, digest))]
    return [
        *moved_since(bars, present),
        *objectives_moved(wording, system.slos),
        *_asked_otherwise(system, bars),
        *_under_another_name(bars, present),
    ]


def never_changes(loop: Loop, content: ReleaseContent, bars: Fixed) -> list[NeverMove]:
    """Never events that a run of those bars looked for otherwise, or more widely, than today."""
    return never_moved(_never_fixed(loop, {bar.candidate for _, bar in bars}), never_forms(content))


def _never_fixed(loop: Loop, ours: set[str]) -> list[NeverFixed]:
    """What each run of those candidates was to look for, oldest first, and what the rules saw.

    What a case's own label says stays said under any rule. Earlier versions did not keep it.
    """
    passed = {
        str(entry.payload.get("run")): entry.seq
        for entry in loop.ledger.entries(kind="gate.decided")
        if entry.payload.get("decision") == "PASS"
    }
    seen: dict[str, Counter[str]] = {}
    last: dict[str, int] = {}
    for entry in loop.ledger.entries(kind=VIOLATED):
        run = str(entry.payload["run"])
        last[run] = entry.seq
        for row in entry.payload["seen"]:
            events = {str(one["event"]) for one in row["never"] if one["found_by"] != "label"}
            seen.setdefault(run, Counter()).update(events)
    return [
        NeverFixed(
            at=entry.time,
            forms=loop.blobs.get_json(str(entry.payload["never"])),
            violated=seen.get(run, {}),
            seen_at=last.get(run, 0),
            passed_at=passed.get(run, 0),
        )
        for entry in loop.ledger.entries(kind="bar.fixed")
        if entry.subject in ours and "never" in entry.payload
        for run in (str(entry.payload["run"]),)
    ]


def _objectives(bars: Fixed) -> list[tuple[str, str]]:
    """Each wording of the objectives once, when it was fixed last."""
    newest = {bar.slos: at for at, bar in bars}
    return [(at, digest) for digest, at in newest.items()]


def _slos(loop: Loop, digest: str) -> SloFile | None:
    """The objectives of that digest; None where an earlier version did not keep them."""
    try:
        return msgspec.convert(loop.blobs.get_json(digest), SloFile, strict=False)
    except (EvidenceError, msgspec.MsgspecError):
        return None


def _asked_otherwise(system: System, bars: Fixed) -> list[str]:
    """Suites whose file, with scorers and repeats, is another, and cases that changed suites."""
    notes: list[str] = []
    for suite in system.suites:
        pins = [(at, pin) for at, bar in bars for pin in bar.suites if pin.name == suite.name]
        others = [
            at
            for at, pin in {pin.digest: (at, pin) for at, pin in pins}.values()
            if suite_digest(suite.file, pin.cases) != pin.digest
        ]
        if others:
            notes.append(
                f"suite {suite.name} is asked or scored otherwise than in the bar fixed at "
                f"{max(others)[:19]}Z: its file was changed"
            )
    homes: dict[str, set[str]] = {}
    for suite in system.suites:
        for case in suite.cases:
            homes.setdefault(case.id, set()).add(suite.name)
    left = {
        (pin.name, case)
        for _, bar in bars
        for pin in bar.suites
        for case in pin.cases
        if case in homes and pin.name not in homes[case]
    }
    if left:
        first = ", ".join(f"{case} of {suite}" for suite, case in sorted(left)[:3])
        stand = "1 case stands" if len(left) == 1 else f"{len(left)} cases stand"
        notes.append(f"{stand} in another suite than before: {first}")
    return notes


def _under_another_name(bars: Fixed, present: Bar) -> list[str]:
    """What these cases were asked as before: a new name is no clean slate."""
    names = {bar.system for _, bar in bars} - {present.system}
    return [
        f"these cases were asked of the system `{name}`, too: its bars, its incidents and "
        "its runs of this candidate count here; so does its live release, as the baseline, until "
        "this name has one"
        for name in sorted(names)
    ]
