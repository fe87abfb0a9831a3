"""The small local model as a guard on a real request line: slow and poor, and never silently."""

from __future__ import annotations

import pytest
from msgspec import UNSET

from doubles.asked_outside import Speaks, a_call, a_deep_rail, a_service, walked
from roadworthy.domain import Deployment, Inspector, Rail
from roadworthy.providers import make_inspector
from roadworthy.wiring.clock import SystemClock

SMALL = {
    "provider": "local",
    "name": "gemma-3-270m-q4_k_m",
    "digest": "sha256:a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
}


def ask(rail: Rail) -> Inspector:
    return make_inspector(rail, deployment=Deployment(), root=".", assets={}, clock=SystemClock())


@pytest.mark.model
async def test_its_probability_of_yes_is_the_score_and_the_time_is_in_the_record() -> None:
    options = {"model": SMALL, "speaks": "judge", "question": "Is the answer about cooking?"}
    rail = a_deep_rail(
        detector="model", options=options, budget_ms=120_000, threshold=0.0, action="flag"
    )
    service = a_service(Speaks("Boil the pasta in salted water."), rail, ask=ask)
    _, reply = await walked(service, a_call("How do I make pasta?"))
    await service.aclose()
    (found,) = reply.observation.rails
    assert found.outcome == "flag"
    assert found.score is not None and 0.0 < found.score < 1.0
    assert found.ms is not UNSET and found.ms > 0.0


@pytest.mark.model
async def test_a_guard_that_takes_longer_than_it_may_closes() -> None:
    options = {"model": SMALL, "speaks": "groundedness"}
    rail = a_deep_rail(detector="model", options=options, budget_ms=6)
    service = a_service(Speaks("Boil the pasta."), rail, ask=ask)
    call = a_call("How?", context={"recipe": "Boil the pasta in water. " * 40})
    _, reply = await walked(service, call)
    await service.aclose()
    assert reply.observation.action == "blocked"
    assert reply.observation.rails[0].reason == "model: over its budget of 6 ms"


@pytest.mark.model
async def test_a_model_that_is_no_guard_model_is_no_verdict() -> None:
    options = {"model": SMALL, "speaks": "llama_guard"}
    rail = a_deep_rail(detector="model", options=options, budget_ms=120_000)
    service = a_service(Speaks("Boil the pasta."), rail, ask=ask)
    _, reply = await walked(service, a_call("How do I make pasta?"))
    await service.aclose()
    assert reply.observation.action == "blocked"
    assert "nothing of the form `llama_guard`" in reply.observation.rails[0].reason
