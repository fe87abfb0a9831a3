"""Spans of exchanges, received and found again by a real MLflow server."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from doubles.dialects import APIS, a_door
from doubles.mlflow_server import STARTS_S, in_mlflow, mlflow_server, needs_mlflow
from roadworthy.domain import Telemetry
from roadworthy.manifests import Workspace
from roadworthy.wiring.clock import SystemClock
from roadworthy.wiring.telemetry import PATIENCE_S, Spans

pytestmark = pytest.mark.slow

FIND = """\
import json, sys
import mlflow
mlflow.set_tracking_uri(sys.argv[1])
found = mlflow.search_traces(locations=[sys.argv[2]], return_type="list")
spans = [span for trace in found for span in trace.data.spans]
print(json.dumps([{"name": s.name, "attributes": dict(s.attributes)} for s in spans], default=str))
"""


@needs_mlflow
async def test_mlflow_finds_what_the_gateway_answered(tmp_path: Path) -> None:
    chat = APIS[0]
    with mlflow_server(tmp_path) as url:
        async with a_door(tmp_path / "system") as door:
            for text in ("Where is my bill?", "xyzzy"):
                await door.ask(chat.path, {"model": "letters", **chat.body(text)})
            told = Telemetry(otlp=url, headers={"x-mlflow-experiment-id": "0"})
            workspace = Workspace(door.loop.workspace.root)
            spans = Spans(workspace, told, SystemClock(), root=str(tmp_path))
            until = time.monotonic() + STARTS_S
            while spans.round() >= PATIENCE_S:  # its first trace makes it import half of itself
                assert time.monotonic() < until, "MLflow took no spans"
            spans.close()
        found = in_mlflow(FIND, url, "0", folder=tmp_path)
    seen = json.loads(found.splitlines()[-1])
    assert sorted(one["attributes"]["roadworthy.action"] for one in seen) == ["answered", "blocked"]
    assert {one["name"] for one in seen} == {"chat small"}
    assert all(one["attributes"]["gen_ai.operation.name"] == "chat" for one in seen)
