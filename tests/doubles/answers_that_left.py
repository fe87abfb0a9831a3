"""Answers that left, in a journal, and the control process that reads it: no gateway."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

from msgspec import convert, structs

from roadworthy.domain import (
    OVER,
    Assessment,
    Bar,
    Deployment,
    Draft,
    GateDecision,
    Incident,
    JournalSettings,
    KillFlag,
    Observation,
    Outcome,
    PinnedCase,
    SafetySLO,
    Stage,
    SuitePin,
    Verdict,
    Witness,
    format_instant,
    plain,
    sha256,
)
from roadworthy.flows.brakes.road import Violation
from roadworthy.flows.brakes.stopping import lift
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import Acting
from roadworthy.flows.workspace.routing import brake, read_table
from roadworthy.journal import Spool, Vault, open_master_key
from roadworthy.serving import flags_for
from roadworthy.wiring.clock import new_id
from roadworthy.wiring.control import Control
from roadworthy.wiring.plan import Plan
from roadworthy.wiring.road import Road

CHARTER = """\
system: letters
title: Letter desk
owners: {product: Ada}
human_goal: Every letter is answered.
never:
- id: rude
  statement: It is rude.
  scope: slice
  rule: {pattern: {patterns: ["go away"]}}
- id: promises-money
  statement: It promises money.
  scope: tenant
  rule: {pattern: {patterns: ["you will get [0-9]+ euro"]}}
  inline: false
- id: insults
  statement: It insults somebody.
  rule: {pattern: {patterns: ["you fool"]}}
