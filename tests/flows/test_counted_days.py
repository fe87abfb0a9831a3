"""What was counted of a day's answers: it says what their rows say, or the rows are asked."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from doubles.judged_answers import NOW, OBJECTIVES, SINCE, alike, answers, told
from roadworthy.domain import EvidenceError, Observation, format_instant, parse_instant
from roadworthy.flows.objectives.live_judging import Looking
from roadworthy.flows.table.days import FEWEST_ROWS, count_days
from roadworthy.flows.table.judging import judge_table
from roadworthy.flows.table.opening import whole_table
from roadworthy.flows.table.store import (
    Kept,
    Stored,
    place_of,
    put_rows,
    read_kept,
    row_with,
    sweep,
    write_kept,
)
from roadworthy.table import Row, Selection, Table

pytest.importorskip("duckdb", reason="needs duckdb: make setup")

N = FEWEST_ROWS + 100


def day(n: int = N) -> dict[str, list[Row]]:
    """Answers of two hours of yesterday, and a few of today."""
    begin = parse_instant("2026-11-21T20:00:00.000000Z")
    parts: dict[str, list[Row]] = {}
    for place, (seen, said) in enumerate(answers(2 * n, seed=2)):
        at = begin + dt.timedelta(hours=place % 2, milliseconds=place)
        moved = structs.replace(seen, system="desk", time=format_instant(at))
        later = [structs.replace(each, time=format_instant(at)) for each in said]
        row = row_with(Stored(seen=moved, said=tuple(later)))
        parts.setdefault(place_of(moved), []).append(row)
    return parts


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Row]]:
    return day()


@pytest.fixture
def kept(rows: dict[str, list[Row]], tmp_path: Path) -> Kept:
    kept = Kept()
    for name, each in rows.items():
        put_rows(tmp_path, kept, name, each)
    assert count_days(tmp_path, kept) == 2
    assert count_days(tmp_path, kept) == 0, "once"
    write_kept(tmp_path, kept)
    return kept


def counts_of(folder: Path) -> Path:
    (path,) = folder.rglob("*.counts.parquet")
    return path


def rewrite(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def judged(table: Table) -> list[dict[str, Any]]:
    looking = Looking(system="desk", release="", live_since=SINCE, now=NOW)
    return [told(each) for each in judge_table(OBJECTIVES, table, looking, whole=True)]


def test_objectives_over_counts_are_those_over_rows(
    kept: Kept, rows: dict[str, list[Row]], tmp_path: Path
) -> None:
    with whole_table(tmp_path, read_kept(tmp_path)) as table:
        counted = judged(table)
    kept.counts.clear()
    with whole_table(tmp_path, kept) as table:
        read = judged(table)
    assert len(counted) == len(read) > len(OBJECTIVES) - 2
    for one, other in zip(counted, read, strict=True):
        alike(one, other)


def test_rows_that_are_not_read_need_only_be_there(kept: Kept, tmp_path: Path) -> None:
    path = tmp_path / next(iter(kept.files.values())).path
    data = path.read_bytes()
    rewrite(path, data[:60] + bytes([data[60] ^ 1]) + data[61:])
    with whole_table(tmp_path, kept) as table:
        assert table.cube(("status", "tenant"), Selection()).n == 2 * N
        with pytest.raises(EvidenceError, match=f"{path.name} is damaged"):
            table.cube(("label", "cache_hit"), Selection())
    rewrite(path, data[:-1])
    with pytest.raises(EvidenceError, match=f"{path.name} is damaged"):
        whole_table(tmp_path, kept)
    path.unlink()
    with pytest.raises(EvidenceError, match="is gone"):
        whole_table(tmp_path, kept)


def test_counts_that_are_not_as_they_were_written_are_named(kept: Kept, tmp_path: Path) -> None:
    path = counts_of(tmp_path)
    data = path.read_bytes()
    rewrite(path, data[:-9] + bytes([data[-9] ^ 1]) + data[-8:])
    with (
        whole_table(tmp_path, kept) as table,
        pytest.raises(EvidenceError, match=f"{path.name} is damaged"),
    ):
        table.cube(("status",), Selection())
    assert count_days(tmp_path, kept) == 2, "of the rows, as if there were none"
    with whole_table(tmp_path, kept) as table:
        assert table.cube(("status",), Selection()).n == 2 * N


def test_without_counts_the_rows_are_asked_and_they_are_counted_again(
    kept: Kept, tmp_path: Path
) -> None:
    counts_of(tmp_path).unlink()
    with whole_table(tmp_path, kept) as table:
        assert table.cube(("status",), Selection()).n == 2 * N
    assert count_days(tmp_path, kept) == 2
    sweep(tmp_path, kept)
    assert counts_of(tmp_path).exists()


def test_an_hour_that_was_written_again_is_counted_again_and_no_other(
    kept: Kept, rows: dict[str, list[Row]], tmp_path: Path
) -> None:
    name, other = kept.files
    late = [{**row, "status": "refused"} for row in rows[name][:50]]
    put_rows(tmp_path, kept, name, late)
    with whole_table(tmp_path, kept) as table:
        before = table.cube(("status", "tenant"), Selection())
    numbers = {each: part.number for each, part in kept.counts[day_of(name)].parts.items()}
    assert count_days(tmp_path, kept) == 1
    sweep(tmp_path, kept)
    after = {each: part.number for each, part in kept.counts[day_of(name)].parts.items()}
    assert after[other] == numbers[other] and after[name] not in numbers.values()
    with whole_table(tmp_path, kept) as table:
        counted = table.cube(("status", "tenant"), Selection())
    assert counted == before and before.n == 2 * N
    assert before.by(("status",)).counts["refused",][0] == 50


def day_of(name: str) -> str:
    return name.rpartition("T")[0]


def test_answers_of_which_more_was_learned_are_read_and_not_counted(
    kept: Kept, rows: dict[str, list[Row]], tmp_path: Path
) -> None:
    row = next(iter(rows.values()))[0]
    seen = Observation(
        id=row["id"], time=format_instant(row["time"]), system="desk", release="sha256:aa",
        stage="live", status="refused",
    )  # fmt: skip
    fresh = [row_with(Stored(seen=seen))]
    with whole_table(tmp_path, kept, fresh=fresh, replaced=[seen]) as table:
        cube = table.cube(("status",), Selection())
    assert cube.n == 2 * N and cube.counts["refused",][0] == 1


def test_a_facet_that_names_requests_is_in_no_family(tmp_path: Path) -> None:
    kept = Kept()
    rows = next(iter(day().values()))
    named = [
        {**row, "facets": [("request", row["id"])], "facets.request": row["id"]} for row in rows
    ]
    put_rows(tmp_path, kept, "answers/system=desk/hour=2026-11-21T20", named)
    assert count_days(tmp_path, kept) == 1 and kept.families
    assert not any("facets.request" in columns for columns in kept.families.values())
    (part,) = kept.files.values()
    assert counts_of(tmp_path).stat().st_size < (tmp_path / part.path).stat().st_size


def test_counts_by_what_another_version_counts_by_are_passed_over_and_made_again(
    kept: Kept, tmp_path: Path
) -> None:
    with whole_table(tmp_path, kept) as table:
        before = judged(table)
    ((day, counts),) = kept.counts.items()
    kept.counts[day] = structs.replace(counts, by="sha256:other")
    path = tmp_path / next(iter(kept.files.values())).path
    data = path.read_bytes()
    rewrite(path, data[:60] + bytes([data[60] ^ 1]) + data[61:])
    with pytest.raises(EvidenceError, match=f"{path.name} is damaged"):
        whole_table(tmp_path, kept)  # its rows are asked
    rewrite(path, data)
    assert count_days(tmp_path, kept) == 2 and kept.counts[day].by == counts.by
    with whole_table(tmp_path, kept) as table:
        assert judged(table) == before


def test_how_long_rows_are_that_an_earlier_version_wrote_is_known_once_they_are_counted(
    rows: dict[str, list[Row]], tmp_path: Path
) -> None:
    kept = Kept()
    for name, each in rows.items():
        put_rows(tmp_path, kept, name, each)
        kept.files[name] = structs.replace(kept.files[name], size=-1)
    count_days(tmp_path, kept)
    path = tmp_path / kept.files[name].path
    rewrite(path, path.read_bytes()[:-1])
    with pytest.raises(EvidenceError, match=f"{path.name} is damaged"):
        whole_table(tmp_path, kept)
