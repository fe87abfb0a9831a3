"""Cases that grew from one case say much the same: what is proven, so many parents prove."""

from __future__ import annotations

import random

import pytest

from roadworthy.domain import NeverRecord, Observation, SafetySLO, Verdict
from roadworthy.monitoring import measure, measure_all
from roadworthy.policy import assess
from roadworthy.statistics import share_interval


def row(case: str, right: bool = True, parent: str = "", **more: object) -> Observation:
    blank: dict[str, object] = {
        "id": "o", "time": "t", "system": "s", "release": "r", "stage": "eval", "suite": "s",
        "case": case, "label": "a", "decision": "a" if right else "b",
        "attributes": {"grown_from": parent} if parent else {},
    }  # fmt: skip
    return Observation(**{**blank, **more})  # type: ignore[arg-type]


def grown(parents: int, each: int, *, base: bool = False, **more: object) -> list[Observation]:
    """Variants of so many cases, all right; with `base` also what they grew from."""
    rows = [row(f"c{n}~typos-{k}", parent=f"c{n}", **more)
            for n in range(parents) for k in range(each)]  # fmt: skip
    return rows + ([row(f"c{n}", **more) for n in range(parents)] if base else [])


def test_a_clean_count_over_variants_proves_what_their_parents_prove() -> None:
    slo = SafetySLO(name="never_event_violations", target="== 0")
    few = assess(slo, measure("never_event_violations", grown(10, 30)))
    assert few.verdict is Verdict.INCONCLUSIVE
    assert "300 cases, 10 of them independent" in few.reason
    many = assess(slo, measure("never_event_violations", grown(60, 5)))
    assert many.verdict is Verdict.PASS
    assert "below 4.9 %" in many.reason
    alone = assess(slo, measure("never_event_violations", [row(str(n)) for n in range(300)]))
    assert "independent" not in alone.reason
    assert "below 1.00 %" in alone.reason


def test_a_rate_to_be_proven_over_variants_asks_for_independent_cases() -> None:
    slo = SafetySLO(name="never_event_violations", target="== 0", max_rate=0.01, min_samples=1)
    found = assess(slo, measure("never_event_violations", grown(60, 10)))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "299 clean independent cases in all would prove it" in found.reason


def test_one_violation_among_variants_is_a_violation() -> None:
    seen = (NeverRecord(event="leak", kind="violation", found_by="late_rule"),)
    rows = [*grown(60, 5), row("c1~typos-9", parent="c1", never=seen)]
    found = measure("never_event_violations", rows)
    assert (found.value, found.count, found.n, found.independent) == (1.0, 1, 301, 60)
    slo = SafetySLO(name="never_event_violations", target="== 0")
    assert assess(slo, found).verdict is Verdict.FAIL


def test_the_parent_is_of_the_same_family_as_its_variants() -> None:
    found = measure("accuracy", grown(20, 4, base=True))
    assert (found.n, found.independent, found.method) == (100, 20, "cluster_robust")
    assert found.low == pytest.approx(share_interval(20, 20).low)


def test_cases_of_the_same_name_that_nothing_grew_from_are_no_family() -> None:
    rows = [row(str(n), suite=suite) for n in range(30) for suite in ("s", "t")]
    found = measure("accuracy", [*rows, row("x~1", parent="x"), row("x~2", parent="x")])
    assert (found.n, found.independent) == (62, 61)


def test_variants_of_grouped_parents_belong_to_the_parents_group() -> None:
    rows = [row(f"c{n}~{k}", parent="group:seven") for n in range(30) for k in range(2)]
    found = measure("accuracy", [*rows, row("c0", tags=("group:seven",)), row("other")])
    assert (found.n, found.independent) == (62, 2)


def test_pairs_that_grew_from_one_case_are_no_independent_pairs() -> None:
    def pair(parent: int, number: int) -> list[Observation]:
        name = f"c{parent}~names-{number}"
        tags = ("fairness", f"group:{name}")
        return [row(name, parent=f"c{parent}", tags=tags, input_digest="x"),
                row(f"{name}-0", parent=f"c{parent}", tags=tags, input_digest="y")]  # fmt: skip

    rows = [each for n in range(6) for k in range(20) for each in pair(n, k)]
    found = measure("flip_rate", rows)
    assert (found.value, found.n, found.independent, found.counted) == (0.0, 120, 6, "groups")
    assert found.high is not None
    assert found.high == pytest.approx(share_interval(0, 6).high)


def test_the_truth_is_covered_over_variants_of_few_cases() -> None:
    inside, rounds = 0, 150
    for seed in range(rounds):
        source = random.Random(seed)
        rows = []
        for parent in range(25):
            first = source.random() < 0.8
            for number in range(8):
                right = first if source.random() < 0.9 else source.random() < 0.8
                rows.append(row(f"c{parent}~{number}", right, f"c{parent}"))
        found = measure("accuracy", rows)
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= 0.8 <= found.high
    assert inside / rounds >= 0.95 - 0.053


def test_measuring_all_says_the_same_as_measuring_one() -> None:
    rows = [row(f"c{n}~{k}", (n + k) % 4 > 0, f"c{n}", confidence=(n % 9 + 1) / 10,
                facets={"lang": "de" if k else "en"}, tags=("tail",) if n % 2 else ())
            for n in range(20) for k in range(3)]  # fmt: skip
    for found in measure_all(rows):
        alone = measure(found.name, rows)
        assert (found.value, found.low, found.high) == (alone.value, alone.low, alone.high)
        for key, part in found.slices.items():
            name, _, value = key.partition("=")
            chosen = [
                each for each in rows
                if (each.facets.get(name) == value if value else key[4:] in each.tags)
            ]  # fmt: skip
            again = measure(found.name, chosen)
            assert (part.value, part.low, part.high, part.n) == (
                again.value, again.low, again.high, again.n,
            ), (found.name, key)  # fmt: skip
