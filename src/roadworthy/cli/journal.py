"""`roadworthy journal`: ask the journal, erase from it, hold it, keep it as is said, check it."""

from __future__ import annotations

from .journal_export import export
from .journal_keeping import erase, hold, holds, release_hold, retain
from .journal_query import query
from .journal_verify import verify
from .terminal import group

app = group("Ask the journal; erase, hold and keep its texts; check and export it.")
app.command("query")(query)
app.command("erase")(erase)
app.command("hold")(hold)
app.command("release-hold")(release_hold)
app.command("holds")(holds)
app.command("retain")(retain)
app.command("verify")(verify)
app.command("export")(export)
