"""Before people deliberate: what changed, what the gate would say, what is open, what is stale.

    open    1 what the gate would say, unrecorded   2 the pre-read, entered by its digest
            3 the note, written whole
    record  the note as people finished it: participants, decision, dissent, signed by one of them

Enters: a system, its loop. Leaves: deliberation-note.md, or a signed entry. What never happens
here: a word of people's that is lost (an older note is kept beside), or one that the machine wrote.
"""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    AccessError,
    Deliberation,
    Draft,
    Entry,
    GateDecision,
    PersonRole,
    ReleaseContent,
    RunSummary,
    System,
    UndecidedError,
    digest_of,
    format_instant,
    parse_instant,
    plain,
    sha256,
)
from roadworthy.ledger import require_role, sign_draft
from roadworthy.manifests import DELIBERATION, load_deliberation
from roadworthy.policy import (
    Change,
    Flip,
    PreRead,
    SliceSeen,
    deliberation_blockers,
    finding_sentence,
    held_faults,
    is_about,
    new_note,
    preread_block,
    with_preread,
)
from roadworthy.release import pin, read_bundle

from ..drills.ages import CADENCE_DAYS, drill_ages
from ..entries.incident_entries import incidents_of
from ..entries.moved import earlier_bars, names_of
from ..entries.prereads import enter_preread, require_machines
from ..entries.reviews_owed import RECORDED, review_owed
from ..entries.run_records import newest_run, rows_of
from ..findings.campaigns import campaigns_of
from ..findings.findings import findings_seen
from ..gate.baseline import baseline_of
from ..gate.comparing import all_differences, in_words
from ..release_loop import consider, present_bar
from ..releasing.waiving import standing
from ..suites.growing import replace_file
from ..workspace.loop import Loop
from ..workspace.people import Acting
from ..workspace.routing import read_table

SCRIBES: tuple[PersonRole, ...] = (
    "engineer", "operator", "reviewer", "risk_officer", "auditor", "admin",
)  # fmt: skip
KEPT = "deliberations"
"""Where notes about earlier candidates are kept."""

_WRITE = (
    "people write the sections below; then roadworthy deliberate --record --as NAME, and "
    "roadworthy gate"
)
_SLICE_ROWS = 10
_SLICES = 8
_PROMPT_LINES = 40


class Opened(Struct, frozen=True, kw_only=True):
    """A note with its pre-read."""

    path: Path
    kept: str = ""
    """Where the note about the candidate before is now."""
    refreshed: bool = False
    """The note was there, and only its pre-read is new."""


def open_note(system: System, loop: Loop) -> Opened:
    """Write the note for this candidate, or bring the pre-read of the one that is there up to date.

    Raises ManifestError on a note that cannot be read; it is left as it is.
    """
    pre = preread(system, loop)  # 1, 2
    block = preread_block(pre)
    path = Path(system.root) / DELIBERATION
    old = load_deliberation(Path(system.root))
    same = old is not None and is_about(old, pre.decision.candidate)
    enter_preread(loop, system.charter.system, pre.decision.candidate, block)
    if old is not None and same and not _is_over(old, system, loop):  # 3
        text = with_preread(path.read_text(encoding="utf-8"), block)
        replace_file(path, text.encode())
        return Opened(path=path, refreshed=True)
    kept = _keep(old, path)
    today = format_instant(loop.clock.now())[:10]
    voices = system.charter.review.required_voices or ["product"]
    note = new_note(block, candidate=pre.decision.candidate, date=today, voices=voices)
    replace_file(path, note.encode())
    return Opened(path=path, kept=kept)


def _is_over(note: Deliberation, system: System, loop: Loop) -> bool:
    """Whether a note was entered as it stands and the next review is due: that one is another."""
    if loop.ledger.newest(kind=RECORDED, subject=note.digest) is None:
        return False
    return review_owed(loop, system.charter).state in ("soon", "overdue")


