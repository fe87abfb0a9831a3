"""A suite of numbers, asked through the path: the run's summary tells how far they go together."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from doubles.desk import Desk
from roadworthy.domain import sha256
from roadworthy.flows.runs.borrowing import BorrowAsked, borrow_suite
from roadworthy.flows.runs.evaluating import Asked
from roadworthy.manifests import load_system

RATER = """\
def rate(request):
    asked = request["messages"][-1]["content"]
    number = int(asked.split("sentence1: one ")[1].split()[0])
    return {0: "5", 1: "no idea"}.get(number, f"I say {(number % 6) ** 2 / 5}.")
"""

CANDIDATE = """\
task: chat
model: {{provider: python, name: rate, file: rate.py, digest: "{digest}",
        options: {{trusted: true}}}}
"""


async def test_the_summary_of_a_run_has_both_correlations(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "desk")
    desk.write("rate.py", RATER)
    desk.write("candidate.yaml", CANDIDATE.format(digest=sha256(RATER.encode())))
    rows = [{"sentence1": f"one {n}", "sentence2": f"two {n}", "label": n % 6} for n in range(60)]
    source = tmp_path / "dev.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    borrow_suite(
        load_system(desk.root),
        BorrowAsked(kind="glue-stsb", source=str(source), out="stsb", licence="unknown"),
    )
    done = await desk.evaluate(Asked(suites=("stsb",)))
    found = {each.name: each for each in done.summary.indicators}
    assert done.faults == {}
    assert found["mae"].n == 60
    for name in ("pearson", "spearman"):
        assert 0.6 < found[name].value < 1
        assert found[name].low < found[name].value < found[name].high
        assert found[name].n == 60
    assert found["pearson"].value != pytest.approx(found["spearman"].value, abs=1e-3)
