"""An objective on memory has data in a run, and no reading changes what the run says."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from msgspec import structs

from doubles.desk import SLOS, Desk, cases
from roadworthy.domain import HostSample, Verdict, format_instant, timeless
from roadworthy.evaluation import read_run
from roadworthy.flows.runs.evaluating import Asked, Evaluated, evaluate
from roadworthy.manifests import load_system

START = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)
OBJECTIVE = '- {name: memory, target: "<= 100", at: [gate]}\n'


class Machine:
    """Takes 90 MB and a little, another one each time; a second passes with every answer."""

    def __init__(self, megabytes: float = 90.0) -> None:
        self._megabytes = megabytes
        self.read = 0

    def since(self) -> float:
        return 1.0

    def sample(self, answers: int = 0) -> HostSample:
        self.read += 1
        return HostSample(
            at=format_instant(START + dt.timedelta(seconds=self.read)), seconds=1.0,
            answers=answers, memory_mb=self._megabytes + self.read * 7919 % 13 / 10,
        )  # fmt: skip


async def run(desk: Desk, machine: Machine, **asked: object) -> Evaluated:
    system = load_system(desk.root)
    deps = structs.replace(desk.deps(system), meter=lambda: machine)
    return await evaluate(system, Asked(**asked), deps)  # type: ignore[arg-type]


async def test_an_objective_on_memory_is_judged_at_the_gate(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    desk.cases(cases(200))
    desk.write("safety-slos.yaml", SLOS + OBJECTIVE)
    desk.deliberate()
    machine = Machine()
    await run(desk, machine, cache=False)
    assert machine.read == 200
    judged = {each.name: each for each in desk.gate().slos}["memory"]
    assert judged.verdict is Verdict.PASS, judged.reason
    await run(desk, Machine(130.0), cache=False, fresh=True)
    judged = {each.name: each for each in desk.gate().slos}["memory"]
    assert judged.verdict is Verdict.FAIL, judged.reason


async def test_an_estimate_of_energy_carries_a_verdict_and_says_that_it_is_one(
    tmp_path: Path,
) -> None:
    class Estimating(Machine):
        def sample(self, answers: int = 0) -> HostSample:
            found = super().sample(answers)
            return structs.replace(found, cpu_s=0.3 + self.read % 7 / 100, watts_per_core=10.0)

    desk = Desk(tmp_path / "desk")
    desk.cases(cases(200))
    desk.write("safety-slos.yaml", SLOS + '- {name: energy, target: "<= 0.01", at: [gate]}\n')
    desk.deliberate()
    await run(desk, Estimating(), cache=False)
    judged = {each.name: each for each in desk.gate().slos}["energy"]
    assert judged.verdict is Verdict.PASS
    assert "estimated: processor time x 10 W a core" in judged.reason


async def test_readings_are_in_no_digest_and_not_in_the_summary(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    desk.write("safety-slos.yaml", SLOS + OBJECTIVE)
    first = await run(desk, Machine())
    second = await run(desk, Machine(150.0), fresh=True)
    assert read_run(first.run_file, expected=first.summary.observations)[0].host is not None
    assert first.summary.observations == second.summary.observations
    assert timeless(first.summary) == timeless(second.summary)
    assert "memory" not in {each.name for each in first.summary.indicators}


async def test_nobody_reads_the_machine_where_no_objective_asks(tmp_path: Path) -> None:
    machine = Machine()
    await run(Desk(tmp_path / "desk"), machine)
    assert machine.read == 0


async def test_nobody_read_the_machine_is_no_pass(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    desk.write("safety-slos.yaml", SLOS + OBJECTIVE)
    await desk.inspect()
    judged = {each.name: each for each in desk.gate().slos}["memory"]
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "nobody read the machine" in judged.reason
