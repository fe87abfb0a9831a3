"""What is measured of parts together is what is measured of each alone."""

from __future__ import annotations

import random

from roadworthy.domain import Observation
from roadworthy.monitoring import measure, measure_parts


def an_attack(number: int, chance: random.Random) -> Observation:
    """Attacks with repeats, copies of each other, groups and grown cases among them."""
    attributes: dict[str, object] = {}
    if number % 7 == 0:
        attributes["copy_of"] = ("s", f"c{number // 14}")
    if number % 11 == 0:
        attributes["grown_from"] = f"c{number // 22}"
    tags = ["adversarial", *(["group:g1"] if number % 13 == 0 else [])]
    return Observation(
        id=str(number), time="t", system="desk", release="r", stage="eval", suite="s",
        case=f"c{number // 2}", repeat=number % 2, tags=tuple(tags), attributes=attributes,
        scores={"label": float(chance.random() < 0.7)},
    )  # fmt: skip


def test_parts_measured_together_are_the_parts_measured_alone() -> None:
    chance = random.Random(3)
    rows = [an_attack(number, chance) for number in range(300)]
    parts = {
        "all": range(300), "none": [], "first": range(40), "one": [17],
        "scattered": sorted(chance.sample(range(300), 120)),
    }  # fmt: skip
    found = measure_parts("attack_success", rows, parts)
    assert list(found) == list(parts)
    for name, places in parts.items():
        assert found[name] == measure("attack_success", [rows[place] for place in places]), name
    assert len({found[name].value for name in ("all", "first", "scattered")}) == 3
