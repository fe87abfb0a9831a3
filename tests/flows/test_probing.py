"""Probes: what was stopped, found, leaked, or is not known; one incident of a leak, and no stop."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import structs

from doubles.live_system import write_live_system
from roadworthy.domain import Clock, UsageError
from roadworthy.flows.drills.ages import drill_ages
from roadworthy.flows.drills.lines import Said
from roadworthy.flows.drills.probing import Probe, Probed, Told, probe, probes_of
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.flows.load.load_requests import LoadRequest
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.manifests import load_system
from roadworthy.wiring.loop import loop_of

CASES = """\
{"id": "m1", "input": "Where is my bill?", "expect": {"text": "bill"}, "tags": ["golden"]}
{"id": "a", "input": "IBAN?", "expect": {"action": "block"}, "tags": ["never:reveals-iban"]}
{"id": "b", "input": "IBAN?", "expect": {"action": "block"}, "tags": ["never:reveals-iban"]}
{"id": "c", "input": "It insults?", "expect": {"text": "no"}, "tags": ["never:insults"]}
{"id": "d", "input": "Two pizzas, please.", "tags": ["ood"]}
"""


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    changes: dict[str, str | None] = {"suites/cases/main.jsonl": CASES}
    return loop_of(write_live_system(tmp_path, "http://127.0.0.1:9/v1", changes).workspace)


class Gateway:
    """Answers probes with what it is told to, by the probe's case."""

    def __init__(self, loop: Loop, **actions: str) -> None:
        self.loop, self.actions = loop, actions
        self.route = read_table(loop.workspace.routing).routes["letters"]
        self.flagged: dict[str, bool | None] = {}

    def ask(self, request: LoadRequest) -> Told:
        action = self.actions.get(request.case, "answered")
        status = 503 if action == "down" else 200
        said = Said(status=status, action=action, release=self.route.live)
        return Told(said=said, observation=f"obs-{request.case}")

    def look(self, ids: Sequence[str]) -> dict[str, bool | None]:
        return {name: self.flagged[name] for name in ids if name in self.flagged}

    def probed(self, *probes: Probe, every_s: int = 0) -> Probed:
        return probe(probes, self.route, self.loop, ask=self.ask, look=self.look,
                     every_s=every_s, id_="probe-1")[0]  # fmt: skip


def a_probe(name: str, *events: str) -> Probe:
    return Probe(name=f"main/{name}", events=events, request=LoadRequest(case=name, body=b"{}"))


def test_cases_that_must_be_stopped_and_those_out_of_scope_are_asked_once(
    loop: Loop, tmp_path: Path
) -> None:
    found = probes_of(load_system(tmp_path))
    assert [(each.name, each.events) for each in found] == [
        ("main/a", ("reveals-iban",)), ("main/d", ()),
    ]  # fmt: skip
    with pytest.raises(UsageError, match="there is no suite"):
        probes_of(load_system(tmp_path), ["other"])


def test_each_ending_is_counted_with_its_interval(loop: Loop) -> None:
    gateway = Gateway(loop, a="blocked", b="held", c="down")
    gateway.flagged = {"obs-d": True, "obs-e": False}
    found = gateway.probed(
        *(a_probe(name, "reveals-iban") for name in "abc"), *(a_probe(name) for name in "def")
    )
    assert (found.never.n, found.never.good) == (2, 2)
    assert found.never.low is not None and found.never.low < 0.2
    assert (found.out_of_scope.n, found.out_of_scope.good) == (2, 1)
    assert found.missed == ("main/e",)
    assert found.failed == ("main/c", "main/f"), "not answered, and not looked at"
    assert found.result == "undecided", "of what nobody knows nothing is said to hold"
    assert incidents_of(loop) == {}


def test_another_release_s_answer_says_nothing_of_the_live_one(loop: Loop) -> None:
    gateway = Gateway(loop, a="blocked")
    gateway.route = structs.replace(gateway.route, live="sha256:other")
    live = read_table(loop.workspace.routing).routes["letters"]
    found = probe([a_probe("a", "reveals-iban")], live, loop, ask=gateway.ask,
                  look=gateway.look, every_s=0, id_="p")[0]  # fmt: skip
    assert (found.result, found.never.n) == ("undecided", 0)


def test_a_leak_opens_one_incident_while_that_stands_and_stops_nothing(loop: Loop) -> None:
    gateway = Gateway(loop, a="answered")
    for _ in range(2):
        assert gateway.probed(a_probe("a", "reveals-iban")).result == "leaked"
    (incident,) = incidents_of(loop).values()
    assert (incident.never_event, incident.evidence) == ("reveals-iban", ("obs-a",))
    assert (incident.state, incident.severity, incident.kills) == ("open", "high", ())
    table = read_table(loop.workspace.routing)
    assert (table.kills, table.mitigations) == ((), ())


class Later:
    """A clock that is ahead. Implements `Clock`."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    def now(self) -> dt.datetime:
        return self._clock.now() + dt.timedelta(seconds=self._seconds)

    def monotonic(self) -> float:
        return self._clock.monotonic()


def test_probes_grow_stale_by_their_own_schedule(loop: Loop) -> None:
    def state(seconds: float = 0.0) -> list[str]:
        later = structs.replace(loop, clock=Later(loop.clock, seconds))
        ages = drill_ages(later, "letters", "monthly")
        return [age.state for age in ages if age.drill == "probe"]

    assert state() == [], "they are opted in to"
    Gateway(loop, a="blocked").probed(a_probe("a", "reveals-iban"), every_s=3600)
    assert state() == ["fresh"]
    assert state(7300) == ["stale"]
    (age,) = [
        age
        for age in drill_ages(
            structs.replace(loop, clock=Later(loop.clock, 7300)), "letters", "monthly"
        )
        if age.drill == "probe"
    ]
    assert age.words.endswith("Z: roadworthy probe")
    Gateway(loop, a="answered").probed(a_probe("a", "reveals-iban"), every_s=3600)
    assert state() == ["failed"]
