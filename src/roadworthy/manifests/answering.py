"""One answer of `init` at a time: is it right by itself, before the next question is asked?

Enters: the answers so far with the newest. Leaves: what is wrong with it, or nothing. The answers
that are still to come are taken from the questions' own examples, which are right.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from roadworthy.domain import Fault, UsageError

from .document import Document
from .questions import Answers
from .scaffold import check_answers, draft, questionnaire, take_answers
from .typed import build
from .yaml_reader import read_yaml


@cache
def _examples() -> dict[str, Any]:
    document = Document("answers")
    read_yaml(questionnaire(), document)
    examples = dict(document.data)
    del examples["cases"]
    return examples


def wrong_answer(given: dict[str, Any]) -> Fault | None:
    """The first fault of the answers given so far; None when they are right as far as they go."""
    document = Document("answers", {**_examples(), **given})
    answers = build(document, Answers)
    check_answers(answers, document)
    return document.faults[0] if document.faults else None


def refuse_occupied(root: Path) -> None:
    """Raise UsageError when the folder holds a file that `init` would write, before anybody asks.

    The same is looked at again when the files are written.
    """
    names = draft(take_answers(_examples()))
    present = sorted(name for name in names if (root / name).exists() and name != ".gitignore")
    if present:
        raise UsageError(
            f"{root} has {', '.join(present)} already; nothing was asked",
            fix="name an empty folder; `init` never overwrites a file",
        )
