"""Sessions are what is counted: one that shows something is one, however long it goes on."""

from __future__ import annotations

import msgspec
import pytest
from scipy.stats import binomtest

from roadworthy.domain import INDICATORS, Observation, Outcome, Shift, Step
from roadworthy.monitoring import measure, measure_all, with_outcomes

COUNTS = ("extraction_patterns", "misuse_exploitation", "misuse_compromise")


def live(number: int, session: str = "", tenant: str = "acme", **fields: object) -> Observation:
    plain: dict[str, object] = {
        "id": f"o{number}",
        "time": f"2026-11-22T10:{number // 60:02}:{number % 60:02}Z",
        "system": "desk",
        "release": "sha256:r",
        "stage": "live",
        "tenant": tenant,
        "session": session,
    }
    return Observation(**(plain | fields))  # type: ignore[arg-type]


def stepped(number: int, session: str, step: Step, **fields: object) -> Observation:
    plain = {"stage": "eval", "suite": "s", "case": f"c{number}",
             "attributes": {"steps": msgspec.to_builtins([step])}}  # fmt: skip
    return live(number, session, **(plain | fields))


def attack(session: str, first: int = 0) -> list[Observation]:
    return [stepped(first + at, session, Step(at=at, takeover=0.9)) for at in range(8)]


def talk(session: str, first: int = 0) -> list[Observation]:
    return [stepped(first + at, session, Step(at=at, takeover=0.1)) for at in range(8)]


@pytest.mark.parametrize("name", COUNTS)
def test_live_sessions_are_counted_once(name: str) -> None:
    shows = f"{name.removeprefix('misuse_').removesuffix('_patterns')}:kind"
    rows = [live(at, f"s{at % 5}", misuse=(shows,) if at % 5 == 0 else ()) for at in range(30)]
    found = measure(name, rows)
    wanted = binomtest(1, 5).proportion_ci(0.95, "exact")
    assert (found.value, found.n, found.rows, found.counted) == (1.0, 5, 30, "sessions")
    assert found.low == pytest.approx(5 * wanted.low)
    assert found.high == pytest.approx(5 * wanted.high)
    assert INDICATORS[name].measured


def test_the_same_session_name_of_two_tenants_is_two() -> None:
    rows = [live(1, "s", "acme", misuse=("compromise:x",)), live(2, "s", "bolt", misuse=())]
    found = measure("misuse_compromise", rows)
    assert (found.value, found.n) == (1.0, 2)


def test_a_run_shows_what_its_steps_show() -> None:
    rows = [*attack("bad"), *talk("good", 20), *talk("fine", 40)]
    found = measure("misuse_compromise", rows)
    assert (found.value, found.n, found.rows) == (1.0, 3, 24)
    assert measure("extraction_patterns", rows).value == 0.0


def test_the_order_in_which_answers_came_says_nothing() -> None:
    rows = [*attack("bad"), *talk("good", 20)]
    assert measure("misuse_compromise", rows[::-1]) == measure("misuse_compromise", rows)


def test_a_slice_shows_what_the_whole_session_shows() -> None:
    rows = [msgspec.structs.replace(row, facets={"half": str(at % 2)})
            for at, row in enumerate(attack("bad"))]  # fmt: skip
    (found,) = [each for each in measure_all(rows) if each.name == "misuse_compromise"]
    assert {key: (part.value, part.n) for key, part in found.slices.items()} == {
        "half=0": (1.0, 1), "half=1": (1.0, 1), "tenant=acme": (1.0, 1),
    }  # fmt: skip


def test_repeats_of_a_session_are_one_session() -> None:
    rows = [msgspec.structs.replace(row, repeat=repeat)
            for repeat in range(3) for row in talk("good")]  # fmt: skip
    once = [msgspec.structs.replace(row, repeat=3) for row in attack("good")]
    found = measure("misuse_compromise", [*rows, *once])
    assert (found.value, found.n) == (1.0, 1), "it was shown once"
    assert measure("misuse_compromise", rows).value == 0.0, "repeats are no series"


