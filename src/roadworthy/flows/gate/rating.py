"""People rate answers: a task is fixed, sheets are handed out, ratings come back signed.

    profile   who rates: role, languages, what for; signed, so that somebody answers for it
    fix       1 the run, verified  2 a draw with a seed  3 the task into the ledger, before anybody
              is asked
    hand out  4 a rater's own order and sides  5 the sheet into the ledger
    submit    6 may  7 against the sheet, every fault at once  8 signed by the rater's key

Enters: a loop, a system, a person. Leaves: entries that name their blobs by digest. What never
happens here: a rating by somebody else's key, by somebody of whom nothing is known, of a text that
was not on the sheet, or a second one of the same item.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    PREFERENCE,
    AccessError,
    Draft,
    Entry,
    Observation,
    PersonRole,
    RaterProfile,
    Rating,
    RatingTask,
    Sheet,
    Submission,
    System,
    UndecidedError,
    UsageError,
    format_instant,
    plain,
    rubric_named,
)
from roadworthy.evaluation import raters
from roadworthy.ledger import live_key, require_key, require_role, sign_draft

from ..workspace.loop import Loop
from ..workspace.people import Acting
from .inspection import NEWEST, Inspection, inspect

NO_TASK = "nothing was drawn to rate yet"

PROFILED = "rater.profiled"
TASK_FIXED = "rating.task_fixed"
SHEET_ISSUED = "rating.sheet_issued"
SUBMITTED = "rating.submitted"

VOUCHERS: tuple[PersonRole, ...] = ("admin", "risk_officer")
"""Who may say what somebody else is qualified for."""


class RatingAsked(Struct, frozen=True, kw_only=True):
    """What people shall rate."""

    run: str = NEWEST
    against: str = ""
    """The run or candidate to stand beside it; empty with a rubric."""
    rubric: str = ""
    """A rubric's name; empty: side by side."""
    n: int = 60
    seed: int = 0
    qualifications: tuple[str, ...] = ()
    """What a rater must be qualified for."""
    gold: dict[tuple[str, str], str] = {}
    """(suite, case) -> the right choice, of attention items."""


class Fixed(Struct, frozen=True, kw_only=True):
    """A task and its name."""

    task: RatingTask
    digest: str


def profile_rater(profile: RaterProfile, system: System, loop: Loop, by: Acting) -> Entry:
    """Enter who a rater is, signed by that person, or by an admin or risk officer for another.

    Raises UsageError on an empty profile or an unknown person, AccessError.
    """
    now = format_instant(loop.clock.now())
    if not profile.role.strip() or not profile.languages:
        raise UsageError(
            "a rater's profile needs a role and a language", fix="--role TEXT --language en"
        )
    key = live_key(loop.trust, profile.name, now)
    if key is None or key.kind != "person":
        raise UsageError(f"{profile.name} has no key here", fix="roadworthy people add NAME")
    if by.name == profile.name:
        require_key(loop.trust, by.key.key_id, now)
    else:
        require_role(loop.trust, by.key.key_id, VOUCHERS, now)
    payload = {**plain(profile), "key_id": key.key_id, "said_by": by.name}
    return _signed(loop, system, PROFILED, profile.name, payload, by)


def profiles_of(loop: Loop, system: str) -> dict[str, RaterProfile]:
    """Every rater's newest profile, by name."""
    found: dict[str, RaterProfile] = {}
    fields = RaterProfile.__struct_fields__
    for entry in loop.ledger.entries(kind=PROFILED, system=system):
        said = {name: entry.payload[name] for name in fields if name in entry.payload}
        found[entry.subject] = msgspec.convert(said, RaterProfile)
    return found


def fix_task(system: System, loop: Loop, asked: RatingAsked) -> Fixed:
    """Draw what is to be rated and enter it. The same question gives the same task, entered once.

    Raises UsageError on an impossible request, what `inspect` raises on a run.
    """
    with inspect(system, loop, run=asked.run, against=asked.against) as inspection:  # 1
        if not asked.rubric and inspection.against is None:
            raise UsageError(
                f"side by side needs another run: {inspection.alone}",
                fix="--against RUN or a candidate's file, or --rubric NAME",
            )
        task = _drawn(system, inspection, asked)  # 2
    digest = loop.blobs.put_json(task)
    if not any(loop.ledger.entries(kind=TASK_FIXED, subject=digest, system=task.system)):  # 3
        payload = {
            "kind": task.kind, "name": task.name, "seed": task.seed, "runs": list(task.runs),
            "n": len(task.items), "population": task.population, "left_out": task.left_out,
            "gold": sum(1 for item in task.items if item.gold), 
            "qualifications": list(task.qualifications),
        }  # fmt: skip
        _entered(loop, task.system, TASK_FIXED, digest, payload)
    return Fixed(task=task, digest=digest)


