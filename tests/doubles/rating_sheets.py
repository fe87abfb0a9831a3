"""A rating task made of texts, without a run behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roadworthy.domain import (
    RatedAnswer,
    RaterProfile,
    RatingItem,
    RatingTask,
    Rubric,
    Sheet,
    digest_of,
)
from roadworthy.evaluation import raters


def a_task(
    texts: Sequence[Sequence[str]], *, inputs: Sequence[Any] = (), rubric: Rubric | None = None,
    **fields: Any,
) -> RatingTask:  # fmt: skip
    """A task with one item for each group of texts: one of an answer, two side by side."""
    items = tuple(
        RatingItem(
            id=f"q{number:04d}", suite="main", case=f"secret-case-{number}", case_digest="sha256:c",
            input=inputs[number] if inputs else f"question {number}",
            answers=tuple(
                RatedAnswer(run=f"run-{side}", candidate=f"sha256:candidate-{side}",
                            observation=f"obs-{number}-{side}", output=text)
                for side, text in enumerate(group)
            ),
        )
        for number, group in enumerate(texts)
    )  # fmt: skip
    parts: dict[str, Any] = {
        "system": "desk", "kind": "rubric" if rubric else "side_by_side",
        "name": "helpful" if rubric else "preference", "rubric": rubric, "seed": 1,
        "runs": ("run-0", "run-1"), "population": len(items), "items": items,
    }  # fmt: skip
    return RatingTask(**{**parts, **fields})


def a_sheet(task: RatingTask, name: str = "Ada", key_id: str = "00112233aabbccdd") -> Sheet:
    """A rater's sheet of it."""
    profile = RaterProfile(name=name, role="tester", languages=("en",))
    return raters.make_sheet(task, digest_of(task), profile, key_id)
