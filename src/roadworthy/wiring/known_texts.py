"""Who looks inputs up among what was answered here, where the charter keeps a log of answers."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET

from roadworthy.domain import Charter, Observation, ReleaseContent
from roadworthy.flows.late.known_texts import KnownTexts
from roadworthy.journal import Vault
from roadworthy.manifests import Workspace

from .answering_releases import content_of
from .clock import SystemClock
from .reviewed_texts import let_out


def known_texts_looker(
    workspace: Workspace, vault: Vault
) -> Callable[[ReleaseContent], KnownTexts | None]:
    """What gives the looker to each release whose charter keeps a log."""
    charters: dict[str, Charter | None] = {}

    def charter(system: str, release: str) -> Charter | None:
        if charters.get(release) is None:
            content = content_of(workspace, system, release)
            charters[release] = content.charter if content is not None else None
        return charters[release]

    def reviewed(answer: Observation) -> str | None:
        return let_out(answer, workspace, vault, SystemClock())

    looker = KnownTexts(workspace.fingerprints, workspace.journal, vault, charter, reviewed)
    return lambda content: looker if _keeps_log(content) else None


def _keeps_log(content: ReleaseContent) -> bool:
    disclosure = content.charter.behaviour.disclosure
    return disclosure is not UNSET and disclosure.log