def _drawn(system: System, inspection: Inspection, asked: RatingAsked) -> RatingTask:
    other, rubric, suites = "", None, None
    if asked.rubric:
        rubric, suites = rubric_named(system, asked.rubric)
    elif inspection.against is not None:
        other = inspection.against.run.run
    drawn = raters.draw_items(
        (pair for pair in _pairs(inspection, beside=bool(other))
         if suites is None or pair[0].suite in suites),
        inspection.texts.of, run=inspection.run.run, other=other, n=asked.n, seed=asked.seed,
        rubric=rubric,
    )  # fmt: skip
    task = RatingTask(
        system=system.charter.system,
        kind="rubric" if rubric else "side_by_side",
        name=asked.rubric or PREFERENCE,
        rubric=rubric,
        seed=asked.seed,
        runs=(inspection.run.run, other) if other else (inspection.run.run,),
        qualifications=_subjects(asked.qualifications),
        population=drawn.population,
        left_out=drawn.left_out,
        items=drawn.items,
    )
    return _with_gold(task, asked.gold)


def _subjects(asked: Sequence[str]) -> tuple[str, ...]:
    """What raters must be qualified for, each once, in one order: so that it is one task."""
    if not all(subject.strip() for subject in asked):
        raise UsageError("a qualification is empty", fix="--qualified-for SUBJECT")
    return tuple(sorted({subject.strip() for subject in asked}))


def _with_gold(task: RatingTask, gold: dict[tuple[str, str], str]) -> RatingTask:
    """The task with the right choices of its attention items, which must all be in it."""
    offered = ("first", "second", *task.choices[2:]) if task.rubric is None else task.choices
    known = {(item.suite, item.case) for item in task.items}
    for key, choice in gold.items():
        if choice not in offered:
            raise UsageError(f"gold {'/'.join(key)}: {choice!r} cannot be said",
                             fix=f"one of: {', '.join(offered)}")  # fmt: skip
        if key not in known:
            raise UsageError(
                f"gold {'/'.join(key)} is not among the {len(task.items)} drawn items",
                fix="draw more with --n, another --seed, or name a case that is in the run",
            )
    items = tuple(
        msgspec.structs.replace(item, gold=gold.get((item.suite, item.case), ""))
        for item in task.items
    )
    return msgspec.structs.replace(task, items=items)


def _pairs(inspection: Inspection, *, beside: bool) -> Iterator[Sequence[Observation]]:
    """Every answer, or with `beside` every answer and the other run's to the same repeat."""
    against = inspection.against
    for key, rows in inspection.rows.cases():
        if not beside or against is None:
            yield from ((row,) for row in rows)
        elif key not in against.changed:
            others = {row.repeat: row for row in against.rows.repeats_of(key)}
            yield from ((row, others[row.repeat]) for row in rows if row.repeat in others)


def find_task(loop: Loop, system: str, wanted: str = "") -> Fixed:
    """The task of that digest or its beginning; empty: the newest.

    Raises UsageError naming those known, UndecidedError when there is none yet, VerificationError
    when its blob is gone or changed.
    """
    entries = list(loop.ledger.entries(kind=TASK_FIXED, system=system))
    if not entries:
        raise UndecidedError(NO_TASK, fix="roadworthy rate start DIR")
    short = wanted.removeprefix("sha256:")
    found = [entry for entry in entries if entry.subject.removeprefix("sha256:").startswith(short)]
    if not found or (short and len({entry.subject for entry in found}) > 1):
        known = ", ".join(entry.subject[7:19] for entry in entries[-5:])
        raise UsageError(f"{wanted!r} names no single task", fix=f"the newest are: {known}")
    digest = found[-1].subject
    task = msgspec.convert(loop.blobs.get_json(digest), RatingTask, strict=False)
    return Fixed(task=task, digest=digest)


