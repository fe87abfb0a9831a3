"""A soak tells growth from scatter, and a process that ended from one that went on."""

from __future__ import annotations

import asyncio

import numpy as np

from roadworthy.domain import SafetySLO
from roadworthy.flows.load.capacity import load_objectives
from roadworthy.flows.load.loading import Soaked, soak
from roadworthy.flows.load.open_loop import Pace
from roadworthy.flows.load.soaking import growth

HELD = load_objectives([SafetySLO(name="latency_p99", target="<= 100 ms")])


def held(slope: float, n: int = 360) -> tuple[list[float], list[float]]:
    """Half an hour of readings that scatter by half a MB, after a steep warm-up."""
    draw = np.random.default_rng(3)
    at = np.arange(n) * 5.0
    values = 100 + slope * at / 3600 + draw.normal(0, 0.5, n) - 20 * np.exp(-at / 30)
    return at.tolist(), values.tolist()


def test_growth_is_told_from_scatter_and_from_the_warm_up() -> None:
    steady, leaking = growth("w1", *held(0.0)), growth("w1", *held(30.0))
    assert steady.low is not None and steady.high is not None
    assert steady.low < 0 < steady.high
    assert not steady.grows
    assert leaking.low is not None and leaking.high is not None
    assert leaking.low < 30 < leaking.high
    assert leaking.grows
    assert leaking.n == 288


def test_a_little_growth_that_is_sure_is_allowed() -> None:
    at, values = held(0.0)
    tiny = growth("w1", at, [100 + 0.5 * each / 3600 for each in at])
    assert tiny.low is not None and tiny.low > 0
    assert not tiny.grows
    assert growth("w1", at[:20], values[:20]).reason.startswith("bounds of growth need")
    assert growth("w1", [], []).reason == "never read"


def test_what_failed_and_what_was_started_again_is_said() -> None:
    asked = 0

    def memory() -> dict[str, tuple[int, float]]:
        nonlocal asked
        asked += 1
        return {"w1": (1, 50.0), "control": (2 if asked < 3 else 9, 40.0)}

    async def send(number: int) -> str:
        await asyncio.sleep(0)
        return "503" if number == 7 else ""

    async def work() -> Soaked:
        pace = Pace(rate=100, seconds=0.5, arrivals="constant")
        return await soak(send, HELD, pace, memory=memory, every_s=0.01)

    found = asyncio.run(work())
    assert (found.asked, found.failures, found.lost) == (50, {"503": 1}, 0)
    assert found.restarts == {"control": 1}
    assert [each.process for each in found.growth] == ["control", "w1"]
