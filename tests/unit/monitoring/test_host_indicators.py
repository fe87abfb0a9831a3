"""What readings of the machine say: a mean over time with bounds, or the reason for none."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from msgspec import structs

from doubles.answering import an_observation
from roadworthy.domain import HostSample, Measurement, format_instant
from roadworthy.monitoring import host_indicators, measure, measure_all

START = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)


def readings(n: int = 400, **fields: object) -> list[HostSample]:
    draw = np.random.default_rng(5)
    made = []
    for at in range(n):
        seconds = float(draw.uniform(4, 6))
        made.append(
            HostSample(
                at=format_instant(START + dt.timedelta(seconds=5 * at)), seconds=seconds,
                cores=2.0, cpu_s=float(draw.uniform(0.1, 0.9)) * seconds, answers=7,
                memory_mb=float(draw.normal(200, 5)), disk_mb=50.0,
                missing={"gpu": "no GPU was found", "joules": "no counters"},
            )
        )  # fmt: skip
    return [structs.replace(each, **fields) for each in made] if fields else made


def found(samples: list[HostSample]) -> dict[str, Measurement]:
    return {each.name: each for each in host_indicators(samples)}


def test_processors_and_memory_are_weighed_by_time() -> None:
    samples = readings()
    seconds = [each.seconds for each in samples]
    cpu = found(samples)["cpu"]
    shares = [(each.cpu_s or 0.0) / each.seconds / 2 for each in samples]
    assert cpu.value == pytest.approx(np.average(shares, weights=seconds))
    memory = found(samples)["memory"]
    assert memory.value == pytest.approx(
        np.average([each.memory_mb for each in samples], weights=seconds)
    )
    for each in (cpu, memory):
        assert each.low is not None and each.high is not None and each.value is not None
        assert each.low < each.value < each.high
        assert (each.n, each.counted, each.method) == (400, "readings", "batch_means")


def test_what_was_not_read_is_a_reason_and_no_zero() -> None:
    gpu = found(readings())["gpu"]
    assert (gpu.value, gpu.reason) == (None, "no GPU was found")
    assert host_indicators([]) == []
    assert measure("memory", [an_observation()]).reason == "nobody read the machine"
    some = readings(60)
    some[:9] = [structs.replace(each, memory_mb=None) for each in some[:9]]
    assert "9 of 60 readings lack it" in found(some)["memory"].reason


def test_a_size_that_never_changes_has_no_bounds() -> None:
    disk = found(readings())["disk"]
    assert (disk.value, disk.low) == (pytest.approx(50.0), None)
    assert "alike" in disk.reason


def test_measured_energy_is_joules_over_answers() -> None:
    energy = found(readings(joules=252.0))["energy"]
    assert energy.value == pytest.approx(252.0 / 3600 / 7)
    assert "measured by the machine's counters" in energy.reason


def test_estimated_energy_is_processor_time_by_the_declared_watts() -> None:
    samples = readings(watts_per_core=12.0, grams_per_kwh=380.0)
    energy, carbon = found(samples)["energy"], found(samples)["carbon"]
    joules = np.sum([each.cpu_s for each in samples]) * 12.0
    assert energy.value == pytest.approx(joules / 3600 / (7 * 400))
    assert energy.reason == "estimated: processor time x 12 W a core"
    assert energy.low is not None
    assert carbon.value == pytest.approx((energy.value or 0.0) / 1000 * 380)


def test_measured_and_estimated_energy_are_never_mixed() -> None:
    samples = readings(watts_per_core=12.0)
    samples[7] = structs.replace(samples[7], joules=99.0)
    assert found(samples)["energy"].value == pytest.approx(
        np.sum([each.cpu_s for each in samples]) * 12.0 / 3600 / 2800
    )
    samples[9] = structs.replace(samples[9], watts_per_core=None)
    energy = found(samples)["energy"]
    assert energy.value is None
    assert "1 of 400 readings measured it, and no estimate is mixed in" in energy.reason


def test_energy_that_nobody_measured_and_nobody_declared_is_none() -> None:
    energy = found(readings())["energy"]
    assert energy.value is None
    assert energy.reason.startswith("no counters, and `[energy] watts_per_core`")
    assert found(readings(joules=1.0, answers=0))["energy"].reason.startswith("no answer ended")
    assert "does not say it" in found(readings(joules=1.0))["carbon"].reason


def test_a_run_whose_rows_carry_readings_is_measured_when_asked_and_says_nothing_unasked() -> None:
    rows = [
        an_observation(suite="s", case=f"c{at}", stage="eval", host=sample)
        for at, sample in enumerate(readings(120))
    ]
    asked = measure("memory", rows)
    assert asked.value == pytest.approx(200, rel=0.01)
    assert asked.low is not None
    assert {"memory", "cpu", "energy", "headroom"}.isdisjoint(
        item.name for item in measure_all(rows)
    )
    again = [structs.replace(rows[0], cache_hit=True), *rows[1:]]
    assert "1 of 120 answers came from the cache" in measure("memory", again).reason


def test_no_run_shows_headroom() -> None:
    said = measure("headroom", [an_observation()])
    assert said.value is None
    assert "roadworthy load" in said.reason
