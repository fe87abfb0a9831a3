"""What acting and learning need of the road: past answers, their texts, their charters."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from roadworthy.detectors import make_detector
from roadworthy.domain import (
    Asked,
    Charter,
    Deployment,
    EvidenceError,
    Finding,
    NeverEvent,
    Observation,
    ReleaseContent,
    TextContext,
    UsageError,
    VerificationError,
    Witness,
)
from roadworthy.flows.brakes.road import find_event
from roadworthy.flows.incidents.learning import Question
from roadworthy.flows.late.session_signs import with_looks
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.journal import Record, Vault, find, open_master_key, told, unseal
from roadworthy.manifests import Workspace
from roadworthy.release import read_bundle


def observation_of(workspace: Workspace, observation_id: str) -> Observation:
    """A past answer, without any key. Raises UsageError when the journal has none of that id."""
    observation = _record(workspace, observation_id).observation
    assert observation is not None
    return observation


def looked_at(workspace: Workspace, seen: Observation) -> Observation:
    """A past answer with what we saw of it after it left; nobody else's word is in it."""
    return with_looks(seen, list(told(workspace.journal, seen.id)))


def _record(workspace: Workspace, observation_id: str) -> Record:
    record = find(workspace.journal, observation_id)
    if record is None or record.observation is None:
        raise UsageError(
            f"the journal has no observation {observation_id!r}",
            fix="give the id from the header x-roadworthy-observation",
        )
    return record


def vault_of(workspace: Workspace, deployment: Deployment) -> Vault:
    """What unseals a workspace's texts. Raises UsageError without its master key."""
    master = open_master_key(workspace.keys, deployment.master_key)
    return Vault(workspace.journal / "keys", master)


class Road:
    """The journal of a workspace, read back; nothing here writes."""

    def __init__(self, loop: Loop, deployment: Deployment) -> None:
        self._workspace = loop.workspace
        self._deployment = deployment
        self._redactors = [make_detector(name, {}, {}) for name in ("pii", "secrets")]
        self._contents: dict[str, ReleaseContent] = {}

    @cached_property
    def _vault(self) -> Vault:
        """Opened when a text is asked for: who reads none needs no key."""
        return vault_of(self._workspace, self._deployment)

    def observation(self, observation_id: str) -> Observation:
        """A past answer. Raises UsageError when the journal has none of that id."""
        return observation_of(self._workspace, observation_id)

    def witness(self, observation_id: str) -> Witness | None:
        """The texts of a past answer; None when there are none or their key was erased."""
        return unseal(_record(self._workspace, observation_id), self._vault)

    def charter(self, release: str) -> Charter:
        """The charter of a release that was activated here."""
        return self.content(release).charter

    def content(self, release: str) -> ReleaseContent:
        """What a release that was activated here consists of."""
        if release not in self._contents:
            folder = Path(self._workspace.releases) / release.removeprefix("sha256:")
            digest, content = read_bundle(folder)
            if digest != release:
                raise VerificationError(
                    f"{folder} holds another release, {digest}",
                    fix="put it back from a backup: roadworthy restore",
                )
            self._contents[release] = content
        return self._contents[release]

    def require_label(self, observation: Observation, label: str) -> None:
        """Raise UsageError unless the label is one that the answer could have been."""
        decision = self.content(observation.release).candidate.decision
        labels = decision.labels if decision is not None else []
        if label not in labels:
            raise UsageError(
                f"{label!r} is no label of {observation.system}",
                fix=f"it has: {', '.join(labels)}" if labels else "it has none; use --note",
            )

    def event(self, system: str, release: str, event_id: str) -> NeverEvent:
        """A never event of the release that answered, else of the one that is live now.

        Raises UsageError naming those that exist.
        """
        route = read_table(self._workspace.routing).routes.get(system)
        releases = dict.fromkeys((release, route.live if route is not None else release))
        return find_event(event_id, (self.charter(each) for each in releases))

    def question(self, observation_id: str) -> Question:
        """What a past answer was asked. Raises EvidenceError when it was erased."""
        record = _record(self._workspace, observation_id)
        witness = unseal(record, self._vault)
        if witness is None:
            raise EvidenceError(
                f"the texts of {observation_id} were erased",
                fix="write the case by hand into suites/incidents.jsonl",
            )
        seen = record.observation
        assert seen is not None
        asked = Asked(input=witness.input)
        if witness.given:
            asked = msgspec.json.decode(witness.given, type=Asked)
        if isinstance(asked.input, dict) and asked.input.get("input") == "":
            asked = msgspec.structs.replace(asked, input=self._declared(seen, asked.input))
        return Question(text=witness.input, asked=asked, facets=seen.facets)

    def _declared(self, seen: Observation, variables: dict[str, Any]) -> dict[str, Any]:
        """The variables without the `input` that the gateway adds to a prompt that has none."""
        prompt = self.content(seen.release).prompt
        declared = prompt.header.variables if prompt is not None else {}
        named = "input" in declared or not declared
        return {k: value for k, value in variables.items() if named or k != "input"}

    def sensitive(self, text: str) -> Sequence[Finding]:
        """Personal data and secrets in a text, for redaction."""
        context = TextContext(side="input", input=text)
        return [found for detector in self._redactors for found in detector.detect(text, context)]
