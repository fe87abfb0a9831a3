"""A workspace in which releases are made: real ledger and keys, a clock that a test moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from doubles.pinnable import a_system
from doubles.set_clock import SetClock
from roadworthy.domain import (
    Assessment,
    Bar,
    Draft,
    GateDecision,
    PersonRole,
    ReleaseContent,
    RunSummary,
    SafetySLO,
    System,
    Verdict,
    WaiverUse,
    digest_of,
    plain,
    sha256,
)
from roadworthy.flows.releasing.building import build_release
from roadworthy.flows.releasing.releasing import Signing, sign_release
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import add_person
from roadworthy.flows.workspace.trusting import admitted_machine
from roadworthy.ledger import (
    BlobStore,
    CarriedHeads,
    CheckpointLog,
    Ed25519Signer,
    Keyring,
    Ledger,
    SqliteEntryStore,
)
from roadworthy.manifests import Workspace, load_trust
from roadworthy.release import pin

PEOPLE: dict[str, list[PersonRole]] = {
    "ana": ["engineer"],
    "rosa": ["risk_officer"],
    "ravi": ["reviewer"],
    "otto": ["operator"],
    "aude": ["auditor"],
}


NOTE = """\
---
candidate: "{candidate}"
date: "2026-11-21"
participants: [{{name: Rosa, voice: risk}}]
decision: {decision}
---
Said and heard.
"""


class ReleaseDesk:
    """One workspace with five people, one of each role that matters here."""

    def __init__(self, root: Path, *, people: dict[str, list[PersonRole]] | None = None) -> None:
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)
        self.root = root
        self.clock = SetClock()
        self.workspace = Workspace(root)
        self.keyring = Keyring(root / "keys")
        admitted_machine(self.workspace, self.keyring, self.clock)
        for name, roles in (PEOPLE if people is None else people).items():
            add_person(self.loop, name=name, roles=roles)

    @property
    def loop(self) -> Loop:
        """The workspace as a command would open it now."""
        return Loop(
            workspace=self.workspace,
            ledger=Ledger(
                SqliteEntryStore(self.workspace.ledger, self.clock),
                signer=self.keyring.machine(),
                outside=CheckpointLog(self.workspace.checkpoints),
                carried=CarriedHeads(self.workspace.root),
            ),
            blobs=BlobStore(self.workspace.blobs),
            keyring=self.keyring,
            trust=load_trust(self.workspace.trust),
            clock=self.clock,
        )

    @property
    def trust(self) -> Any:
        """The trusted keys as they are now."""
        return load_trust(self.workspace.trust)

    def key(self, name: str) -> Ed25519Signer:
        """A person's key."""
        return self.keyring.signer(name)

    def deliberate(self, content: ReleaseContent, decision: str = "ship") -> str:
        """Write the note about this candidate beside the workspace; returns its digest."""
        note = NOTE.format(candidate=content.candidate_digest, decision=decision).encode()
        (self.root / "deliberation-note.md").write_bytes(note)
        return sha256(note)

    def judged(
        self,
        content: ReleaseContent,
        verdict: Verdict = Verdict.PASS,
        *,
        waived_by: str = "",
        waivers: tuple[WaiverUse, ...] = (),
        deliberation: str | None = None,
        bar: dict[str, Any] | None = None,
    ) -> GateDecision:
        """Enter a complete run and the gate's decision on it, as the flows before signing do."""
        loop = self.loop
        fixed = Bar(
            system=content.system,
            candidate=content.candidate_digest,
            slos=digest_of(content.slos),
            suites=(),
        )
        fixed = msgspec.structs.replace(fixed, **(bar or {}))
        bar_digest = loop.blobs.put_json(fixed)
        summary = RunSummary(
            run="run-1",
            system=content.system,
            candidate=content.candidate_digest,
            bar=bar_digest,
            status="complete",
            n=120,
        )
        assessment = Assessment(
            slo=SafetySLO(name="accuracy", target=">= 0.6"),
            name="accuracy",
            target=">= 0.6",
            estimate=0.65,
            low=0.61,
            high=0.7,
            n=120,
            verdict=Verdict.FAIL if waived_by else verdict,
            waived_by=waived_by,
        )
        decision = GateDecision(
            decision=verdict,
            system=content.system,
            candidate=content.candidate_digest,
            run="run-1",
            bar=bar_digest,
            slos=(assessment,),
            reasons=() if verdict is Verdict.PASS else ("accuracy is too low",),
            deliberation=self.deliberate(content) if deliberation is None else deliberation,
            deliberated="ship",
            waivers=waivers,
        )
        run = {"run": "run-1", "summary": loop.blobs.put_json(summary)}
        gate = {
            "decision": str(verdict),
            "run": "run-1",
            "bar": bar_digest,
            "digest": loop.blobs.put_json(decision),
        }
        for kind, payload in (("run.completed", run), ("gate.decided", gate)):
            loop.ledger.record(
                Draft(
                    system=content.system,
                    kind=kind,
                    subject=content.candidate_digest,
                    actor=loop.machine,
                    payload=plain(payload),
                )
            )
        self.clock.advance(1)
        return decision

    def built(self, out: Path, system: System | None = None, *, author: str = "ana") -> str:
        """Build a bundle; returns its digest."""
        chosen = system or a_system()
        signer = self.key(author) if author else None
        digest = build_release(chosen, self.loop, out=out, author=signer).digest
        self.clock.advance(1)
        return digest

    def signed(self, path: Path, by: str = "rosa", **more: Any) -> Signing:
        """One person's approval."""
        signing = sign_release(path, self.loop, root=self.root, signer=self.key(by), **more)
        self.clock.advance(1)
        return signing

    def released(self, out: Path, system: System | None = None) -> str:
        """A whole release, from nothing; returns its digest."""
        chosen = system or a_system()
        self.judged(pin(chosen))
        digest = self.built(out, chosen)
        self.signed(out)
        return digest
