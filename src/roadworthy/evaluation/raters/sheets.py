"""A rater's sheet: in which order the items come, and which answer stands on the left.

Each rater has an order and sides of their own, drawn from the task's seed and the rater's key, so
that tiredness and the liking for one side fall on both answers alike: on every sheet each answer
stands on the left in half of the items (one more or less when their number is odd).
"""

from __future__ import annotations

from typing import Any

from roadworthy.domain import (
    RaterProfile,
    RatingItem,
    RatingTask,
    Sheet,
    SheetItem,
    UsageError,
    digest_of,
)

from ..draw import Draw


def make_sheet(task: RatingTask, digest: str, profile: RaterProfile, key_id: str) -> Sheet:
    """The sheet of one rater: the same for the same task, person and key.

    Items in a language that the rater does not know are not on it. Raises UsageError when the
    rater is not qualified, or when no item is left.
    """
    lacking = [each for each in task.qualifications if each not in profile.qualified_for]
    if lacking:
        known = ", ".join(profile.qualified_for) or "nothing"
        raise UsageError(
            f"this task is for raters who are qualified for {' and '.join(lacking)}; the profile"
            f" of {profile.name} names {known}",
            fix=f"roadworthy rate profile {profile.name} --qualified-for {lacking[0]!r} …",
        )
    fit = [item for item in task.items if readable(item, profile)]
    if not fit:
        raise UsageError(
            f"no item is in a language that {profile.name} knows"
            f" ({', '.join(profile.languages) or 'none named'})",
            fix=f"roadworthy rate profile {profile.name} --language CODE …",
        )
    key = (digest, key_id)
    half = {item.id for item in Draw("rating-sides", *key).sample(fit, len(fit) // 2)}
    flip = len(fit[0].answers) == 2
    # An odd item's side is drawn, too; else the second answer would stand left once less, always.
    if len(fit) % 2 and Draw("rating-odd", *key).chance(0.5):
        half = {item.id for item in fit} - half
    order = Draw("rating-order", *key).sample(fit, len(fit))
    return Sheet(
        task=digest,
        rater=profile.name,
        key_id=key_id,
        items=tuple(SheetItem(item.id, flip and item.id in half) for item in order),
    )


def readable(item: RatingItem, profile: RaterProfile) -> bool:
    """Whether the rater knows the language that the item says it is in (`en` covers `en-GB`)."""
    spoken = item.language.casefold()
    return not spoken or any(
        spoken == known or spoken.startswith(f"{known}-")
        for known in (language.casefold() for language in profile.languages)
    )


def shown_texts(item: RatingItem, placed: SheetItem) -> tuple[str, ...]:
    """The answers from left to right."""
    texts = tuple(answer.output for answer in item.answers)
    return texts[::-1] if placed.swapped else texts


def shown_digest(item: RatingItem, placed: SheetItem) -> str:
    """Names exactly what a rater saw of this item."""
    return digest_of(
        {"input": item.input, "matters": item.matters, "texts": shown_texts(item, placed)}
    )


def shown_item(item: RatingItem, placed: SheetItem) -> dict[str, Any]:
    """What a page or terminal needs of an item; no run, candidate, case or suite is in it."""
    return {
        "item": item.id,
        "shown": shown_digest(item, placed),
        "input": item.input,
        "matters": item.matters,
        "texts": list(shown_texts(item, placed)),
    }


def unswapped(choice: str, placed: SheetItem) -> str:
    """A choice between sides as one between answers: `first`, `second`, `tie`, `neither`."""
    if choice not in ("left", "right"):
        return choice
    return "first" if (choice == "left") != placed.swapped else "second"
