"""Many answers are found in one walk as they are found one by one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.answers_kept import AheadClock, leave, say
from doubles.live_system import write_live_system
from doubles.slo_engine import answers
from roadworthy.domain import Outcome, VerificationError, format_instant
from roadworthy.flows.workspace.loop import Loop
from roadworthy.journal import find, find_all, segments
from roadworthy.wiring.clock import new_id
from roadworthy.wiring.loop import loop_of


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    made = write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    return msgspec.structs.replace(loop_of(made.workspace), clock=AheadClock())


async def test_each_is_the_record_that_is_found_alone(loop: Loop) -> None:
    folder = loop.workspace.journal
    rows = await leave(loop, answers(loop, 40, bad=10))
    rows += await leave(loop, answers(loop, 40))
    at = format_instant(loop.clock.now())
    await say(loop, [Outcome(observation=rows[0].id, time=at, reporter="t", label="x")])
    wanted = [row.id for row in rows[::3]] + [new_id(), "no id at all", ""]
    found = find_all(folder, wanted)
    assert found == {name: record for name in wanted if (record := find(folder, name)) is not None}
    assert len(found) == 27
    assert find_all(folder, []) == {} and find_all(folder / "none", wanted) == {}


async def test_a_record_that_was_changed_is_not_taken_for_none(loop: Loop) -> None:
    rows = await leave(loop, answers(loop, 5))
    (path,) = segments(loop.workspace.journal)
    data = path.read_bytes()
    path.write_bytes(data.replace(rows[2].id.encode()[-8:], b"00000000"))
    with pytest.raises(VerificationError):
        find_all(loop.workspace.journal, [rows[2].id])
