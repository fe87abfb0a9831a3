"""The SLO engine of a control process, run by hand, and answers for it to judge."""

from __future__ import annotations

from roadworthy.domain import Observation, SafetySLO, format_instant
from roadworthy.flows.objectives.watch import LiveRules, SloWatch
from roadworthy.flows.rollouts.standings import read_standings
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.wiring.clock import new_id


def slo(**fields: object) -> SafetySLO:
    given = {"name": "error_rate", "target": "<= 0.1", "window": "1h", **fields}
    return SafetySLO(**given)  # type: ignore[arg-type]


class Engine:
    """A control process's engine, started anew at will."""

    def __init__(self, loop: Loop, *slos: SafetySLO) -> None:
        self.loop, self.slos, self.said = loop, slos, []
        self.start()

    def start(self) -> None:
        self.watch = SloWatch(
            self.loop, rules=lambda *_: LiveRules(slos=self.slos), warn=self.said.append
        )

    def round(self) -> None:
        self.loop.clock.ahead_s += 30.0  # past every pause
        self.watch.round()

    def rounds(self, n: int, *, every_s: float) -> None:
        for _ in range(n):
            self.loop.clock.ahead_s += every_s - 30.0
            self.round()

    def standing(self, objective: str = "error_rate", part: str = ""):
        every = {each.key: each for each in read_standings(self.loop.workspace).objectives}
        return every["letters", objective, part]

    @property
    def mitigations(self):
        return read_table(self.loop.workspace.routing).mitigations


def answers(loop: Loop, n: int, *, bad: int = 0, **fields: object):
    live = read_table(loop.workspace.routing).routes["letters"].live
    for place in range(n):
        failed = place < bad
        given = {"stage": "live", "release": live, "tenant": "acme", **fields}
        yield Observation(
            id=new_id(), time=format_instant(loop.clock.now()), system="letters",
            status="error" if failed else "ok", action="fallback" if failed else "answered",
            **given,
        )  # fmt: skip
