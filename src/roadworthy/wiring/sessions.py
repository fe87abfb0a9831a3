"""Who looks at live sessions: one for all releases, where an objective of one asks for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from roadworthy.domain import Observation, ReleaseContent, find_indicator, read_name
from roadworthy.flows.late.after_looking import REPORTER, asked_in_words
from roadworthy.flows.late.session_looking import MOST_RECALLED, SessionLooker
from roadworthy.flows.late.session_signs import with_looks
from roadworthy.journal import ERASED_FILE, Row, Vault, Wanted, query, unseal
from roadworthy.manifests import Workspace

from .watched import stamp_of

_REPORTER = f"{REPORTER}{SessionLooker.name}"


def sessions_looker(
    workspace: Workspace, vault: Vault
) -> Callable[[ReleaseContent], SessionLooker | None]:
    """What gives the looker to each release that has an objective on its sessions."""

    def recall(since: str, before: str) -> Iterator[tuple[Observation, str]]:
        found: deque[Row] = deque(maxlen=MOST_RECALLED)
        rows = query(workspace.journal, Wanted(since=since, until=before))
        found.extend(row for row in rows if row.closed and _was_looked_at(row))
        for row in sorted(found, key=lambda row: row.seen.time):
            texts = unseal(row.record, vault)
            if texts is not None:
                seen = with_looks(row.seen, row.learned, but=SessionLooker.name)
                yield seen, asked_in_words(texts)

    erased = stamp_of(workspace.journal / "keys" / ERASED_FILE)
    looker = SessionLooker(erased=erased, recall=recall)
    return lambda content: looker if _asks(content) else None


def _was_looked_at(row: Row) -> bool:
    """Whether an earlier process looked: what it did not is still to come."""
    said = (each.outcome for each in row.learned)
    return any(each is not None and each.reporter == _REPORTER for each in said)


def _asks(content: ReleaseContent) -> bool:
    """Whether an objective is on what only sessions show."""
    found = (find_indicator(read_name(slo).metric) for slo in content.slos.slos)
    return any(spec is not None and "session" in spec.needs for spec in found)
