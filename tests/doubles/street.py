"""A desk with people whose releases go live, one of which lets an answer out: no gateway."""

from __future__ import annotations

from pathlib import Path

from msgspec import structs

from doubles.dated_desk import DatedDesk
from doubles.desk import RULES
from doubles.leaky_desk import HELD, LETTER
from doubles.past_answers import PastAnswers
from roadworthy.domain import Incident, KillFlag
from roadworthy.flows.brakes.road import on_violation
from roadworthy.flows.brakes.stopping import lift
from roadworthy.flows.incidents.learning import find_incident, promote
from roadworthy.flows.releasing.releasing import (
    Activation,
    Signing,
    activate_release,
    sign_release,
)
from roadworthy.flows.workspace.people import add_person
from roadworthy.release import read_bundle


class Street:
    """Releases by name; `old` and `other` leak the letter, `cured` holds it."""

    def __init__(self, root: Path) -> None:
        self.desk = DatedDesk(root)
        add_person(self.desk.loop(), name="bob", roles=["risk_officer"])

    async def built(self, name: str) -> Path:
        """Judged with PASS and built, by ana."""
        self.files(name)
        decision = await self.desk.inspect()
        assert decision.decision.opens, decision.reasons
        out = self.desk.root.parent / f"{name}.tar"
        self.desk.build(out, "ana")
        return out

    def files(self, name: str) -> None:
        """Put the candidate's files into the folder."""
        self.desk.write("rules.yaml", RULES.replace("car: 3", f"car: {3 + len(name)}"))
        self.desk.patterns(HELD if name == "cured" else '"injured"')

    def sign(self, out: Path) -> Signing:
        return sign_release(
            out, self.desk.loop(), root=self.desk.root, signer=self.desk.office.key("rosa")
        )

    def activate(self, out: Path) -> Activation:
        return activate_release(
            out, self.desk.loop(), root=self.desk.root, signer=self.desk.office.key("otto")
        )

    async def live(self, name: str) -> Path:
        """All the way."""
        out = await self.built(name)
        assert self.sign(out).released
        self.activate(out)
        return out

    def leaks(self, out: Path, observation: str = "0190-obs-000000000001") -> Incident:
        """The letter is answered by that release; its scope is stopped."""
        violation = self.desk.violation(observation)
        seen = structs.replace(violation.observation, release=read_bundle(out)[0])
        return on_violation(structs.replace(violation, observation=seen), self.desk.loop())

    def promote(self, incident: Incident) -> None:
        loop = self.desk.loop()
        found = find_incident(loop, incident.id)
        past = PastAnswers(LETTER, {"language": "en"})
        promote(found, self.desk.event(), loop, root=self.desk.root, past=past,
                signers=[self.desk.office.key("ravi")])  # fmt: skip

    def resume(self, which: str) -> list[KillFlag]:
        people = [self.desk.acting("otto"), self.desk.acting("bob")]
        return lift([which], self.desk.loop(), people=people, reason="mended")