def record_note(system: System, loop: Loop, by: Acting) -> Entry:
    """Enter what people decided, with who was heard and who disagrees.

    Raises UndecidedError while the note is missing, unfinished or about another candidate,
    AccessError when this person has no part in it, VerificationError naming the line where the
    machine's part was changed by hand.
    """
    note, content = system.deliberation, pin(system)
    undecided = [
        each.reason
        for each in deliberation_blockers(note, system.charter, content.candidate_digest)
        if not each.reason.startswith(f"{DELIBERATION} decided to")
    ]
    if note is not None:
        undecided += [
            f"nobody is named for the voice `{one.voice}`"
            for one in note.header.participants
            if not one.name.strip()
        ]
        if loop.ledger.newest(kind=RECORDED, subject=note.digest) is None:
            today = loop.clock.now().astimezone(ZoneInfo(system.charter.time_zone)).date()
            most = CADENCE_DAYS[system.charter.review.cadence]
            undecided += held_faults(note, today, within_days=most)
    if note is None or undecided:
        raise UndecidedError(
            "; ".join(undecided), fix="`roadworthy deliberate` opens the note; people finish it"
        )
    require_role(loop.trust, by.key.key_id, SCRIBES, format_instant(loop.clock.now()))
    read = require_machines(loop, content.system, content.candidate_digest, note)
    header = note.header
    data = (Path(system.root) / note.path).read_bytes()
    if sha256(data) != note.digest:
        raise UndecidedError(f"{DELIBERATION} was changed meanwhile", fix="run it again")
    if by.name.casefold() not in {one.name.strip().casefold() for one in header.participants}:
        raise AccessError(
            f"{by.name} is no participant of this deliberation",
            fix=f"somebody who took part records it, or add {by.name} under `participants`",
        )
    payload = {
        "candidate": content.candidate_digest,
        "decision": header.decision,
        "date": header.date,
        "participants": plain(header.participants),
        "dissent": list(header.dissent),
        "limits": list(header.limits),
        "actions": plain(header.actions),
        "never_changes": plain(header.never_changes),
        "preread": read,
    }
    known = loop.ledger.entries(kind=RECORDED, subject=note.digest, system=content.system)
    actor = f"person:{by.key.key_id}"
    if same := next((entry for entry in known if entry.actor == actor), None):
        return same
    loop.blobs.put(data)  # what was decided stays readable when the next note is written
    draft = Draft(
        system=content.system, kind=RECORDED, subject=note.digest, actor=actor, payload=payload
    )
    (entry,) = loop.ledger.record(sign_draft(draft, by.signer))
    return entry


def preread(system: System, loop: Loop) -> PreRead:
    """All that is known about the candidate before anybody speaks."""
    content = pin(system)
    bar = present_bar(system, content)
    run = newest_run(loop, content.candidate_digest, bar=bar)
    rows = rows_of(loop, run)
    live, before = _live(loop, content.system)
    names = names_of(content.system, earlier_bars(loop, content, bar))
    baseline = baseline_of(loop, system, content, bar, names)
    waivers = standing(system.waivers, content, loop, loop.trust)
    found = findings_seen(loop, content, run, rows, waivers).standings
    return PreRead(
        name=content.candidate.name or system.candidate.model.name,
        live=live,
        decision=_but_for_the_note(system, loop),
        changes=tuple(changes(before, content)) if before is not None else (),
        prompt=tuple(prompt_lines(before, content)),
        flips=[
            Flip(score=each.score, said=in_words(each), fixed=each.fixed, broken=each.broken)
            for each in all_differences(baseline.rows, rows)
        ],
        slices=_slices(run),
        incidents=[
            f"{each.id} ({each.severity}, {each.state}): {each.title}"
            for each in incidents_of(loop, content.system).values()
            if each.state not in ("closed", "dismissed")
        ],
        findings=[finding_sentence(each) for each in found],
        stale=_stale(system, loop, run),
        actions=_actions(loop, content.system),
        evidence=_evidence(loop, run, live),
    )


def _evidence(loop: Loop, run: RunSummary | None, live: str) -> list[str]:
    """What the figures rest on, by entry and digest."""
    if run is None:
        return []
    ended = [
        entry
        for entry in loop.ledger.entries(kind="run.completed", subject=run.candidate)
        if entry.payload.get("run") == run.run
    ]
    said = [
        f"run {run.run}: entry {entry.seq} of {entry.time[:19]}Z ({entry.digest}), figures"
        f" {entry.payload.get('summary')}"
        for entry in ended[-1:]
    ]
    said.append(f"bar, fixed before the first question: {run.bar}")
    return [*said, f"live release: {live}"] if live else said


def _but_for_the_note(system: System, loop: Loop) -> GateDecision:
    """What the gate would say once people have: the note is what is being written."""
    decision = consider(system, loop, with_note=False)
    if not decision.decision.opens:
        return decision
    return msgspec.structs.replace(decision, next_step=_WRITE)


