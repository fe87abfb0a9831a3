"""One parsed file of a user: its values, the line of each, and the faults found in it.

Enters: what a reader (YAML, JSON Lines, TOML, Markdown) made of the bytes. Leaves: faults with
file and line. A path is a tuple of keys and indexes from the file's root; a fault is anchored
to a path, so that a later check can tell that its part of the file is faulty already.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any, Literal

from msgspec import structs

from roadworthy.domain import Fault

Path = tuple[str | int, ...]
"""Where a value is: `("never", 0, "rule")`."""

MAX_FAULTS = 200
"""Faults kept per file: whoever has more reads the first ones first."""


MORE_LINES = 5
"""Lines named after the first of a fault that many lines have."""


class Document:
    """A file's values with their lines. Mutable while the loader works on it."""

    def __init__(
        self, file: str, data: Any = None, lines: dict[Path, int] | None = None, text: str = ""
    ) -> None:
        """Start without a fault; `file` is the path as the user would type it."""
        self.file = file
        self.data = data
        self.lines = lines if lines is not None else {}
        self.text = text
        """What stands below the front matter of a Markdown file."""
        self.text_line = 1
        """The line on which `text` starts."""
        self.by_line = False
        """JSON Lines: the first step of every path is a line."""
        self.order: array[int] = array("L")
        """For JSON Lines: the line of each value, in order."""
        self.faulty: set[Path] = set()
        """Paths with an error at them."""
        self.noted = 0
        """How many faults were noted, those that are told in one among them."""
        self._faults: list[Fault] = []
        self._alike: dict[tuple[str, str, str], int] = {}
        self._more: dict[int, list[int]] = {}

    @property
    def faults(self) -> list[Fault]:
        """What was noted; the same of many lines of a JSON Lines file is one fault that says so."""
        return [
            structs.replace(fault, message=f"{fault.message} ({_further(self._more[index])})")
            if index in self._more
            else fault
            for index, fault in enumerate(self._faults)
        ]

    def line_of(self, path: Iterable[str | int]) -> int:
        """The line of a value; of the nearest parent that has one when it is not there."""
        steps = tuple(path)
        if self.by_line and steps and isinstance(steps[0], int):
            return steps[0]
        while steps and steps not in self.lines:
            steps = steps[:-1]
        return self.lines.get(steps, 1)

    def fault(
        self,
        path: Iterable[str | int],
        message: str,
        fix: str = "",
        *,
        severity: Literal["error", "warning"] = "error",
        line: int | None = None,
        alike: str = "",
    ) -> None:
        """Note a fault at a path (or at a line, where the path has none).

        `alike`: what it is without the name of the case, so that one fault tells it of all cases.
        """
        steps = tuple(path)
        if severity == "error":
            self.faulty.add(steps)
        self.noted += 1
        at = self.line_of(steps) if line is None else line
        if steps and isinstance(steps[0], int):
            kind = (severity, alike or message, fix)
            known = self._alike.setdefault(kind, len(self._faults))
            if known < len(self._faults):
                self._more.setdefault(known, []).append(at)
                return
        if len(self._faults) >= MAX_FAULTS:
            return
        self._faults.append(
            Fault(file=self.file, line=at, message=message, fix=fix, severity=severity)
        )

    def sound(self, path: Iterable[str | int]) -> bool:
        """Whether nothing at, above or below the path is faulty: then it is worth judging."""
        steps = tuple(path)
        return not any(
            bad == steps[: len(bad)] or steps == bad[: len(steps)] for bad in self.faulty
        )

    def spell(self, path: Iterable[str | int]) -> str:
        """A path as a person writes it; of a JSON Lines file without the line it starts with."""
        steps = tuple(path)
        return spell(steps[1:] if steps and isinstance(steps[0], int) else steps)

    @property
    def broken(self) -> bool:
        """Whether the file as a whole could not be read."""
        return () in self.faulty


def _further(lines: list[int]) -> str:
    """`and on 119 more lines: 2, 3, 4, 5, 6, …`; several faults of one line count once."""
    found = list(dict.fromkeys(lines))
    shown = ", ".join(str(line) for line in found[:MORE_LINES])
    rest = ", …" if len(found) > MORE_LINES else ""
    return f"and on {len(found)} more line{'' if len(found) == 1 else 's'}: {shown}{rest}"


def spell(path: Iterable[str | int]) -> str:
    """A path as a person writes it: `never[0].rule`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text
