"""Trains the rails of the model tier: `python -m training.rails NAME --data DIR`.

Measures first (leaving whole families out), fits on everything that may be trained on, then writes
the weights, their pinned digests and the table of the model card. The same data, code and seed
give the same files. Without the data it says so and changes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from roadworthy.detectors.meanings import Lexicon
from roadworthy.detectors.pins import PINS
from roadworthy.domain import sha256

from .fit import look
from .measure import calibration, leave_families_out, markdown, operating_points, table
from .tasks import TASKS, Task

SEED = 20261122
_DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
WEIGHTS = Path(__file__).resolve().parents[2] / "src" / "roadworthy" / "detectors" / "weights"
_PINS = WEIGHTS.parent / "pins.py"
_BEGIN, _END = "<!-- measured: {} -->\n", "<!-- end -->\n"


def main() -> int:
    """Train the named model, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(TASKS), metavar="NAME")
    parser.add_argument("--data", type=Path, default=_DATA)
    asked = parser.parse_args()
    if not (asked.data / "_unified" / "guardrail.jsonl.gz").is_file():
        print("no data: give --data DIR, the folder with the public sets; nothing was changed")
        return 1
    for name in asked.names:
        train(TASKS[name], asked.data)
    return 0


def train(task: Task, data: Path) -> None:
    """Measure, fit and write one model."""
    meanings = task.lexicon(data)
    seen = look(task.rows(data, SEED), Lexicon(meanings))
    print(f"{task.name}: {len(seen)} texts")
    scored = leave_families_out(seen, task.fitted)
    measured = markdown(table(scored)) + "\n" + operating_points(scored)
    print(measured)
    fitted = task.fitted([one for one in seen if one.row.train])
    logits, shares = calibration(scored)
    model = {
        "name": task.name,
        "version": task.version,
        "lexicon": meanings,
        "bias": round(fitted.bias * 1000),
        "weights": {name: w for name in sorted(fitted.weights) if (w := _whole(fitted, name))},
        "logits": logits,
        "shares": shares,
    }
    _write(f"{task.name}.json", json.dumps(model, ensure_ascii=False, separators=(",", ":")))
    _tell(task.name, measured)


def _whole(fitted: Any, name: str) -> int:
    return round(fitted.weights[name] * 1000)


def _write(file: str, text: str) -> None:
    """Write a file of weights and pin its digest."""
    data = text.encode("utf-8")
    (WEIGHTS / file).write_bytes(data)
    PINS[file] = sha256(data)
    rows = "".join(f'    "{name}": "{digest}",\n' for name, digest in sorted(PINS.items()))
    head = _PINS.read_text(encoding="utf-8").partition("PINS")[0]
    _PINS.write_text(head + "PINS: dict[str, str] = {\n" + rows + "}\n", encoding="utf-8")
    print(f"{file}: {len(data) / 1024:.0f} KiB, {PINS[file]}", file=sys.stderr)


def _tell(name: str, measured: str) -> None:
    """Put the table into the model card."""
    card = WEIGHTS / f"{name}.md"
    text = card.read_text(encoding="utf-8") if card.is_file() else _BEGIN.format(name) + _END
    before, begin, rest = text.partition(_BEGIN.format(name))
    card.write_text(before + begin + measured + _END + rest.partition(_END)[2], encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
