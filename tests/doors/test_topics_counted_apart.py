"""More of the same inputs is no drift: topics are counted on references they were not found in."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from doubles.desk import Desk
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.detectors import ood
from roadworthy.domain import Reference
from roadworthy.statistics import Stratum, drift

WORDS = [f"word{number}" for number in range(400)]


def a_text(source: random.Random) -> str:
    """Of no topic at all: whatever parts are found in such texts are found by chance."""
    return " ".join(source.choices(WORDS, k=12))


def test_windows_of_the_same_inputs_are_seldom_told_as_drift(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    alarms = {"inputs": 0, "fitted": 0}
    for seed in range(8):
        source = random.Random(seed)
        desk = Desk(tmp_path / str(seed))
        texts = [a_text(source) for _ in range(150)]
        desk.write("past.jsonl", "".join(json.dumps({"input": text}) + "\n" for text in texts))
        past = str(desk.root / "past.jsonl")
        assert run(VERBS, ["ood", "fit", str(desk.root), "--from", past, "--words-only"]) == 0
        capsys.readouterr()
        data = (desk.root / "reference.json").read_bytes()
        reference = msgspec.json.decode(data, type=Reference)
        detector = ood.Detector(reference)
        seen = Counter(detector.look(a_text(source)).topic for _ in range(150))
        every = Counter(detector.look(text).topic for text in texts)
        for name, counts in (("inputs", reference.counts.inputs), ("fitted", every)):
            alarms[name] += drift([Stratum(counts, seen, 150)]).interval.low > 0
    assert alarms["inputs"] <= 1, alarms
    assert alarms["fitted"] >= 3, "what topics were found in would be told as drift"
