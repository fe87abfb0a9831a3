"""`roadworthy journal`: ask the journal, erase from it, hold it, keep it as long as is said."""

from __future__ import annotations

from .journal_keeping import erase, hold, holds, release_hold, retain
from .journal_query import query
from .terminal import group

app = group("Ask the journal; erase, hold and keep its texts.")
app.command("query")(query)
app.command("erase")(erase)
app.command("hold")(hold)
app.command("release-hold")(release_hold)
app.command("holds")(holds)
app.command("retain")(retain)
