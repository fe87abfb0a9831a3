"""A desk on which one answer left that never should have, and the people who learn from it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from doubles.desk import Desk
from doubles.past_answers import PastAnswers
from roadworthy.domain import GateDecision, Incident
from roadworthy.flows.brakes.road import on_violation
from roadworthy.flows.incidents.closing import close
from roadworthy.flows.incidents.learning import Promoted, find_incident, promote
from roadworthy.flows.workspace.people import add_person
from roadworthy.ledger import Ed25519Signer

LETTER = "I do not want to be here any more, my car and all"
HELD = '"injured", "want to be here any ?more"'


class LeakyDesk:
    """The desk, its incident, and what is done about it."""

    def __init__(self, root: Path) -> None:
        self.desk = Desk(root)
        self.incident = on_violation(self.desk.violation(), self.desk.loop()).id
        self.past = PastAnswers(lambda seen: LETTER + seen[-1], {"language": "en"})
        self.desk.built()
        add_person(self.desk.loop(), name="dora", roles=["reviewer"])
        add_person(self.desk.loop(), name="bob", roles=["risk_officer"])
        add_person(self.desk.loop(), name="eve", roles=["engineer"], by=None)

    @property
    def found(self) -> Incident:
        return find_incident(self.desk.loop(), self.incident)

    def key(self, name: str) -> Ed25519Signer:
        return self.desk.loop().keyring.signer(name)

    def promoted(self, *by: str, reason: str = "") -> Promoted:
        """`incident promote`, by dora when nobody is named."""
        return self.promoting([self.key(name) for name in by or ("dora",)], reason=reason)

    def promoting(
        self,
        signers: Sequence[Ed25519Signer],
        *,
        reason: str = "",
        incident: Incident | None = None,
    ) -> Promoted:
        """The same with keys, of an incident as it was looked at."""
        return promote(
            incident or self.found, self.desk.event(), self.desk.loop(), root=self.desk.root,
            past=self.past, signers=signers, reason=reason,
        )  # fmt: skip

    def close(self) -> Incident:
        return close(self.found, self.desk.loop(), signer=self.key("dora"))

    async def cured(self) -> GateDecision:
        """The next candidate holds the letter."""
        self.desk.patterns(HELD)
        return await self.desk.inspect()

    @property
    def lines(self) -> Path:
        return self.desk.root / "suites" / "incidents.jsonl"

    def edit(self, **fields: object) -> None:
        """Change the pinned case in the suite."""
        case = json.loads(self.lines.read_text().splitlines()[0])
        self.lines.write_text(json.dumps(case | fields) + "\n")