def _keep(old: Deliberation | None, path: Path) -> str:
    """Move a note about another candidate aside, whole; its words are people's."""
    if old is None:
        return ""
    about = old.header.candidate.removeprefix("sha256:")[:12] or "nothing"
    target = path.parent / KEPT / f"{old.header.date}-{about}-{old.digest[7:15]}.md"
    replace_file(target, path.read_bytes())
    return target.relative_to(path.parent).as_posix()


def _live(loop: Loop, system: str) -> tuple[str, ReleaseContent | None]:
    """Digest and content of the live release."""
    route = read_table(loop.workspace.routing).routes.get(system)
    if route is None:
        return "", None
    return route.live, read_bundle(Path(loop.workspace.root) / route.path)[1]


def changes(before: ReleaseContent, now: ReleaseContent) -> Iterator[Change]:
    """Every value that differs, by its path. Side files and long texts by their digest."""
    old, new = (dict(_flat(_shortened(each))) for each in (before, now))
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) != new.get(path):
            yield Change(path=path, before=old.get(path, "-"), now=new.get(path, "-"))


def prompt_lines(before: ReleaseContent | None, now: ReleaseContent) -> list[str]:
    """A unified diff of the prompt's text, cut where it is long."""
    if before is None:
        return []
    old, new = (
        each.prompt.body.splitlines() if each.prompt is not None else [] for each in (before, now)
    )
    lines = list(difflib.unified_diff(old, new, "live", "candidate", lineterm="", n=1))
    more = len(lines) - _PROMPT_LINES
    return [*lines[:_PROMPT_LINES], f"… {more} more lines"] if more > 0 else lines


def _shortened(content: ReleaseContent) -> dict[str, Any]:
    values: dict[str, Any] = msgspec.to_builtins(content)
    values.pop("candidate_digest")
    values["assets"] = {name: digest_of(asset)[:19] for name, asset in content.assets.items()}
    return values


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            named = item.get("id") or item.get("name") if isinstance(item, dict) else None
            yield from _flat(item, f"{path}[{named or index}]")
    else:
        yield path, str(value)


def _slices(run: RunSummary | None) -> list[SliceSeen]:
    """The slices in which the indicators that have any do worst."""
    for each in run.indicators if run is not None else ():
        seen = [(name, part) for name, part in each.slices.items() if part.n >= _SLICE_ROWS]
        if not seen:
            continue
        seen.sort(key=lambda item: item[1].value or 0.0, reverse=not each.higher_is_better)
        return [
            SliceSeen(
                indicator=each.name, slice=name, value=part.value, low=part.low, high=part.high,
                n=part.n,
            )
            for name, part in seen[:_SLICES]
        ]  # fmt: skip
    return []


def _stale(system: System, loop: Loop, run: RunSummary | None) -> list[str]:
    """Evidence older than the charter's cadence of review, and what never was."""
    days = CADENCE_DAYS[system.charter.review.cadence]
    now = loop.clock.now()
    said = []
    if run is not None:
        entries = loop.ledger.entries(kind="run.completed", subject=run.candidate)
        times = [entry.time for entry in entries if entry.payload.get("run") == run.run]
        if times and (age := (now - parse_instant(times[-1])).days) > days:
            said.append(f"the run {run.run} is {age} days old")
    last = next(reversed(campaigns_of(loop, system.charter.system)), None)
    if last is None:
        said.append("no red-team campaign was ever entered")
    elif (age := (now - parse_instant(last.time)).days) > days:
        said.append(f"the last red-team campaign was entered {age} days ago")
    ages = drill_ages(loop, system.charter.system, system.charter.review.cadence)
    said += [age.words for age in ages if age.words]
    for playbook in system.playbooks:
        said += _undrilled(playbook.name, playbook.header.last_drilled, now, days)
    return said


def _undrilled(name: str, day: str, now: dt.datetime, days: int) -> list[str]:
    if not day:
        return [f"the playbook {name} was never drilled"]
    age = (now.date() - dt.date.fromisoformat(day)).days
    return [f"the playbook {name} was drilled {age} days ago"] if age > days else []


def _actions(loop: Loop, system: str) -> list[str]:
    """Actions of recorded deliberations that no later record of them closes."""
    open_now: dict[tuple[str, str], str] = {}
    for entry in loop.ledger.entries(kind=RECORDED, system=system):
        for each in entry.payload.get("actions", ()):
            key = (str(each.get("what")), str(each.get("owner")))
            due = f", due {each['due']}" if each.get("due") else ""
            open_now[key] = f"{key[0]} ({key[1]}{due})"
            if each.get("closed_by"):
                del open_now[key]
    return list(open_now.values())
