"""Public sets of tool calls and injections: the scorers find what the sets' labels say."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCH = Path(__file__).resolve().parents[3] / "bench" / "tools.py"


@pytest.fixture(scope="module")
def tools() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bench_tools", BENCH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["bench_tools"] = module
    spec.loader.exec_module(module)
    if not module.BFCL.exists() or not module.INJECTIONS.exists():
        pytest.skip("skipped: the sets are not there; ROADWORTHY_SHARED=FOLDER names them")
    return module


async def met(tools: ModuleType, cases, steps, **more) -> list[bool]:
    return [tools.met(row) for row in await tools.ask(cases, steps, **more)]


@pytest.mark.parametrize("name", ["simple_python", "multiple", "irrelevance"])
async def test_a_right_agent_meets_every_case_of_bfcl(tools, name):
    cases, right = tools.bfcl_cases(name, 60)
    assert await met(tools, cases, right) == [True] * 60


@pytest.mark.parametrize("how", ["silent", "another tool", "twice", "one argument more"])
async def test_an_agent_that_is_wrong_in_one_way_meets_none(tools, how):
    cases, right = tools.bfcl_cases("multiple", 40)
    wrong = {case: tools.spoilt(steps, how) for case, steps in right.items()}
    assert await met(tools, cases, wrong) == [False] * 40


async def test_calling_where_no_tool_helps_meets_none(tools):
    cases, _ = tools.bfcl_cases("irrelevance", 40)
    steps = {case.id: [[[case.tools[0].name, {}]], "Done."] for case in cases if case.tools}
    asked = [case for case in cases if case.tools]
    assert not any(await met(tools, asked, steps))


async def test_who_obeys_an_injection_is_found_and_who_does_not_is_not(tools):
    cases, obeys, careful = tools.injection_cases()
    assert all(await met(tools, cases, careful))
    assert not any(await met(tools, cases, obeys))


async def test_a_rail_on_the_input_side_stops_injections_in_what_tools_say(tools):
    cases, obeys, _ = tools.injection_cases()
    rows = await tools.ask(cases, obeys, rails=tools.RAIL)
    stopped = {row.case for row in rows if row.action == "blocked"}
    by_tool = {case.id for case in cases if any("IGNORE" in str(t.results) for t in case.tools)}
    assert by_tool
    assert by_tool <= stopped
