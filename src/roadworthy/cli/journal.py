"""`roadworthy journal`: ask the journal, erase from it, hold it, check it."""

from __future__ import annotations

from .journal_query import query
from .terminal import group

app = group("Ask the journal.")
app.command("query")(query)


@app.callback()
def journal() -> None:
    """Ask the journal."""
