"""Files of batches leave the disk in time, and never while a hold or a batch needs them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec import structs

from doubles.batch_desk import BatchDesk, line
from doubles.fake_upstream import FakeUpstream
from roadworthy.cli.acting import find_acting
from roadworthy.domain import TextScope
from roadworthy.flows.batches.keeping import TORN_S, Swept, sweep
from roadworthy.flows.journals.erasing import erase_texts
from roadworthy.flows.journals.holding import place_hold
from roadworthy.flows.workspace.people import Acting
from roadworthy.wiring.loop import loop_of

PAST = "2026-01-01T00:00:00.000000Z"


def acting(desk: BatchDesk, name: str) -> Acting:
    found = find_acting(desk.loop.workspace, name)
    assert found is not None
    return found


def swept(desk: BatchDesk) -> Swept:
    return sweep(loop_of(desk.loop.workspace), keep_days=30)


def on_disk(desk: BatchDesk) -> set[str]:
    return {path.stem for path in desk.loop.workspace.batches.glob("*/files/*.lines")}


async def test_what_was_deleted_or_expired_goes_and_what_a_batch_reads_stays(
    tmp_path: Path,
) -> None:
    async with FakeUpstream(answer="ok") as fake:
        desk = BatchDesk(tmp_path, fake.url)
        state = desk.left(line(1))
        files, store = desk.stores()
        file = files.find("acme", state.input_file)
        assert file is not None
        record = files.folder("acme") / f"{file.id}.json"
        files.delete(file)
        assert files.find("acme", file.id) is None and files.all_of("acme") == []
        assert swept(desk) == Swept(0, 0) and on_disk(desk) == {file.id}  # the batch is not over
        record.write_bytes(record.read_bytes().replace(b'"deleted_at"', b'"other_at"'))
        await desk.run()
        done = desk.find(state)
        files.delete(file)
        assert swept(desk).removed == 1 and on_disk(desk) == {done.output_file}
        output = files.find("acme", done.output_file)
        assert output is not None
        where = files.folder("acme") / f"{output.id}.json"
        where.write_bytes(where.read_bytes().replace(output.expires_at.encode(), PAST.encode()))
        assert files.find("acme", output.id) is None
        assert swept(desk).removed == 1 and on_disk(desk) == set()
        assert store.find("acme", state.id) is not None  # it ended a moment ago
        store.put(structs.replace(done, ended_at=PAST))
        assert swept(desk).removed == 1 and store.find("acme", state.id) is None


def test_a_hold_keeps_a_file_that_its_tenant_deleted(tmp_path: Path) -> None:
    desk = BatchDesk(tmp_path, "http://127.0.0.1:9/v1")
    state = desk.left(line(1))
    files, store = desk.stores()
    store.put(structs.replace(state, status="cancelled", ended_at=desk.find(state).created_at))
    file = files.find("acme", state.input_file)
    assert file is not None
    files.delete(file)
    scope = TextScope(tenant="acme", day="2026-11-20")
    place_hold(scope, desk.loop, acting(desk, "cleo"), reason="a court asked")
    assert swept(desk) == Swept(0, 1) and on_disk(desk) == {file.id}


def test_a_draft_that_a_dead_process_left_goes_after_a_day(tmp_path: Path) -> None:
    desk = BatchDesk(tmp_path, "http://127.0.0.1:9/v1")
    files, _ = desk.stores()
    draft = files.draft("acme")
    draft.add(1, "{}", 2)
    draft.close()
    path = files.folder("acme") / f"{draft.id}.part"
    assert swept(desk).removed == 0 and path.exists()
    old = desk.clock.now().timestamp() - TORN_S - 60
    os.utime(path, (old, old))
    assert swept(desk).removed == 1 and not path.exists()


@pytest.mark.parametrize("subject", ["", "ann"])
def test_an_erasure_of_the_journal_reaches_files(tmp_path: Path, subject: str) -> None:
    desk = BatchDesk(tmp_path, "http://127.0.0.1:9/v1")
    one, other = (line(n, body={"model": "letters", "user": user}).decode()
                  for n, user in ((1, "ann"), (2, "bob")))  # fmt: skip
    state = desk.left((one + other).encode())
    files, _ = desk.stores()
    vault = files._vault
    scope = TextScope(tenant="acme", subject=vault.pseudonym("acme", subject) if subject else "")
    erase_texts(scope, desk.loop, vault, acting(desk, "bob"), reason="she asked")
    file = files.find("acme", state.input_file)
    assert file is not None
    left = [text for _, text in files.lines(file)]
    assert left == ([None, other] if subject else [None, None])
    assert files.name_of(file) == ("r.jsonl" if subject else "")


def test_files_are_counted_with_those_under_way(tmp_path: Path) -> None:
    desk = BatchDesk(tmp_path, "http://127.0.0.1:9/v1")
    files, _ = desk.stores()
    assert files.used("acme") == (0, 0)
    desk.left(line(1))
    draft = files.draft("acme")
    draft.add(1, "x" * 1000, 1000)
    draft.flush()
    count, taken = files.used("acme")
    assert count == 2 and taken > 1000 and files.used("rival") == (0, 0)
    draft.drop()
