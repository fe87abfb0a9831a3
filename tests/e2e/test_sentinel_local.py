"""Golden cases on the real local model: what it says again, and another model behind its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import structs

from doubles.desk import Desk
from roadworthy.domain import Provider, ReleaseContent
from roadworthy.flows.request.service import Service
from roadworthy.flows.runs.sentinel import Watched, Watching, watch
from roadworthy.manifests import load_system
from roadworthy.release import pin

LOCAL = """\
task: decision
model:
  provider: local
  name: gemma-3-270m-q4_k_m
  digest: sha256:a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818
prompt: sort.md
decision: {labels: [motor, home]}
"""
OTHER = """\
task: decision
model: {provider: rule, name: words, file: rules.yaml}
decision: {labels: [motor, home]}
"""
PROMPT = """\
---
id: sort
format: completion
variables:
  input: {type: string, description: The letter.}
---
Route the letter to one desk: motor or home.

Letter: {{ input }}

Desk:
"""


async def look(desk: Desk, behind: str = "") -> Watched:
    """One look; `behind` names the candidate whose model answers under the own one's name."""
    system = load_system(desk.root)
    deps = desk.deps(system)
    if behind:
        other = load_system(desk.root, candidate=behind)
        swapped = desk.deps(other).service
        built = deps.service

        def service(content: ReleaseContent, wrap: Callable[[Provider], Provider]) -> Service:
            found = built(content, wrap)
            found.provider = swapped(pin(other), wrap).provider
            return found

        deps = structs.replace(deps, service=service)
    return await watch(system, Watching(repeats=2, concurrency=1, within=0.3), deps)


@pytest.mark.model
@pytest.mark.slow
async def test_the_real_model_is_the_same_and_another_behind_its_name_is_found(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path / "desk")
    desk.write("candidate.yaml", LOCAL)
    desk.write("other.yaml", OTHER)
    desk.write("sort.md", PROMPT)
    desk.cases(
        [{"id": f"c{at}", "input": f"Letter {at}: {text}", "expect": {"label": "motor"},
          "tags": ["golden"]}
         for at, text in enumerate(["my car has a flat tyre", "the roof leaks"] * 6)]
    )  # fmt: skip
    first = await look(desk)
    assert (first.verdict, first.asked, first.wavered) == ("recorded", 12, 0)
    again = await look(desk)
    assert (again.verdict, again.differ) == ("same", 0)
    found = await look(desk, "other.yaml")
    assert found.verdict == "changed"
    assert found.differ >= 6
