"""A rater's sheet as one HTML file: opens anywhere, blind, keeps what was said, exports it.

Enters: a task and a sheet of it. Leaves: the file. It holds texts and digests only: no run, no
candidate, no case id, no suite, not which answer is whose, and no right choice of an attention
item. What never happens here: markup made of a text, or anything read from a network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from roadworthy.domain import RatingTask, Sheet, digest_of
from roadworthy.evaluation import raters
from roadworthy.flows.workspace.own_files import begins, own_file, require_own

from .report.one_file import Parts, block, packed

PAGE = Parts(
    scripts=("inflate.js", "prose.js", "theme.js", "rating-state.js", "rating.js"),
    styles=("page.css", "texts.css", "rating.css"),
    template="rating.html.j2",
)

_MARK = "<!--the data-->"
_OURS = b"<!doctype html>\n<!-- roadworthy rating -->"

_WORDS = {
    "left": "Left is better",
    "right": "Right is better",
    "tie": "Equally good",
    "neither": "Both are bad",
}

SIDE_BY_SIDE = "Which answer is better?"


def write_page(task: RatingTask, sheet: Sheet, out: Path, *, title: str) -> int:
    """Write the page; returns its size in bytes. `title` is the system's.

    Raises UsageError when `out` is something else than such a page, EvidenceError when it cannot
    be written.
    """
    require_own(out, begins(_OURS), kind="rating page", streams=True)
    data = msgspec.json.encode(sheet_data(task, sheet))
    head, tail = PAGE.rendered(title=title, rater=sheet.rater, n=len(sheet.items)).split(_MARK)
    with own_file(out) as file:
        file.write(head.encode("utf-8", "replace"))
        file.write(block("sheet", packed(data)))
        file.write(f"<script>{PAGE.script()}</script>\n".encode())
        file.write(tail.encode())
    return file.size


def sheet_data(task: RatingTask, sheet: Sheet) -> dict[str, Any]:
    """What the page knows."""
    items = {item.id: item for item in task.items}
    return {
        "task": sheet.task,
        "sheet": digest_of(sheet),
        "rater": sheet.rater,
        "key_id": sheet.key_id,
        "sides": task.rubric is None,
        "question": question_of_task(task),
        "choices": [[choice, words_of(choice, task)] for choice in task.choices],
        "items": [raters.shown_item(items[placed.item], placed) for placed in sheet.items],
    }


def question_of_task(task: RatingTask) -> str:
    """What a rater is asked of every item."""
    return SIDE_BY_SIDE if task.rubric is None else task.rubric.question


def words_of(choice: str, task: RatingTask) -> str:
    """A choice as a rater reads it."""
    return _WORDS[choice] if task.rubric is None else choice
