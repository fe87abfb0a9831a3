"""What the ledger hears of a run before it is over: its bar, and each violation as it is seen.

Enters: a plan, rows that are about to be written. Leaves: `bar.fixed` before the first call,
`run.violated` before the rows are in the file; read back, what violations a run was ever seen with.
What never happens here: a violation that stands in nothing but a file that somebody can cut.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from roadworthy.domain import (
    Draft,
    NeverRecord,
    Observation,
    ReleaseContent,
    VerificationError,
    digest_of,
    plain,
)
from roadworthy.evaluation import Plan
from roadworthy.release import behaviour_digest

from ..workspace.loop import Loop
from .run_records import run_path

VIOLATED = "run.violated"


def fix_bar(planned: Plan, content: ReleaseContent, loop: Loop) -> None:
    """Enter the bar, once for a run. Its file is there already, so a bar without one lost it."""
    bar = planned.bar
    if _is_fixed(planned, loop):
        return
    digest = loop.blobs.put_json(bar)
    loop.blobs.put_json(content.slos)  # named by the bar: what was asked can be read again
    loop.ledger.record(
        Draft(
            system=bar.system,
            kind="bar.fixed",
            subject=bar.candidate,
            actor=loop.machine,
            payload={
                "run": planned.run,
                "bar": digest,
                "behaviour": behaviour_digest(content),
                "slos": bar.slos,
                "never": loop.blobs.put_json(never_forms(content)),
                "suites": {each.name: each.digest for each in bar.suites},
                "seed": bar.seed,
                "repeats": bar.repeats,
                "attempt": planned.attempt,
                "questions": len(planned.items),
            },
        )
    )


def never_forms(content: ReleaseContent) -> list[dict[str, Any]]:
    """What a candidate's never events look for, with what their rules read, as a blob keeps it."""
    return [
        {
            "id": event.id,
            "scope": event.scope,
            "inline": event.is_inline,
            "rule": plain(event.rule),
            "files": {
                name: digest_of(content.assets[name])
                for name in sorted(set(_texts(plain(event.rule))) & content.assets.keys())
            },
        }
        for event in content.charter.never
    ]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _is_fixed(planned: Plan, loop: Loop) -> bool:
    fixed = loop.ledger.entries(kind="bar.fixed", subject=planned.bar.candidate)
    return any(entry.payload.get("run") == planned.run for entry in fixed)


def require_rows(planned: Plan, loop: Loop) -> None:
    """A run that began still has its file; raises VerificationError where somebody took it away.

    To begin it again under the same name would put other rows in the place of those.
    """
    path = run_path(loop.workspace, planned.run)
    if path.exists() or not _is_fixed(planned, loop):
        return
    raise VerificationError(
        f"{path} is gone: the rows of a run that was begun",
        fix="restore it from a backup, or begin another attempt: `roadworthy eval --fresh`",
    )


def record_violations(planned: Plan, loop: Loop, rows: Sequence[Observation]) -> None:
    """Enter the violations of rows that are not in the run file yet. Raises EvidenceError."""
    bar = planned.bar
    seen = [
        {
            "suite": row.suite,
            "case": row.case,
            "repeat": row.repeat,
            "input_digest": row.input_digest,
            "never": [
                {"event": one.event, "found_by": one.found_by}
                for one in row.never
                if one.kind == "violation"
            ],
        }
        for row in rows
    ]
    loop.ledger.record(
        Draft(
            system=bar.system,
            kind=VIOLATED,
            subject=bar.candidate,
            actor=loop.machine,
            payload={"run": planned.run, "seen": seen},
        )
    )


def violations_of(loop: Loop, runs: Collection[str]) -> dict[str, list[Observation]]:
    """Run -> the rows that it was seen violating with, as far as the entries say them."""
    found: dict[str, list[Observation]] = {}
    for entry in loop.ledger.entries(kind=VIOLATED):
        run = str(entry.payload["run"])
        if run not in runs:
            continue
        found.setdefault(run, []).extend(
            Observation(
                id="",
                time=entry.time,
                system=entry.system,
                release=entry.subject,
                stage="eval",
                suite=str(row["suite"]),
                case=str(row["case"]),
                repeat=int(row["repeat"]),
                input_digest=str(row["input_digest"]),
                never=tuple(
                    NeverRecord(event=str(one["event"]), kind="violation", found_by=one["found_by"])
                    for one in row["never"]
                ),
            )
            for row in entry.payload["seen"]
        )
    return found
