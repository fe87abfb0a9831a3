"""Asking the journal: each answer once, with what was learned of it, in little memory."""

from __future__ import annotations

import asyncio
import tracemalloc
from pathlib import Path

import pytest

from doubles.set_clock import SetClock
from roadworthy.domain import (
    JournalSettings,
    Observation,
    Outcome,
    VerificationError,
    Witness,
)
from roadworthy.journal import Spool, Vault, Wanted, open_master_key, query, segments

DAY = "2026-11-21"


def an_id(number: int) -> str:
    return f"0199a4c1-0000-7000-8000-{number:012x}"


def an_observation(number: int, **changes: object) -> Observation:
    values: dict[str, object] = {
        "id": an_id(number),
        "time": f"{DAY}T20:00:{number % 60:02}.000000Z",
        "system": "desk",
        "release": "sha256:aa",
        "stage": "live",
        "tenant": "acme",
        "facets": {"supplier": f"S-{number % 2}"},
    }
    return Observation(**(values | changes))  # type: ignore[arg-type]


def a_spool(root: Path, worker: str = "w1", *, segment_mb: int = 64) -> Spool:
    spool = Spool(
        root / "journal",
        worker=worker,
        vault=Vault(root / "journal" / "keys", open_master_key(root / "keys")),
        clock=SetClock(),
        settings=JournalSettings(segment_mb=segment_mb),
        min_free_bytes=0,
    )
    spool.start()
    return spool


TEXTS = Witness(input="hello Ann", output="yes")


async def some(root: Path) -> Path:
    """Four answers: one of another tenant, one blocked, one under way."""
    spool = a_spool(root)
    await spool.close(an_observation(1), TEXTS)
    await spool.close(an_observation(2, tenant="other", system="mail"), TEXTS)
    await spool.close(an_observation(3, action="blocked", release="sha256:bb"), TEXTS)
    await spool.open(an_observation(4, status="interrupted"), TEXTS)
    await spool.learn(Outcome(observation=an_id(3), time="", reporter="tenant:acme", label="fine"))
    await spool.learn(
        Outcome(observation=an_id(3), time="", reporter="tenant:acme", never_event="rude"),
        kind="report",
    )
    return root / "journal"


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        (Wanted(), [1, 2, 3, 4]),
        (Wanted(system="mail"), [2]),
        (Wanted(tenant="acme"), [1, 3, 4]),
        (Wanted(release="sha256:b"), [3]),
        (Wanted(release="b"), [3]),
        (Wanted(action="answered"), [1, 2]),
        (Wanted(action="blocked"), [3]),
        (Wanted(since=f"{DAY}T20:00:02.000000Z"), [2, 3, 4]),
        (Wanted(until=f"{DAY}T20:00:02.000000Z"), [1]),
        (Wanted(facets={"supplier": "S-1"}), [1, 3]),
        (Wanted(facets={"supplier": "S-1", "age": ""}), []),
        (Wanted(observation=an_id(3)), [3]),
        (Wanted(observation=an_id(3), tenant="other"), []),
        (Wanted(observation=an_id(4), action="answered"), []),
        (Wanted(observation="nothing"), []),
    ],
)
async def test_what_is_wanted_is_found(tmp_path: Path, wanted: Wanted, numbers: list[int]) -> None:
    folder = await some(tmp_path)
    assert [row.seen.id for row in query(folder, wanted)] == [an_id(each) for each in numbers]


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(observation=an_id(3))])
async def test_what_was_learned_later_is_joined_by_id(tmp_path: Path, wanted: Wanted) -> None:
    folder = await some(tmp_path)
    learned = {row.seen.id: row.learned for row in query(folder, wanted)}
    assert [said.kind for said in learned[an_id(3)]] == ["outcome", "report"]
    assert [said.outcome.label for said in learned[an_id(3)] if said.outcome] == ["fine", ""]
    assert not any(said for name, said in learned.items() if name != an_id(3))


async def test_an_answer_under_way_is_told_once_and_as_such(tmp_path: Path) -> None:
    folder = await some(tmp_path)
    assert [row.closed for row in query(folder, Wanted())] == [True, True, True, False]


async def test_an_answer_carried_over_rolled_segments_is_told_once(tmp_path: Path) -> None:
    spool = a_spool(tmp_path, segment_mb=0)
    await spool.open(an_observation(1), TEXTS)
    await spool.close(an_observation(2), TEXTS)
    await spool.learn(Outcome(observation=an_id(1), time="", reporter="tenant:acme", label="x"))
    await spool.close(an_observation(1), TEXTS)
    await spool.aclose()
    assert len(segments(tmp_path / "journal")) >= 3
    rows = list(query(tmp_path / "journal", Wanted()))
    assert [(row.seen.id, row.closed) for row in rows] == [(an_id(2), True), (an_id(1), True)]
    assert len(rows[1].learned) == 1


async def test_outcomes_of_other_workers_are_joined(tmp_path: Path) -> None:
    first, second = a_spool(tmp_path, "w1"), a_spool(tmp_path, "w2")
    await second.close(an_observation(1), TEXTS)
    await first.learn(Outcome(observation=an_id(1), time="", reporter="tenant:acme", label="x"))
    (row,) = query(tmp_path / "journal", Wanted())
    assert [said.outcome.label for said in row.learned if said.outcome] == ["x"]


async def test_a_changed_record_ends_the_answer_loudly(tmp_path: Path) -> None:
    folder = await some(tmp_path)
    (path,) = segments(folder)
    data = bytearray(path.read_bytes())
    at = data.index(an_id(2).encode())
    data[at] ^= 1
    path.write_bytes(data)
    rows = query(folder, Wanted())
    with pytest.raises(VerificationError, match="checksum"):
        list(rows)


async def test_memory_does_not_grow_with_the_journal(tmp_path: Path) -> None:
    spool = a_spool(tmp_path, segment_mb=1)
    texts = Witness(input="x" * 2000, output="y")
    for begin in range(0, 3000, 300):
        numbers = range(begin, begin + 300)
        await asyncio.gather(*(spool.close(an_observation(each), texts) for each in numbers))
    await spool.aclose()
    assert sum(path.stat().st_size for path in segments(tmp_path / "journal")) > 6_000_000
    tracemalloc.start()
    assert sum(1 for _ in query(tmp_path / "journal", Wanted())) == 3000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
