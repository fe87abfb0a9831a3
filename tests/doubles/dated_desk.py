"""A small decision system in a workspace with people, whose clock a test moves."""

from __future__ import annotations

from pathlib import Path

from doubles.desk import Desk
from doubles.release_desk import ReleaseDesk
from roadworthy.domain import GateDecision, PersonRole
from roadworthy.flows.release_loop import gate
from roadworthy.flows.releasing.building import build_release
from roadworthy.flows.releasing.releasing import sign_release
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.people import Acting
from roadworthy.manifests import load_system

PEOPLE: dict[str, list[PersonRole]] = {
    "ana": ["engineer"],
    "ben": ["engineer"],
    "rosa": ["risk_officer"],
    "ravi": ["reviewer"],
    "otto": ["operator"],
}


class DatedDesk(Desk):
    """Files, people and a clock."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.office = ReleaseDesk(root / ".roadworthy", people=PEOPLE)
        self.clock = self.office.clock

    def loop(self) -> Loop:
        return self.office.loop

    def acting(self, name: str) -> Acting:
        """A person with the key."""
        key = next(key for key in self.loop().trust.keys if key.name == name)
        return Acting(name=name, signer=self.office.key(name), key=key)

    def gate(self) -> GateDecision:
        return gate(load_system(self.root), self.loop())

    def build(self, out: Path, by: str) -> None:
        """`roadworthy release build`."""
        build_release(load_system(self.root), self.loop(), out=out, author=self.office.key(by))

    def approve(self, out: Path, by: str = "ravi") -> None:
        """`roadworthy release sign`, which makes it a release."""
        assert sign_release(out, self.loop(), root=self.root, signer=self.office.key(by)).released