def test_what_failed_and_what_nobody_looked_at_is_no_session() -> None:
    failed = [msgspec.structs.replace(row, status="error") for row in talk("gone", 30)]
    rows = [*talk("good"), *failed, live(90, "unlooked")]
    assert measure("misuse_compromise", rows).n == 1
    for name in (*COUNTS, "rephrase_rate", "satisfaction"):
        found = measure(name, [*failed, live(1)])
        assert found.value is None and found.reason
        assert name not in {each.name for each in measure_all([*failed, live(1)])}


def test_the_rate_of_rephrasing_allows_for_sessions() -> None:
    rows = [live(at, f"s{at % 4}", shift=Shift(rephrased=at % 4 == 0)) for at in range(40)]
    rows += [live(at, "new", shift=Shift(rephrased=None)) for at in range(50, 55)]
    rows.append(live(60, "unlooked"))
    found = measure("rephrase_rate", rows)
    assert (found.value, found.n, found.count, found.independent) == (0.25, 40, 10, 4)
    assert found.method == "cluster_robust"
    plain = binomtest(10, 40).proportion_ci(0.95, "exact")
    assert found.low < plain.low and found.high > plain.high
    alone = [msgspec.structs.replace(row, session=row.id) for row in rows[:40]]
    assert measure("rephrase_rate", alone).method == "clopper_pearson"


def rated(number: int, *said: tuple[str, str], tenant: str = "acme") -> Observation:
    row = live(number, tenant=tenant)
    outcomes = [
        Outcome(observation=row.id, time=f"2026-11-22T11:00:{at:02}Z", reporter=who, feedback=text)
        for at, (who, text) in enumerate(said)
    ]
    return with_outcomes(row, outcomes)


def test_satisfaction_is_the_share_of_the_top_two_boxes_one_vote_a_reporter() -> None:
    rows = [
        rated(1, ("a", "5/5")),
        rated(2, ("a", "4/5")),
        rated(3, ("a", "3/5")),
        rated(4, ("a", "down"), ("a", "up")),
        rated(5, ("a", "up"), ("b", "1/5")),
        rated(6, ("a", "0.74")),
        rated(7),
    ]
    found = measure("satisfaction", rows)
    assert found.value == pytest.approx((1 + 1 + 0 + 1 + 0.5 + 0) / 6)
    assert found.n == 6
    mean = measure("feedback_score", rows)
    assert mean.value == pytest.approx((1 + 0.75 + 0.5 + 1 + 0.5 + 0.74) / 6)


def test_satisfaction_allows_for_what_a_tenants_answers_share() -> None:
    rows = [rated(at, ("a", "up" if at % 4 else "down"), tenant=f"t{at % 4}") for at in range(40)]
    found = measure("satisfaction", rows)
    assert (found.value, found.n, found.independent) == (0.75, 40, 4)
    plain = binomtest(30, 40).proportion_ci(0.95, "exact")
    assert found.low < plain.low
    assert "satisfied" not in {each.name for each in measure_all(rows)}


def test_tenants_are_slices_and_give_way_where_they_are_too_many() -> None:
    def slices(tenants: int) -> dict[str, tuple[float | None, int]]:
        rows = [
            live(at, f"s{at}", f"t{at % tenants}", facets={"language": "en"}, misuse=(
                ("extraction:frames",) if at % tenants == 0 else ()
            ))
            for at in range(2 * tenants)
        ]  # fmt: skip
        rows.append(live(999, "last", "t0", facets={"language": "de"}, misuse=()))
        (found,) = [each for each in measure_all(rows) if each.name == "extraction_patterns"]
        return {key: (part.value, part.n) for key, part in found.slices.items()}

    assert slices(2) == {
        "language=de": (0.0, 1), "language=en": (2.0, 4), "tenant=t0": (2.0, 3),
        "tenant=t1": (0.0, 2),
    }  # fmt: skip
    assert slices(60).keys() == {"language=de", "language=en"}