use: {intended_purpose: Answer letters., allowed: {jurisdictions: [DE, FR]}}
endpoints: [{id: answer, fallback: A person will read your letter.}]
review: {approvals: {release: 1, resume: 2}}
"""
"""Three never events with three scopes; the second has a late rule."""


class Answers:
    """What left the live system of a loop, what was said of it, and who acts on that."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        folder = loop.workspace.journal / "keys"
        self.vault = Vault(folder, open_master_key(loop.workspace.keys))

    async def leave(
        self,
        output: str = "fine",
        *,
        tenant: str = "acme",
        facets: dict[str, str] | None = None,
        end_user: str = "",
        days_ago: int = 0,
        stage: Stage = "live",
        asked: str = "dear desk",
        session: str = "",
        seconds_ago: float = 0.0,
        called: str = "",
    ) -> Observation:
        """An answer that left."""
        ago = dt.timedelta(days=days_ago, seconds=seconds_ago)
        seen = Observation(
            id=new_id(),
            time=format_instant(self.loop.clock.now() - ago),
            system="letters",
            release=read_table(self.loop.workspace.routing).routes["letters"].live,
            stage=stage,
            tenant=tenant,
            end_user=self.vault.pseudonym(tenant, end_user),
            session=self.vault.session(tenant, session),
            facets={"jurisdiction": "DE", "supplier": "S-9"} if facets is None else facets,
            output_digest=sha256(output.encode()),
        )
        spool = self._spool()
        await spool.close(seen, Witness(input=asked, output=output, called=called))
        await spool.aclose()
        return seen

    async def learn(
        self, said: Outcome, *, kind: Literal["outcome", "report"] = "outcome"
    ) -> Outcome:
        """What a worker keeps of a report."""
        spool = self._spool()
        await spool.learn(said, kind=kind)
        await spool.aclose()
        return said

    def says(
        self,
        seen: Observation,
        event: str = "",
        *,
        reporter: str = "tenant:reviewers",
        label: str = "",
        note: str = "",
    ) -> Outcome:
        """A report made now."""
        return Outcome(
            observation=seen.id,
            time=self.now(),
            reporter=reporter,
            never_event=event,
            label=label,
            note=note,
        )

    def violation(self, seen: Observation, said: Outcome) -> Violation:
        """The violation that a report claims."""
        event = Road(self.loop, Deployment()).event("letters", seen.release, said.never_event)
        return Violation(outcome=said, observation=seen, event=event)

    def worker_stops(self, violation: Violation) -> tuple[KillFlag, ...]:
        """What a worker does at once: the table, nothing else."""
        said = violation.outcome
        flags = flags_for(violation.event, violation.observation, said, at=self.now())
        return brake(self.loop.workspace, flags, self.loop.clock)[1]

    def control(self) -> Control:
        """A control process that was started now, its marks lost."""
        root = self.loop.workspace.root
        return Control(Plan(workspace=str(root), roots={"": str(root.parent)}))

    def learned(self) -> None:
        """What promotions and a gate that met their cases leave in the ledger, of what is live."""
        incidents = [each for each in incidents_of(self.loop).values() if each.state not in OVER]
        pins = {each.id: self._pins(each) for each in incidents}
        entry = self.loop.ledger.newest(kind="release.activated", system="letters")
        assert entry is not None
        candidate = str(entry.payload["candidate"])
        cases = {pin.id: pin.digest for each in pins.values() for pin in each}
        suite = SuitePin(name="incidents", digest=sha256(b"incidents"), cases=cases)
        bar = Bar(system="letters", candidate=candidate, slos="", suites=(suite,))
        digest = self.loop.blobs.put_json(bar)
        met = Assessment(
            slo=SafetySLO(name="incident_cases", target="== 1"), name="incident_cases",
            target="== 1", estimate=1.0, low=None, high=None, n=len(cases), verdict=Verdict.PASS,
        )  # fmt: skip
        judged = self.loop.ledger.newest(kind="gate.decided", subject=candidate)
        assert judged is not None
        said_before = self.loop.blobs.get_json(str(judged.payload["digest"]))
        before = convert(said_before, GateDecision, strict=False)
        decision = structs.replace(before, run="run-2", bar=digest, slos=(met,))
        said = {
            "decision": "PASS", "run": "run-2", "bar": digest,
            "digest": self.loop.blobs.put_json(decision),
        }  # fmt: skip
        for each in incidents:
            payload = {"cases": [pin.id for pin in pins[each.id]], "pins": pins[each.id]}
            self._enter("incident.promoted", each.id, payload)
        self._enter("gate.decided", candidate, said)

    def _pins(self, incident: Incident) -> list[PinnedCase]:
        return [
            PinnedCase(
                id=f"{incident.id}-{number}", suite="incidents", observation=observation,
                action="block", digest=sha256(observation.encode()), parts={},
            )
            for number, observation in enumerate(incident.observations, start=1)
        ]  # fmt: skip

    def _enter(self, kind: str, subject: str, payload: Mapping[str, object]) -> None:
        self.loop.ledger.record(
            Draft(
                system="letters", kind=kind, subject=subject, actor=self.loop.machine,
                payload=plain(payload),
            )
        )  # fmt: skip

    def lift(self, *which: str) -> list[KillFlag]:
        """Two people lift, the live release having learned."""
        self.learned()
        people = [self.acting("bob"), self.acting("cleo")]
        return lift(which, self.loop, people=people, reason="mended")

    def acting(self, name: str) -> Acting:
        """A person with a key here."""
        from roadworthy.cli.acting import find_acting

        found = find_acting(self.loop.workspace, name)
        assert found is not None
        return found

    def kills(self) -> tuple[KillFlag, ...]:
        """What stands."""
        return read_table(self.loop.workspace.routing).kills

    def entered(self, kind: str = "kill.set") -> list[str]:
        """Whom the entries of a kind are about."""
        return [entry.subject for entry in self.loop.ledger.entries(kind=kind)]

    def now(self) -> str:
        """An instant."""
        return format_instant(self.loop.clock.now())

    def _spool(self) -> Spool:
        spool = Spool(
            self.loop.workspace.journal,
            worker="w1",
            vault=self.vault,
            clock=self.loop.clock,
            settings=JournalSettings(),
            min_free_bytes=0,
        )
        spool.start()
        return spool