def hand_out(loop: Loop, fixed: Fixed, name: str) -> Sheet:
    """A rater's sheet, made and entered when it is handed out for the first time.

    Raises UsageError for somebody of whom nothing is known, or who is not qualified.
    """
    key = live_key(loop.trust, name, format_instant(loop.clock.now()))
    if key is None or key.kind != "person":
        raise UsageError(f"{name} has no key here", fix="roadworthy people add NAME")
    profile = profiles_of(loop, fixed.task.system).get(name)
    if profile is None:
        raise UsageError(
            f"nothing is known of {name} as a rater",
            fix=f"roadworthy rate profile {name} --role TEXT --language en",
        )
    sheet = raters.make_sheet(fixed.task, fixed.digest, profile, key.key_id)  # 4
    digest = loop.blobs.put_json(sheet)
    if _issued(loop, fixed, digest) is None:  # 5
        payload = {"sheet": digest, "rater": name, "key_id": key.key_id, "n": len(sheet.items)}
        _entered(loop, fixed.task.system, SHEET_ISSUED, fixed.digest, payload)
    return sheet


def find_sheet(loop: Loop, fixed: Fixed, digest: str) -> Sheet:
    """A sheet that was handed out. Raises UsageError when none of that digest was."""
    if _issued(loop, fixed, digest) is None:
        raise UsageError(
            "these ratings answer a sheet that was never handed out for this task",
            fix="write the rater's page again with `roadworthy rate page`",
        )
    return msgspec.convert(loop.blobs.get_json(digest), Sheet, strict=False)


def _issued(loop: Loop, fixed: Fixed, digest: str) -> Entry | None:
    entries = loop.ledger.entries(kind=SHEET_ISSUED, subject=fixed.digest)
    return next((entry for entry in entries if entry.payload.get("sheet") == digest), None)


def submit(
    loop: Loop, system: System, fixed: Fixed, sheet: Sheet, said: Submission, by: Acting
) -> Entry:
    """Enter ratings, signed by the rater. All of them or none.

    Raises AccessError when another signs, ManifestError with every fault, EvidenceError.
    """
    now = format_instant(loop.clock.now())
    if (
        by.key.key_id != sheet.key_id or said.key_id != sheet.key_id or said.rater != sheet.rater
    ):  # 6
        raise AccessError(
            f"this sheet was handed to {sheet.rater} (key {sheet.key_id}),"
            f" and {by.name} (key {by.key.key_id}) would sign",
            fix=f"--as {sheet.rater}: each rater signs what they said",
        )
    require_key(loop.trust, by.key.key_id, now)
    done = rated_items(loop, fixed, sheet.key_id)
    raters.check_ratings(said.ratings, fixed.task, sheet, done=done)  # 7
    payload = {
        "sheet": said.sheet, "ratings": loop.blobs.put_json(said), "n": len(said.ratings),
        "skipped": sum(1 for each in said.ratings if each.skipped), "via": said.via,
    }  # fmt: skip
    return _signed(loop, system, SUBMITTED, fixed.digest, payload, by)  # 8


def rated_items(loop: Loop, fixed: Fixed, key_id: str) -> frozenset[str]:
    """The items that a key has said something of."""
    return frozenset(
        rating.item
        for entry in loop.ledger.entries(kind=SUBMITTED, subject=fixed.digest)
        if entry.actor == f"person:{key_id}"
        for rating in submission_of(loop, entry).ratings
    )


def submission_of(loop: Loop, entry: Entry) -> Submission:
    """What an entry says was rated. Raises EvidenceError when its blob is gone or changed."""
    digest = str(entry.payload.get("ratings", ""))
    return msgspec.convert(loop.blobs.get_json(digest), Submission, strict=False)


def new_submission(
    fixed: Fixed, sheet: Sheet, digest: str, ratings: Sequence[Rating]
) -> Submission:
    """Ratings that somebody gave in the terminal."""
    return Submission(
        task=fixed.digest, sheet=digest, rater=sheet.rater, key_id=sheet.key_id, via="terminal",
        ratings=tuple(ratings),
    )  # fmt: skip


def _entered(loop: Loop, system: str, kind: str, subject: str, payload: dict[str, object]) -> None:
    loop.ledger.record(
        Draft(system=system, kind=kind, subject=subject, actor=loop.machine, payload=plain(payload))
    )


def _signed(
    loop: Loop, system: System, kind: str, subject: str, payload: dict[str, object], by: Acting
) -> Entry:
    draft = Draft(
        system=system.charter.system,
        kind=kind,
        subject=subject,
        actor=f"person:{by.key.key_id}",
        payload=plain(payload),
    )
    (entry,) = loop.ledger.record(sign_draft(draft, by.signer))
    return entry
