"""Results that another tool made: what its file says, and what follows from its rows.

They are kept with their origin and weaker trust: nobody here saw the answers being made.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

NOT_RUN_HERE = "imported, not run here"
"""How every such figure is called, wherever it is shown."""


class ImportedFile(Struct, frozen=True, kw_only=True):
    """A file that was read."""

    name: str
    digest: str
    bytes: int


class ImportedScore(Struct, frozen=True, kw_only=True):
    """One score of the other tool."""

    name: str
    value: float | None
    """Mean over the cases, from the rows; None where the files hold no row of it."""
    low: float | None = None
    high: float | None = None
    """At 95 %. Cases that belong together are not known, so it may be too narrow."""
    n: int = 0
    """Cases, however often each was asked."""
    rows: int = 0
    reported: float | None = None
    """What the tool's own summary says."""
    follows: bool | None = None
    """Whether that follows from the rows; None where there is nothing to compare."""
    reason: str = ""
    """Why there is no value or no interval."""


class Imported(Struct, frozen=True, kw_only=True):
    """What the files of one evaluation say."""

    tool: str
    version: str
    """The tool's own; empty where the file does not name it."""
    format: str
    """The form of the file and its version: the only thing that was judged before reading."""
    task: str = ""
    model: str = ""
    made_at: str = ""
    """As the file says it."""
    status: Literal["complete", "partial"] = "complete"
    """`partial`: the tool says itself that it did not end well."""
    cases: int = 0
    rows: int = 0
    failed: int = 0
    """Rows that the tool calls failed; they are in no score."""
    scores: tuple[ImportedScore, ...] = ()
    files: tuple[ImportedFile, ...] = ()
    notes: tuple[str, ...] = ()
    """What was not read, and why."""

    @property
    def subject(self) -> str:
        """The digest that stands for the files: of the first one, which names the others."""
        return self.files[0].digest
