"""Ratings against the sheet that they answer: every fault at once, and nothing guessed.

Enters: what a rater or a page hands in. Leaves: the ratings, or a list of faults. Changed texts,
answers to another task, an item twice, a choice that was not offered: none of it is entered.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from roadworthy.domain import (
    Fault,
    ManifestError,
    Rating,
    RatingFile,
    RatingTask,
    Sheet,
    UsageError,
)

from .sheets import shown_digest

MAX_BYTES = 20_000_000
MAX_SECONDS = 86_400
"""Longer than a day is a clock that was turned, not a rater who thinks."""


def read_ratings(data: bytes, source: str) -> RatingFile:
    """The file that a page exports. Raises ManifestError saying what is wrong where."""
    if len(data) > MAX_BYTES:
        raise _fault(source, f"{len(data):,} bytes is no export of the page", "export again")
    try:
        return msgspec.json.decode(data, type=RatingFile)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _fault(
            source, f"these are no ratings: {error}", "export from the page again"
        ) from None


def check_ratings(
    ratings: Sequence[Rating],
    task: RatingTask,
    sheet: Sheet,
    *,
    done: Collection[str] = (),
    source: str = "the ratings",
) -> None:
    """Raise ManifestError with every fault. `done` are items that the rater rated before."""
    items = {item.id: item for item in task.items}
    placed = {each.item: each for each in sheet.items}
    faults: list[Fault] = []
    seen: set[str] = set()

    def fault(number: int, message: str, fix: str) -> None:
        faults.append(Fault(file=source, line=number, message=message, fix=fix))

    for number, rating in enumerate(ratings, start=1):
        name = f"rating {number} (item {_short(rating.item)})"
        if rating.item not in placed:
            fault(number, f"{name}: this item is not on the rater's sheet", "leave it out")
            continue
        if rating.item in seen:
            fault(number, f"{name} stands here twice", "keep one of them")
        elif rating.item in done:
            fault(number, f"{name} was entered before, and what was said stays", "leave it out")
        seen.add(rating.item)
        if rating.shown != shown_digest(items[rating.item], placed[rating.item]):
            fault(number, f"{name}: what was shown is not what the task shows", "rate it again")
        _check_choice(number, rating, task, name, fault)
    if faults:
        raise ManifestError(faults)
    if not ratings:
        raise UsageError("there is no rating in it", fix="rate at least one item")


def _check_choice(number: int, rating: Rating, task: RatingTask, name: str, fault: object) -> None:
    assert callable(fault)
    if bool(rating.choice) == bool(rating.skipped.strip()):
        fault(number, f"{name} needs a choice, or a reason why it was skipped", "one of the two")
    elif rating.choice and rating.choice not in task.choices:
        offered = ", ".join(task.choices)
        fault(number, f"{name}: {_short(rating.choice)} was not offered", f"one of: {offered}")
    if rating.seconds > MAX_SECONDS:
        fault(number, f"{name} took {rating.seconds} seconds", f"at most {MAX_SECONDS}")


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")


def _fault(source: str, message: str, fix: str) -> ManifestError:
    return ManifestError([Fault(file=source, line=0, message=message, fix=fix)])
