"""Readings of the machine are kept a month, a file a day; a torn line hides no other."""

from __future__ import annotations

from pathlib import Path

from roadworthy.domain import HostSample
from roadworthy.journal import HostLog, read_host
from roadworthy.journal.host_log import DAYS


def reading(day: int, hour: int = 0) -> HostSample:
    month, rest = divmod(day, 28)
    return HostSample(
        at=f"2026-{month + 1:02}-{rest + 1:02}T{hour:02}:00:00.000000Z", seconds=5.0, cpu_s=0.1
    )


def test_what_was_kept_comes_back_by_time(tmp_path: Path) -> None:
    log = HostLog(tmp_path)
    kept = [reading(day, hour) for day in range(3) for hour in (1, 2)]
    for each in kept:
        log.append(each)
    assert list(read_host(tmp_path)) == kept
    assert list(read_host(tmp_path, since=kept[1].at, until=kept[4].at)) == kept[1:4]
    assert list(read_host(tmp_path / "nothing")) == []


def test_only_a_month_is_kept(tmp_path: Path) -> None:
    log = HostLog(tmp_path)
    for day in range(DAYS + 9):
        log.append(reading(day))
    assert len(list(tmp_path.iterdir())) == DAYS
    assert next(iter(read_host(tmp_path))) == reading(9)


def test_a_line_that_a_crash_tore_hides_no_other(tmp_path: Path) -> None:
    log = HostLog(tmp_path)
    log.append(reading(0, 1))
    (path,) = tmp_path.iterdir()
    with path.open("ab") as file:
        file.write(b'{"at":"2026-\xff\n')
    log.append(reading(0, 2))
    assert list(read_host(tmp_path)) == [reading(0, 1), reading(0, 2)]
