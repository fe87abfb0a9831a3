from __future__ import annotations

import stat

import msgspec
import pytest

from doubles.answering import an_observation
from doubles.suites import a_content, a_suite, a_system
from roadworthy.domain import EvidenceError, UsageError, VerificationError
from roadworthy.evaluation import (
    Plan,
    RunFile,
    Seal,
    plan,
    read_header,
    read_run,
    row_digest,
    rows_digest,
)

SEAL = Seal("ours", b"s" * 32)


@pytest.fixture
def planned() -> Plan:
    system = a_system(a_suite("all", 4))
    return plan(system, a_content(system))


def row(number: int, **fields):
    return an_observation(suite="all", case=f"c{number}", **fields)


async def test_rows_come_back_in_the_order_of_their_keys(tmp_path, planned):
    path = tmp_path / "runs" / "run.jsonl"
    with RunFile(path, planned, seal=SEAL, started_at="2026-11-21T20:00:00.000000Z") as file:
        for number in (2, 0, 1):
            file.append(row(number, output="é" * number))
    assert [each.case for each in read_run(path)] == ["c0", "c1", "c2"]
    assert read_run(path)[2].output == "éé"
    assert read_header(path).plan == planned.digest
    assert read_header(path).started_at == "2026-11-21T20:00:00.000000Z"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_it_goes_on_where_it_ended(tmp_path, planned):
    path = tmp_path / "run.jsonl"
    with RunFile(path, planned, seal=SEAL, started_at="first") as file:
        file.append(row(0))
    with RunFile(path, planned, seal=SEAL, started_at="second") as file:
        assert list(file.finished) == [("all", "c0", 0)]
        assert file.header.started_at == "first"
        file.append(row(1))
    assert len(read_run(path)) == 2


async def test_errors_are_asked_again_and_the_last_row_counts(tmp_path, planned):
    path = tmp_path / "run.jsonl"
    with RunFile(path, planned, seal=SEAL) as file:
        file.append(row(0, status="error"))
        file.append(row(1))
    with RunFile(path, planned, seal=SEAL) as file:
        assert list(file.finished) == [("all", "c1", 0)]
        file.append(row(0, output="now"))
    assert [each.status for each in read_run(path)] == ["ok", "ok"]


@pytest.mark.parametrize("cut", [1, 10, 60])
async def test_a_torn_last_line_is_cut_off(tmp_path, planned, cut):
    path = tmp_path / "run.jsonl"
    with RunFile(path, planned, seal=SEAL) as file:
        file.append(row(0))
        file.append(row(1))
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    assert [each.case for each in read_run(path)] == ["c0"]
    with RunFile(path, planned, seal=SEAL) as file:
        assert list(file.finished) == [("all", "c0", 0)]
        file.append(row(1))
    assert [each.case for each in read_run(path)] == ["c0", "c1"]


async def test_a_torn_header_starts_over(tmp_path, planned):
    path = tmp_path / "run.jsonl"
    with RunFile(path, planned, seal=SEAL):
        pass
    path.write_bytes(path.read_bytes()[:-5])
    with RunFile(path, planned, seal=SEAL) as file:
        file.append(row(0))
    assert len(read_run(path)) == 1


async def test_a_broken_line_inside_is_an_error_not_a_skipped_row(tmp_path, planned):
    path = tmp_path / "run.jsonl"
    with RunFile(path, planned, seal=SEAL) as file:
        file.append(row(0))
        file.append(row(1))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:-9] + b"\n" + lines[2])
    with pytest.raises(EvidenceError, match=r"run.jsonl:2: this is not a row"):
        read_run(path)
    with pytest.raises(EvidenceError, match=r":2:"):
        RunFile(path, planned, seal=SEAL)


async def test_the_run_of_another_plan_is_refused(tmp_path, planned):
    path = tmp_path / "run.jsonl"
    with RunFile(path, planned, seal=SEAL):
        pass
    with pytest.raises(UsageError, match="another plan"):
        RunFile(path, planned.at_attempt(1), seal=SEAL)


async def test_two_writers_are_refused(tmp_path, planned):
    path = tmp_path / "run.jsonl"
    with RunFile(path, planned, seal=SEAL), pytest.raises(UsageError, match="another process"):
        RunFile(path, planned, seal=SEAL)
    with RunFile(path, planned, seal=SEAL):
        pass


async def test_a_file_that_is_no_run_is_refused_and_left_alone(tmp_path, planned):
    path = tmp_path / "run.jsonl"
    path.write_text('{"something": "else"}\n')
    with pytest.raises(EvidenceError, match="not the head of a run file"):
        RunFile(path, planned, seal=SEAL)
    assert path.read_text() == '{"something": "else"}\n'


async def test_flush_rows_one_writes_at_once(tmp_path, planned):
    path = tmp_path / "run.jsonl"
    with RunFile(path, planned, seal=SEAL, flush_rows=1) as file:
        file.append(row(0))
        assert len(read_run(path)) == 1


async def test_a_buffered_row_is_written_by_its_timer(tmp_path, planned):
    import asyncio

    path = tmp_path / "run.jsonl"
    with RunFile(path, planned, seal=SEAL) as file:
        file.append(row(0))
        assert read_run(path) == []
        while not read_run(path):
            await asyncio.sleep(0.005)


async def test_changed_rows_do_not_have_the_recorded_digest(tmp_path, planned):
    path = tmp_path / "run.jsonl"
    rows = [row(0, scores={"exact": 0.0}), row(1)]
    with RunFile(path, planned, seal=SEAL) as file:
        for each in rows:
            file.append(each)
    digest = rows_digest({("all", each.case, 0): row_digest(each) for each in rows})
    assert len(read_run(path, expected=digest)) == 2
    path.write_bytes(path.read_bytes().replace(b'"exact":0.0', b'"exact":1.0'))
    with pytest.raises(VerificationError, match="does not hold the rows"):
        read_run(path, expected=digest)


def test_a_row_digest_leaves_out_when_and_how_long():
    one = an_observation(case="c", output="42", latency_ms=3.0, cache_hit=False)
    other = msgspec.structs.replace(
        one, id="x", time="y", latency_ms=9.0, first_token_ms=1.0, cache_hit=True
    )
    assert row_digest(one) == row_digest(other)
    assert row_digest(one) != row_digest(msgspec.structs.replace(one, output="43"))


async def test_cut_at_any_byte_only_the_torn_line_is_lost(tmp_path, planned):
    path = tmp_path / "whole.jsonl"
    with RunFile(path, planned, seal=SEAL) as file:
        for number in range(3):
            file.append(row(number, output="ü"))
    whole = path.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == 0x0A]
    for cut in range(len(whole) + 1):
        torn = tmp_path / "torn.jsonl"
        torn.write_bytes(whole[:cut])
        with RunFile(torn, planned, seal=SEAL) as file:
            assert len(file.finished) == max(0, sum(1 for end in ends if end <= cut) - 1)
        torn.unlink()
