"""What people rated, as the ledger has it, and the same beside the rows of a run.

Enters: a loop. Leaves: ballots, rows with people's scores. What never happens here: a rating
without its rater's signature, or fewer ratings than were entered: what is lost or changed is a
fault, never a smaller n.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from roadworthy.domain import (
    Draft,
    Entry,
    EvidenceError,
    Observation,
    RatingTask,
    Sheet,
    UsageError,
    VerificationError,
    digest_of,
    sha256,
)
from roadworthy.evaluation import raters
from roadworthy.ledger import require_signature

from ..entries.run_records import completion, rows_of, summary_of
from ..workspace.loop import Loop
from ..workspace.own_files import is_preferences, require_own, write_own
from .rating import SUBMITTED, submission_of


def ballots_of(loop: Loop, system: str) -> list[raters.Ballot]:
    """Every task that somebody rated, with all votes on it, oldest first.

    Raises VerificationError when a signature does not hold, EvidenceError when a blob is gone.
    """
    found: dict[str, list[raters.Vote]] = {}
    tasks: dict[str, RatingTask] = {}
    for entry in loop.ledger.entries(kind=SUBMITTED, system=system):
        if entry.subject not in tasks:
            tasks[entry.subject] = _task(loop, entry.subject)
        task = tasks[entry.subject]
        found.setdefault(entry.subject, []).extend(_votes(loop, entry, task))
    return [
        raters.Ballot(task=tasks[digest], digest=digest, votes=tuple(votes))
        for digest, votes in found.items()
    ]


def ballot_of(loop: Loop, system: str, digest: str) -> raters.Ballot:
    """The votes on one task; none when nobody rated it yet."""
    empty = raters.Ballot(task=_task(loop, digest), digest=digest)
    return next((each for each in ballots_of(loop, system) if each.digest == digest), empty)


def with_ratings(
    rows: Iterable[Observation], ballots: list[raters.Ballot]
) -> list[Observation]:  # fmt: skip
    """The rows, each with the scores `human.<name>` that people gave exactly this answer."""
    scores = raters.human_scores(ballots)
    return [
        msgspec.structs.replace(row, scores={**row.scores, **scores[row.id]})
        if row.id in scores
        else row
        for row in rows
    ]


def judge_beside(loop: Loop, ballot: raters.Ballot) -> list[tuple[float, float]]:
    """(judge, people) of every answer that both rated, where the suite's rubric has a judge.

    People's value is that of most of them: the judge is held to a verdict, not to a mean. Items of
    which raters say two things equally often are left out. Raises EvidenceError without the run.
    """
    rubric, name = ballot.task.rubric, ballot.task.name
    if rubric is None:
        return []
    known = loop.ledger.entries(kind="run.completed", system=ballot.task.system)
    run = next((each for each in known if each.payload.get("run") == ballot.task.runs[0]), None)
    ended = completion(loop, run.subject, ballot.task.runs[0]) if run is not None else None
    if ended is None:
        raise EvidenceError(f"{ballot.task.runs[0]} is not in the ledger any more")
    rows = {row.id: row for row in rows_of(loop, summary_of(loop, ended))}
    pairs = []
    for votes in ballot.by_item().values():
        row = rows.get(votes[0].item.answers[0].observation)
        judged = row is not None and name in (row.attributes.get("judges") or {})
        said = Counter(ballot.value(vote) for vote in votes).most_common(2)
        if row is None or not judged or (len(said) > 1 and said[0][1] == said[1][1]):
            continue
        pairs.append((row.scores[name], said[0][0]))
    return pairs


EXPORTED = "ratings.exported"


class Exported(Struct, frozen=True, kw_only=True):
    """What was written for tuning."""

    rows: int
    cases: int
    entry: int


def export_preferences(
    loop: Loop, ballot: raters.Ballot, form: raters.Form, out: Path
) -> Exported:  # fmt: skip
    """Write preferences as JSONL, whole or not at all, and enter which cases are spent by it.

    Raises UsageError when there is nothing to write, or where `out` is something else.
    """
    make = raters.dpo_rows if form == "dpo" else raters.kto_rows
    lines = [msgspec.json.encode(row) + b"\n" for row in make(ballot)]
    if not lines:
        raise UsageError(
            f"no rating gives a row in the form {form}",
            fix="side by side ratings give dpo and kto, a rubric gives kto; ties give none",
        )
    require_own(out, is_preferences, kind="file of preferences", streams=True)
    data = b"".join(lines)
    cases = sorted({vote.item.case_digest for vote in ballot.counted()})
    draft = Draft(
        system=ballot.task.system,
        kind=EXPORTED,
        subject=ballot.digest,
        actor=loop.machine,
        payload={"form": form, "rows": len(lines), "file": sha256(data), "cases": cases},
    )
    (entry,) = loop.ledger.record(draft)
    write_own(out, data)
    return Exported(rows=len(lines), cases=len(cases), entry=entry.seq)


def _task(loop: Loop, digest: str) -> RatingTask:
    return msgspec.convert(loop.blobs.get_json(digest), RatingTask, strict=False)


def _votes(loop: Loop, entry: Entry, task: RatingTask) -> list[raters.Vote]:
    key_id = require_signature(entry, loop.trust, at=entry.time)
    said = submission_of(loop, entry)
    sheet = msgspec.convert(loop.blobs.get_json(said.sheet), Sheet, strict=False)
    ours = sheet.key_id == said.key_id == key_id and sheet.task == said.task == entry.subject
    if not ours or digest_of(sheet) != said.sheet:
        raise VerificationError(
            f"the ratings of entry {entry.seq} do not answer the sheet that they name"
        )
    raters.check_ratings(said.ratings, task, sheet, source=f"entry {entry.seq}")
    return list(raters.votes_in(task, sheet, said))
