"""A sheet rated in the terminal: one key an item, resumed where it was, nothing lost.

Enters: a task, a sheet, where keys come from. Leaves: ratings, kept in a draft file after each one.
What never happens here: a candidate's name on the screen, or text that drives the terminal.
"""

from __future__ import annotations

import sys
import textwrap
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.console.rating import question_of_task, words_of
from roadworthy.domain import Rating, RatingTask, Sheet, UsageError
from roadworthy.evaluation import raters
from roadworthy.flows.suites.growing import replace_file

from .terminal import printable, say

WIDTH = 96
END = ""

ReadLine = Callable[[str], str]
ReadKey = Callable[[], str]


class Draft:
    """Ratings that were given and not entered yet, in a file of their own."""

    def __init__(self, path: Path) -> None:
        """Read what is there. Raises UsageError when it is no draft."""
        self._path = path
        self.ratings: dict[str, Rating] = {}
        if not path.exists():
            return
        try:
            known = msgspec.json.decode(path.read_bytes(), type=list[Rating])
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{path} is no draft: {error}", fix="remove it and rate anew"
            ) from None
        self.ratings = {rating.item: rating for rating in known}

    def put(self, rating: Rating) -> None:
        """Keep one more, the newest last; on disk when this returns."""
        self.ratings.pop(rating.item, None)
        self.ratings[rating.item] = rating
        self._write()

    def take_back(self) -> str:
        """Forget the newest; returns its item, or nothing."""
        if not self.ratings:
            return ""
        item, _ = self.ratings.popitem()
        self._write()
        return item

    def remove(self) -> None:
        """Everything was entered."""
        self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        replace_file(self._path, msgspec.json.encode(list(self.ratings.values())))


def rate_sheet(
    task: RatingTask, sheet: Sheet, draft: Draft, read_key: ReadKey, read_line: ReadLine,
    *, entered: Sequence[str] = (),
) -> bool:  # fmt: skip
    """Ask for every open item. True when all were rated, False when the rater stopped."""
    items = {item.id: item for item in task.items}
    places = [placed for placed in sheet.items if placed.item not in entered]
    keys = {str((number + 1) % 10): choice for number, choice in enumerate(task.choices)}
    say(f"{question_of_task(task)}  ({len(places)} items; ^C or q stops, and goes on later)")
    number = _next_open(places, draft, 0)
    while number < len(places):
        placed = places[number]
        shown = raters.shown_item(items[placed.item], placed)
        _show(shown, f"{number + 1} of {len(places)}", sides=task.rubric is None)
        say(_legend(task))
        begun = time.monotonic()
        key = _one_of(read_key, {*keys, "s", "u", "q", "c"})
        comment = ""
        if key == "c":
            comment = read_line("Comment: ").strip()[:4_000]
            key = _one_of(read_key, {*keys, "s", "u", "q"})
        if key == "q":
            return False
        if key == "u":
            back = draft.take_back()
            number = next((i for i, each in enumerate(places) if each.item == back), number)
            continue
        skipped = "" if key in keys else read_line("Why can it not be judged? ").strip()[:4_000]
        if key not in keys and not skipped:
            say("A skipped item needs a reason.")
            continue
        draft.put(
            Rating(
                item=placed.item,
                shown=shown["shown"],
                choice=keys.get(key, ""),
                skipped=skipped,
                comment=comment,
                seconds=min(raters.MAX_SECONDS, round(time.monotonic() - begun)),
            )
        )
        number = _next_open(places, draft, number + 1)
    return True


def _next_open(places: Sequence[Any], draft: Draft, start: int) -> int:
    """The next item without a rating, from `start` on and then from the beginning."""
    order = [*range(start, len(places)), *range(start)]
    return next((i for i in order if places[i].item not in draft.ratings), len(places))


def _one_of(read_key: ReadKey, known: set[str]) -> str:
    """The first key that means something; the end of the input stops."""
    while True:
        key = read_key()
        if key in (END, "\x03", "\x04"):
            return "q"
        if key.lower() in known:
            return key.lower()


def _legend(task: RatingTask) -> str:
    said = [
        f"[{(number + 1) % 10}] {printable(words_of(choice, task))}"
        for number, choice in enumerate(task.choices)
    ]
    return "  ".join([*said, "[s] skip", "[c] comment", "[u] undo", "[q] stop"])


def _show(shown: dict[str, Any], place: str, *, sides: bool) -> None:
    say()
    say(f"─── {place} ".ljust(WIDTH, "─"))
    asked = shown["input"]
    _block("Asked", asked if isinstance(asked, str) else msgspec.json.encode(asked).decode())
    if shown["matters"]:
        _block("What matters here", shown["matters"])
    names = ("Left", "Right") if sides else ("Answer",)
    for name, text in zip(names, shown["texts"], strict=True):
        _block(name, text)


def _block(name: str, text: str) -> None:
    """A text, each of its lines wrapped and without what would drive the terminal."""
    say(f"{name}:")
    for line in text.splitlines() or [""]:
        for part in textwrap.wrap(printable(line), WIDTH - 4) or [""]:
            say(f"    {part}")
    say()


def key_reader() -> ReadKey:
    """Single keys from a terminal; from a pipe the first character of each line."""
    return _key_of_terminal if sys.stdin.isatty() else _key_of_line


def _key_of_line() -> str:
    while line := sys.stdin.readline():
        if line.strip():
            return line.strip()[:1]
    return END


def _key_of_terminal() -> str:
    import termios
    import tty

    handle = sys.stdin.fileno()
    before = termios.tcgetattr(handle)
    try:
        tty.setcbreak(handle)
        return sys.stdin.read(1)
    finally:
        termios.tcsetattr(handle, termios.TCSADRAIN, before)


def line_reader() -> ReadLine:
    """A line after a question."""

    def read(question: str) -> str:
        say(question)
        return sys.stdin.readline()

    return read
