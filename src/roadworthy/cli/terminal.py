"""How commands speak: plain text, JSON for scripts, tables and progress through rich."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

import typer

from .output import lines_only
from .output import printable as printable


def group(help_text: str) -> typer.Typer:
    """A verb with sub-commands. Plain help: rich markup doubles the start-up time."""
    return typer.Typer(
        help=help_text, no_args_is_help=True, rich_markup_mode=None, add_completion=False
    )


def emit(value: Any) -> None:
    """Print one JSON document to standard output (for scripts; `--json`)."""
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    sys.stdout.write(seen_json(text) + "\n")


def seen_json(text: str) -> str:
    """The same JSON with what nobody sees escaped, so that it drives no terminal either."""
    return _UNSEEN.sub(_escaped, text)


_UNSEEN = re.compile(
    "[\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""What JSON may hold as it is and nobody sees: C1 controls, marks of direction, tags."""


def _escaped(found: re.Match[str]) -> str:
    """The same sign as JSON escapes it; outside of its texts JSON has none of these."""
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


def say(text: str = "", colour: str = "") -> None:
    """Print text for people, at once: a pipe or a log is read along, too.

    Whosever words are in it, none of them drives the terminal.
    """
    sys.stdout.write(coloured(lines_only(text), colour) + "\n")
    sys.stdout.flush()


def same_system(directory: Path, candidate: str = "candidate.yaml") -> str:
    """The arguments that mean this system and candidate again, for a command to type next."""
    named = "" if candidate == "candidate.yaml" else f" --candidate {shlex.quote(candidate)}"
    return f" {shlex.quote(str(directory))}{named}" if str(directory) != "." else named


def in_folder(command: str, directory: Path) -> str:
    """A command as it is written in our files, with the folder that was meant instead of DIR."""
    folder = shlex.quote(str(directory))
    return _FOLDER.sub(lambda _: folder, command)


_FOLDER = re.compile(r"\bDIR\b")


def warn(text: str) -> None:
    """Print a line of text for people to standard error."""
    sys.stderr.write(lines_only(text) + "\n")


def say_of(out: Path, text: str) -> None:
    """Say something of a file that was written: beside it, where it went to standard output."""
    from roadworthy.flows.workspace.own_files import is_stdout

    (warn if is_stdout(out) else say)(text)


def coloured(text: str, colour: str) -> str:
    """The text in a colour where standard output is a terminal (NO_COLOR is honoured)."""
    if not colour or not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return typer.style(text, fg=colour)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """Print a table, as wide as it needs to be; long cells wrap on a terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(
        width=None if sys.stdout.isatty() else 140, highlight=False, markup=False, emoji=False
    )
    head = printable(title) or None
    drawn = Table(*columns, title=head, box=box.SIMPLE_HEAD, title_justify="left")
    for row in rows:
        drawn.add_row(*map(printable, row))
    console.print(drawn)


class Progress(Protocol):
    """What `progress` hands out."""

    def __call__(self, done: int, note: str = "") -> None:
        """Show how many are done, and a note such as the cost so far."""
        ...


_QUIET_S = 30.0
"""How long a log that is no terminal may say nothing, and how soon it says something again."""


def lines_of(
    total: int, title: str, write: Callable[[str], None], now: Callable[[], float] = monotonic
) -> Progress:
    """Progress as plain lines for a log: at most one in 30 seconds, so a short run says none."""
    said_at = now()

    def show(done: int, note: str = "") -> None:
        nonlocal said_at
        if now() - said_at >= _QUIET_S:
            said_at = now()
            share = f"{title}: {done} of {total} ({100 * done // total} %)"
            write(printable(f"{share}, {note}" if note else share))

    return show


@contextmanager
def progress(total: int, title: str) -> Iterator[Progress]:
    """A progress bar with the time left, on standard error; plain lines where it is no terminal."""
    if not sys.stderr.isatty() or total <= 0:
        yield lines_of(total, title, warn) if total > 0 else lines_of(1, title, lambda line: None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=total, note="")

        def show(done: int, note: str = "") -> None:
            bars.update(task, completed=done, note=printable(note))

        yield show
