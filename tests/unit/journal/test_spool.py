"""The journal: durable before the answer, whole after a crash, loud when it cannot write."""

from __future__ import annotations

import asyncio
import datetime as dt
import fcntl
import os
import resource
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.set_clock import SetClock
from roadworthy.domain import (
    EvidenceError,
    JournalSettings,
    Observation,
    Outcome,
    VerificationError,
    Witness,
)
from roadworthy.journal import (
    Record,
    Spool,
    Tail,
    Vault,
    find,
    open_master_key,
    read_journal,
    read_segment,
    recover,
    seal_segment,
    segments,
    unseal,
)
from roadworthy.journal.spool import PIECES_S

ID = "0199a4c1-0000-7000-8000-000000000001"


def an_observation(name: str = ID, **changes: object) -> Observation:
    values: dict[str, object] = {
        "id": name,
        "time": "2026-11-21T20:00:00.000000Z",
        "system": "desk",
        "release": "sha256:aa",
        "stage": "live",
        "tenant": "acme",
    }
    return Observation(**(values | changes))  # type: ignore[arg-type]


def a_vault(root: Path) -> Vault:
    return Vault(root / "journal" / "keys", open_master_key(root / "keys"))


def a_spool(root: Path, *, in_flight: Callable[[], int] = lambda: 0, **changes: object) -> Spool:
    settings = JournalSettings(**changes)  # type: ignore[arg-type]
    return Spool(
        root / "journal",
        worker="w1",
        vault=a_vault(root),
        clock=SetClock(),
        settings=settings,
        in_flight=in_flight,
        min_free_bytes=0,
    )


