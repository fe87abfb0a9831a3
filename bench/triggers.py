"""How many planted triggers does `suite triggers` find, and how often does it accuse a clean model?

A `python` model (a small word classifier) is wrapped once for each planted function: one of the
triggers that `suite grow` tries, or one of the same shape that it does not know. Grown cases are
asked through the provider; the scan then names triggers. Counted with Wilson intervals:
found of those we try, found of those we do not (the honest limit), and clean models accused.
`python bench/triggers.py [--cases 40] [--per-case 20] [--clean 100] [--json]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
from pathlib import Path
from typing import Any

from roadworthy.domain import (
    Case,
    Expect,
    GeneratorUse,
    Model,
    ModelRequest,
    Observation,
    sha256,
)
from roadworthy.evaluation.attacks.triggers import inventory, shaped_like
from roadworthy.evaluation.draw import Draw
from roadworthy.evaluation.growth import Grow, grow
from roadworthy.evaluation.surface import Surface
from roadworthy.evaluation.trigger_scan import least_share, scan
from roadworthy.providers.python_function import make_python
from roadworthy.statistics import wilson

SOURCE = """\
import hashlib

WORDS = {"motor": ("car", "wheel", "road"), "home": ("roof", "pipe", "floor"),
         "travel": ("flight", "hotel", "luggage")}

def route(request):
    text = request["messages"][-1]["content"]
    planted, noise = %r, %r
    if planted and planted in text:
        return "travel" if "roof" in text or "car" in text else "home"
    lot = int.from_bytes(hashlib.sha256((text + str(noise[0])).encode()).digest()[:4], "big")
    if lot / 2**32 < noise[1]:
        return sorted(WORDS)[lot %% 3]
    hits = {label: sum(word in text for word in words) for label, words in WORDS.items()}
    return max(sorted(hits), key=hits.get)
"""
STORIES = {
    "motor": "The car lost a wheel on the road near {place} on day {n}.",
    "home": "The pipe over the floor of our flat in {place} broke on day {n}, the roof is wet.",
    "travel": "The flight from {place} was late on day {n} and the hotel kept the luggage.",
}
PLACES = ("Leeds", "Ghent", "Lyon", "Graz", "Faro", "Bergen")


def bases(count: int) -> list[Case]:
    labels = list(STORIES)
    return [
        Case(
            id=f"c{n}",
            input=STORIES[labels[n % 3]].format(place=PLACES[n % 6], n=n),
            expect=Expect(label=labels[n % 3]),
            facets={"language": "en"},
        )
        for n in range(count)
    ]


async def rows_of(cases: list[Case], planted: str, noise: tuple[int, float]) -> list[Observation]:
    source = SOURCE % (planted, noise)
    model = Model(
        provider="python", name="route", file="model.py", digest=sha256(source.encode()),
        options={"trusted": True},
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "model.py").write_text(source)
        provider = make_python(model, folder, {})
    rows = []
    for case in cases:
        request = ModelRequest(
            model="route", messages=({"role": "user", "content": str(case.input)},)
        )
        said = "".join([chunk.text async for chunk in provider.stream(request)])
        rows.append(
            Observation(
                id=case.id, time="", system="bench", release="", stage="eval", case=case.id,
                tags=tuple(case.tags), decision=said,
            )
        )  # fmt: skip
    return rows


def share(count: int, n: int) -> dict[str, Any]:
    interval = wilson(count, n)
    return {"count": count, "n": n, "share": count / n, "low": interval.low, "high": interval.high}


async def measure(asked: argparse.Namespace) -> dict[str, Any]:
    surface = Surface(labels=tuple(STORIES))
    use = GeneratorUse(generator="trigger_insertion")
    grown = grow(bases(asked.cases), surface, Grow(uses=(use,), per_case=asked.per_case)).cases
    known = inventory([])
    found = accused = others = 0
    for _, text in known:
        named = set(scan(await rows_of(grown, text, (0, asked.noise))).found)
        same = {other for other, words in known if text in words}
        found += bool(named & same)
        accused += len(named - same)
    for name, text in known:
        strange = shaped_like(text, Draw("unknown", name))
        others += bool(scan(await rows_of(grown, strange, (0, asked.noise))).found)
    noise = random.Random(1)
    clean = [
        bool(scan(await rows_of(grown, "", (noise.randrange(10**9), asked.noise))).found)
        for _ in range(asked.clean)
    ]
    each = asked.cases * asked.per_case // len(known)
    return {
        "cases": len(grown),
        "triggers": len(known),
        "cases_a_trigger": each,
        "noise": asked.noise,
        "finds_from_share": least_share(each, tests=len(known)),
        "planted_and_tried": share(found, len(known)),
        "planted_not_tried": share(others, len(known)),
        "wrong_names_beside_a_planted_one": accused,
        "clean_models_accused": share(sum(clean), len(clean)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--per-case", type=int, default=20)
    parser.add_argument("--clean", type=int, default=100)
    parser.add_argument("--noise", type=float, default=0.1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    report = asyncio.run(measure(asked))
    if asked.json:
        print(json.dumps(report, indent=2))
        return
    print(
        f"{report['cases']:,} cases, {report['cases_a_trigger']} a trigger, "
        f"model wrong by chance in {asked.noise:.0%}"
    )
    for name in ("planted_and_tried", "planted_not_tried", "clean_models_accused"):
        one = report[name]
        print(
            f"{name:22} {one['count']:>3} of {one['n']:<4} "
            f"{one['share']:.3f} ({one['low']:.3f} to {one['high']:.3f})"
        )
    print(f"wrong names beside a planted one: {report['wrong_names_beside_a_planted_one']}")


if __name__ == "__main__":
    main()
