"""A hosted model that changed beneath what is live is an incident, one for each baseline."""

from __future__ import annotations

import json
from pathlib import Path

from doubles.desk import Desk
from doubles.fake_upstream import FakeUpstream
from doubles.live_system import write_live_system
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.flows.runs.sentinel import Watched, Watching, watch
from roadworthy.flows.workspace.routing import read_table
from roadworthy.manifests import load_system
from roadworthy.wiring.loop import loop_of


async def look(root: Path) -> Watched:
    desk = object.__new__(Desk)
    desk.root = root
    return await watch(load_system(root), Watching(), desk.deps())


async def test_a_model_that_changed_beneath_a_live_release_opens_one_incident(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer="hello") as upstream:
        loop = loop_of(write_live_system(tmp_path, upstream.url).workspace)
        lines = [
            json.dumps({"id": f"c{at}", "input": f"Where is bill {at}?", "tags": ["golden"],
                        "expect": {"text": "x"}})
            for at in range(40)
        ]  # fmt: skip
        (tmp_path / "suites" / "cases" / "main.jsonl").write_text("\n".join(lines) + "\n")
        assert (await look(tmp_path)).verdict == "recorded"
        assert (await look(tmp_path)).verdict == "same" and not incidents_of(loop)
        upstream.answer = "something else"
        changed = await look(tmp_path)
        assert changed.verdict == "changed"
        (found,) = incidents_of(loop, "letters").values()
        live = read_table(loop.workspace.routing).routes["letters"].live
        assert (found.sentinel, found.release) == (str(changed.baseline), live)
        assert (found.severity, found.state) == ("medium", "open") and not found.disqualifies
        await look(tmp_path)
        assert len(incidents_of(loop, "letters")) == 1, "each look sees it, and it is one cause"


async def test_a_model_that_nothing_live_asks_opens_none(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hello") as upstream:
        loop = loop_of(write_live_system(tmp_path, upstream.url).workspace)
        candidate = tmp_path / "candidate.yaml"
        candidate.write_text(candidate.read_text().replace("name: small", "name: large"))
        lines = [
            json.dumps({"id": f"c{at}", "input": f"Where is bill {at}?", "tags": ["golden"],
                        "expect": {"text": "x"}})
            for at in range(40)
        ]  # fmt: skip
        (tmp_path / "suites" / "cases" / "main.jsonl").write_text("\n".join(lines) + "\n")
        await look(tmp_path)
        upstream.answer = "something else"
        assert (await look(tmp_path)).verdict == "changed"
        assert not incidents_of(loop)
