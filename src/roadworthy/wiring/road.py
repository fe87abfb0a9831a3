"""What acting and learning need of the road: past answers, their texts, their charters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from roadworthy.detectors import make_detector
from roadworthy.domain import (
    Charter,
    Deployment,
    EvidenceError,
    Finding,
    Observation,
    TextContext,
    UsageError,
)
from roadworthy.flows.loop import Loop
from roadworthy.journal import Record, Vault, find, open_master_key, unseal
from roadworthy.release import read_bundle


class Road:
    """The journal of a workspace, read back; nothing here writes."""

    def __init__(self, loop: Loop, deployment: Deployment) -> None:
        self._workspace = loop.workspace
        master = open_master_key(self._workspace.keys, deployment.master_key)
        self._vault = Vault(self._workspace.journal / "keys", master)
        self._redactors = [make_detector(name, {}, {}) for name in ("pii", "secrets")]
        self._charters: dict[str, Charter] = {}

    def observation(self, observation_id: str) -> Observation:
        """A past answer. Raises UsageError when the journal has none of that id."""
        observation = self._record(observation_id).observation
        assert observation is not None
        return observation

    def charter(self, release: str) -> Charter:
        """The charter of a release that was activated here."""
        if release not in self._charters:
            folder = Path(self._workspace.releases) / release.removeprefix("sha256:")
            _, content = read_bundle(folder)
            self._charters[release] = content.charter
        return self._charters[release]

    def texts(self, observation_id: str) -> tuple[str, dict[str, str]]:
        """The input of a past answer and its facets. Raises EvidenceError when it was erased."""
        record = self._record(observation_id)
        witness = unseal(record, self._vault)
        if witness is None:
            raise EvidenceError(
                f"the texts of {observation_id} were erased",
                fix="write the case by hand into suites/incidents.jsonl",
            )
        assert record.observation is not None
        return witness.input, record.observation.facets

    def sensitive(self, text: str) -> Sequence[Finding]:
        """Personal data and secrets in a text, for redaction."""
        context = TextContext(side="input", input=text)
        return [found for detector in self._redactors for found in detector.detect(text, context)]

    def _record(self, observation_id: str) -> Record:
        record = find(self._workspace.journal, observation_id)
        if record is None or record.observation is None:
            raise UsageError(
                f"the journal has no observation {observation_id!r}",
                fix="give the id from the header x-roadworthy-observation",
            )
        return record