async def test_a_closed_exchange_is_on_disk_when_close_returns(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.start()
    await spool.close(an_observation(output="yes"), Witness(input="hello Ann", output="yes"))
    record = find(tmp_path / "journal", ID)
    assert record is not None and record.observation is not None
    assert record.observation.output == ""
    raw = segments(tmp_path / "journal")[0].read_bytes()
    assert b"hello Ann" not in raw
    texts = unseal(record, a_vault(tmp_path))
    assert texts == Witness(input="hello Ann", output="yes")
    await spool.aclose()
    kinds = [record.kind for record in read_journal(tmp_path / "journal")]
    assert kinds == ["begin", "close", "end"]


async def test_many_calls_share_a_write_and_all_are_kept(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.start()
    names = [f"0199a4c1-0000-7000-8000-{n:012x}" for n in range(300)]
    await asyncio.gather(
        *(spool.close(an_observation(name), Witness(input="a", output="b")) for name in names)
    )
    await spool.aclose()
    kept = [r.observation.id for r in read_journal(tmp_path / "journal") if r.observation]
    assert kept == names


async def test_erasing_a_key_erases_texts_and_leaves_the_records(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.start()
    await spool.close(an_observation(), Witness(input="secret", output="b"))
    await spool.close(
        an_observation("0199a4c1-0000-7000-8000-000000000002", tenant="other"),
        Witness(input="theirs", output="b"),
    )
    await spool.aclose()
    vault = a_vault(tmp_path)
    assert vault.erase(tenant="acme", day="2026-11-21") == 1
    mine, theirs = [r for r in read_journal(tmp_path / "journal") if r.observation]
    assert unseal(mine, vault) is None
    texts = unseal(theirs, vault)
    assert texts is not None and texts.input == "theirs"
    seal = seal_segment(segments(tmp_path / "journal")[0])
    assert seal is not None and seal.records == 4


async def test_a_torn_stream_is_closed_as_interrupted_with_what_was_sent(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.start()
    await spool.open(an_observation(status="interrupted"), Witness(input="tell me", output=""))
    spool.sent(ID, "acme", "once ")
    spool.sent(ID, "acme", "upon")
    path = segments(tmp_path / "journal")[0]
    await _until(lambda: any(placed.record.kind == "sent" for placed in read_segment(path)))
    dead = tmp_path / "dead" / "journal"
    dead.mkdir(parents=True)
    copy = dead / path.name
    copy.write_bytes(path.read_bytes() + b"\x99\x00\x00\x00torn")
    await spool.aclose()

    (recovered,) = recover(dead, vault=a_vault(tmp_path), clock=SetClock())
    assert recovered.interrupted == (ID,)
    assert recovered.cut_bytes == 8
    record = find(dead, ID)
    assert record is not None and record.recovered and record.observation is not None
    assert record.observation.status == "interrupted"
    texts = unseal(record, a_vault(tmp_path))
    assert texts == Witness(input="tell me", output="once upon")
    assert recover(dead, vault=a_vault(tmp_path), clock=SetClock()) == []


async def test_pieces_are_one_record_and_none_where_their_end_is_written_with_them(
    tmp_path: Path,
) -> None:
    """A record for each was a third of what a stream costs."""
    spool = a_spool(tmp_path)
    spool.start()
    other = "0199a4c1-0000-7000-8000-000000000002"
    for name, user in ((ID, "eu-ann"), (other, "")):
        opened = an_observation(name, status="interrupted", end_user=user)
        await spool.open(opened, Witness(input="tell me", output=""))
    for number in range(40):
        spool.sent(ID, "acme", f"a{number} ")
        spool.sent(other, "acme", f"b{number} ")
    whole = "".join(f"a{number} " for number in range(40))
    ended = an_observation(end_user="eu-ann", output=whole)
    await spool.close(ended, Witness(input="tell me", output=whole))
    await spool.aclose()
    vault = a_vault(tmp_path)
    records = [each for each in read_journal(tmp_path / "journal") if each.sealed]
    mine = [
        each for each in records if ID in (each.about, each.observation and each.observation.id)
    ]
    assert [each.kind for each in mine] == ["open", "close"]
    (left,) = [unseal(each, vault) for each in records if each.about == other]
    assert left is not None
    assert left.output == "".join(f"b{number} " for number in range(40))
    vault.erase(tenant="acme", subject="eu-ann")
    assert not any(unseal(each, vault) for each in mine)
    assert all(unseal(each, vault) for each in records if each.about == other)


async def test_pieces_are_written_soon_though_nothing_else_is_and_wake_nobody_one_by_one(
    tmp_path: Path,
) -> None:
    spool = a_spool(tmp_path)
    spool.start()
    await spool.open(an_observation(status="interrupted"), Witness(input="tell me", output=""))
    begun = asyncio.get_running_loop().time()
    for number in range(20):
        spool.sent(ID, "acme", f"{number} ")
        await asyncio.sleep(0.001)
    path = segments(tmp_path / "journal")[0]

    def written() -> list[Record]:
        return [each.record for each in read_segment(path) if each.record.kind == "sent"]

    await _until(lambda: _said(written(), tmp_path) == "".join(f"{n} " for n in range(20)))
    took = asyncio.get_running_loop().time() - begun
    assert len(written()) <= 1 + took / PIECES_S
    await spool.aclose()


def _said(records: list[Record], root: Path) -> str:
    texts = [unseal(record, a_vault(root)) for record in records]
    return "".join(each.output for each in texts if each is not None)


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to hold")


async def test_a_stream_under_way_keeps_no_other_record_waiting(tmp_path: Path) -> None:
    """Streams want their next record at their end only: waiting for them was waiting in vain."""
    spool = a_spool(tmp_path, in_flight=lambda: 8)
    spool.start()
    for number in range(7):
        opened = an_observation(f"0199a4c1-0000-7000-8000-00000000000{number}")
        await spool.open(opened, Witness(input="tell me", output=""))
    gathered = asyncio.create_task(spool.close(an_observation(), Witness(input="a", output="b")))
    await asyncio.sleep(0)
    assert spool._writing and not spool._gathered
    await gathered
    await spool.aclose()


async def test_a_record_does_not_wait_for_those_who_got_theirs_with_the_last_batch(
    tmp_path: Path,
) -> None:
    """They are in flight until they are woken; counted on, they kept the next ones 6 ms."""
    flying = {"a"}
    spool = a_spool(tmp_path, in_flight=lambda: len(flying))
    spool.start()

    async def first() -> None:
        await spool.close(an_observation(), Witness(input="a", output="b"))
        flying.difference_update("axy")

    one = asyncio.create_task(first())
    await asyncio.sleep(0)
    assert spool._writing
    flying.update("bxy")
    other = an_observation("0199a4c1-0000-7000-8000-000000000002")
    two = asyncio.create_task(spool.close(other, Witness(input="a", output="b")))
    await one
    await asyncio.sleep(0)
    assert spool._timer is None and not spool._gathered  # nobody waits for time to go by
    await two
    await spool.aclose()


async def test_a_piece_that_no_key_can_be_kept_for_does_not_leave(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.start()
    keys = tmp_path / "journal" / "keys"
    keys.write_text("no folder")
    with pytest.raises(OSError, match="keys"):
        spool.sent(ID, "acme", "once")
    await spool.aclose()


async def test_recovery_leaves_the_segment_of_a_living_worker(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.start()
    await spool.open(an_observation(), Witness(input="tell me", output=""))
    assert recover(tmp_path / "journal", vault=a_vault(tmp_path), clock=SetClock()) == []
    with segments(tmp_path / "journal")[0].open("rb") as held, pytest.raises(BlockingIOError):
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    await spool.aclose()


async def test_a_full_segment_is_ended_and_open_streams_are_carried_over(tmp_path: Path) -> None:
    spool = a_spool(tmp_path, segment_mb=0)
    spool.start()
    await spool.open(an_observation(), Witness(input="tell me", output=""))
    await spool.close(an_observation("other"), Witness(input="a", output="b"))
    await spool.close(an_observation(), Witness(input="tell me", output="b"))
    await spool.aclose()
    paths = segments(tmp_path / "journal")
    assert len(paths) >= 3
    assert all(seal_segment(path) for path in paths)
    assert recover(tmp_path / "journal", vault=a_vault(tmp_path), clock=SetClock()) == []
    second = [placed.record for placed in read_segment(paths[1])]
    assert [r.kind for r in second][:2] == ["begin", "open"]


async def test_an_unwritable_journal_refuses_loudly(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file where the folder should be")
    spool = a_spool(tmp_path)
    spool.start()
    assert spool.fault
    with pytest.raises(EvidenceError, match="cannot be written"):
        await spool.learn(Outcome(observation="x", time="", reporter="tenant:acme"))
    await spool.aclose()


async def test_too_little_space_refuses_new_work_but_closes_what_runs(tmp_path: Path) -> None:
    spool = Spool(
        tmp_path / "journal",
        worker="w1",
        vault=a_vault(tmp_path),
        clock=SetClock(),
        settings=JournalSettings(),
        min_free_bytes=2**63,
    )
    spool.start()
    await spool.open(an_observation(), Witness(input="tell me", output=""))
    spool.check_space()
    assert "nearly full" in spool.fault
    with pytest.raises(EvidenceError):
        await spool.open(an_observation("other"), Witness(input="me too", output=""))
    await spool.close(an_observation(), Witness(input="tell me", output="b"))
    await spool.aclose()


async def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.start()
    await spool.close(an_observation(), Witness(input="a", output="b"))
    await spool.aclose()
    path = segments(tmp_path / "journal")[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(VerificationError, match="checksum"):
        list(read_journal(tmp_path / "journal"))


async def test_a_tail_gives_only_what_is_new(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.start()
    tail = Tail(tmp_path / "journal")
    assert [record.kind for record in tail.read()] == ["begin"]
    await spool.close(an_observation(), Witness(input="a", output="b"))
    assert [record.kind for record in tail.read()] == ["close"]
    again = Tail(tmp_path / "journal", tail.marks)
    assert list(again.read()) == []
    await spool.aclose()
    assert [record.kind for record in again.read()] == ["end"]


def test_a_pseudonym_is_stable_and_says_nothing(tmp_path: Path) -> None:
    name = a_vault(tmp_path).pseudonym("acme", "ann@example.org")
    assert name == a_vault(tmp_path).pseudonym("acme", "ann@example.org")
    assert "ann" not in name
    assert name != a_vault(tmp_path).pseudonym("other", "ann@example.org")
    assert (tmp_path / "keys" / "journal.master").stat().st_mode & 0o777 == 0o600


async def test_an_ended_journal_refuses_a_record_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    spool.start()
    await spool.open(an_observation(), Witness(input="before", output=""))
    await spool.aclose()
    for late in (
        spool.open(an_observation("late"), Witness(input="after", output="")),
        spool.close(an_observation(), Witness(input="before", output="late")),
        spool.learn(Outcome(observation=ID, time="", reporter="tenant:acme", note="late")),
    ):
        with pytest.raises(EvidenceError, match="ended"):
            await asyncio.wait_for(late, 5)


async def test_an_ended_journal_leaves_no_descriptor_and_writes_into_nobody_elses(
    tmp_path: Path,
) -> None:
    open_before = set(os.listdir("/proc/self/fd"))
    spool = a_spool(tmp_path)
    spool.start()
    await spool.close(an_observation(), Witness(input="hello", output=""))
    await spool.aclose()
    assert set(os.listdir("/proc/self/fd")) <= open_before
    reader, writer = os.pipe()  # gets the numbers of those that were let go
    os.set_blocking(reader, False)
    spool.sent("a stream that is late", "acme", "a piece")
    await asyncio.sleep(3 * PIECES_S)
    with pytest.raises(BlockingIOError):
        os.read(reader, 1)
    os.close(reader)
    os.close(writer)


async def test_the_end_waits_for_nobody_who_was_forked_off_meanwhile(tmp_path: Path) -> None:
    """An application with a gateway inside may fork: the child has every descriptor too."""
    before = set(os.listdir("/proc/self/fd"))
    spool = a_spool(tmp_path)
    spool.start()
    mine = [int(each) for each in set(os.listdir("/proc/self/fd")) - before]
    forked = [os.dup(each) for each in mine if os.path.lexists(f"/proc/self/fd/{each}")]
    try:
        await spool.close(an_observation(), Witness(input="hello", output=""))
        await asyncio.wait_for(asyncio.gather(spool.aclose(), spool.aclose()), 5)
    finally:
        for each in forked:
            os.close(each)
    kinds = [record.kind for record in read_journal(tmp_path / "journal")]
    assert kinds == ["begin", "close", "end"]


async def test_a_segment_that_cannot_be_ended_is_gone_on_in(tmp_path: Path) -> None:
    """It was let go and written to again: the writer ended, and everybody waited for good."""
    spool = a_spool(tmp_path, segment_mb=0)
    spool.start()
    folder = tmp_path / "journal"
    await spool.close(an_observation("one"), Witness(input="a", output="b"))
    await _until(lambda: len(segments(folder)) == 2)
    too_small = segments(folder)[0].stat().st_size - 10  # for the end; not for what comes before
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (too_small, before[1]))
    try:
        await spool.close(an_observation("two"), Witness(input="a", output="b"))
        await asyncio.sleep(0.1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    late = spool.close(an_observation("six"), Witness(input="a", output="b"))
    await asyncio.wait_for(late, 5)
    await spool.aclose()
    assert all(seal_segment(path) for path in segments(folder))
    kept = [r.observation.id for r in read_journal(folder) if r.observation]
    assert kept == ["one", "two", "six"]
    assert spool.fault == ""


class LostClock(SetClock):
    """Fails in the writer's thread as nobody foresaw, once it is lost."""

    lost = False

    def now(self) -> dt.datetime:
        if self.lost and threading.current_thread().name == "journal":
            raise ValueError("what time is it?")
        return super().now()


async def test_an_error_of_any_kind_ends_no_writer_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    clock = LostClock()
    spool = Spool(
        tmp_path / "journal", worker="w1", vault=a_vault(tmp_path), clock=clock,
        settings=JournalSettings(segment_mb=0), min_free_bytes=0,
    )  # fmt: skip
    spool.start()
    clock.lost = True
    for name in ("one", "two", "six"):
        late = spool.close(an_observation(name), Witness(input="a", output="b"))
        await asyncio.wait_for(late, 5)
    clock.lost = False
    await spool.aclose()
    kept = [r.observation.id for r in read_journal(tmp_path / "journal") if r.observation]
    assert kept == ["one", "two", "six"]


async def test_who_hangs_up_while_the_last_record_is_written_is_counted(tmp_path: Path) -> None:
    """It is on disk: a caller that left at the right instant was on nobody's bill."""
    spool = a_spool(tmp_path)
    kept: list[str] = []
    spool.on_kept = lambda observation, texts: kept.append(observation.id)
    spool.start()
    await spool.open(an_observation(end_user="eu-1"), Witness(input="a", output=""))
    closing = asyncio.ensure_future(
        spool.close(an_observation(end_user="eu-1"), Witness(input="a", output="b"))
    )
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await spool.aclose()
    assert [record.kind for record in read_journal(tmp_path / "journal")][1:3] == ["open", "close"]
    assert kept == [ID]
    assert spool._unclosed == {}
    assert spool._subjects == {}


async def test_what_cannot_be_told_of_one_exchange_is_that_ones_failure(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)

    def refuse(observation: Observation, texts: Witness) -> None:
        if observation.id == "o1":
            raise OSError("no room to count")

    spool.on_kept = refuse
    spool.start()
    texts = Witness(input="a", output="b")
    said = await asyncio.gather(
        *(spool.close(an_observation(name), texts) for name in ("o1", "o2")),
        return_exceptions=True,
    )
    assert [type(each) for each in said] == [OSError, type(None)]
    await spool.aclose()
