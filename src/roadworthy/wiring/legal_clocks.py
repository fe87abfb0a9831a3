"""The legal clocks of incidents: by the ledger, the system's folder, the charters of releases."""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import Incident, format_instant
from roadworthy.flows.law.incident_law import law_for
from roadworthy.flows.workspace.loop import Loop
from roadworthy.incidents import Law, Running, clocks_of, why_no_clock
from roadworthy.manifests import CHARTER, read_system_name

_FILES = (CHARTER, "facts.yaml")


class LegalClocks:
    """Of the incidents of one workspace, as one folder sees them. One thread's."""

    def __init__(self, loop: Loop, root: Path | None, holidays: tuple[str, ...] = ()) -> None:
        """`root`: a system's folder; what it says counts for incidents of that system only."""
        self._loop = loop
        self._root = root
        self._holidays = holidays
        self._known: dict[tuple[str, str], tuple[object, Law]] = {}

    def of(self, incident: Incident) -> list[Running]:
        """Those that run for it now."""
        if incident.legal is None or not incident.legal.serious:
            return []
        now = format_instant(self._loop.clock.now())
        return clocks_of(incident, self.law(incident), now)

    def why_none(self, incident: Incident) -> str:
        """Why none runs; empty where one does."""
        said = incident.legal
        law = self.law(incident) if said is not None and said.serious else Law()
        return why_no_clock(incident, law)

    def law(self, incident: Incident) -> Law:
        """Where its system stands; read again once the ledger, a file or the day is another."""
        key = (incident.system, incident.release)
        today = format_instant(self._loop.clock.now())[:10]
        seen = (today, self._loop.ledger.size(), *map(self._changed_at, _FILES))
        known = self._known.get(key)
        if known is None or known[0] != seen:
            known = self._known[key] = (seen, self._law(incident))
        return known[1]

    def _law(self, incident: Incident) -> Law:
        return law_for(
            incident.system,
            incident.release,
            self._loop,
            root=self._root if self._is_of_folder(incident) else None,
            holidays=self._holidays,
        )

    def _is_of_folder(self, incident: Incident) -> bool:
        """Whether it is the folder's system; one whose charter says no name may be any."""
        if self._root is None or not (self._root / CHARTER).is_file():
            return False
        return read_system_name(self._root) in ("", incident.system)

    def _changed_at(self, file: str) -> int:
        if self._root is None:
            return 0
        try:
            return (self._root / file).stat().st_mtime_ns
        except OSError:
            return 0
