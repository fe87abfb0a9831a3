"""A run counts when this workspace wrote all of it, once, and it is still there."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest

from doubles.desk import Desk
from roadworthy.domain import Draft, Verdict, VerificationError
from roadworthy.flows.entries.run_records import completion, newest_run, run_path, summary_path
from roadworthy.flows.runs.evaluating import Asked, Evaluated
from roadworthy.flows.workspace.loop import Loop

FRESH = Asked(fresh=True)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A system that fails its gate: every label in the rules is the wrong one."""
    desk = Desk(tmp_path / "desk")
    desk.write("rules.yaml", "labels:\n  motor: {words: {roof: 3}}\n  home: {words: {car: 3}}\n")
    desk.deliberate()
    return desk


def edit(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, new))


def kinds(loop: Loop) -> list[str]:
    return [entry.kind for entry in loop.ledger.entries(system="desk")]


async def cut_off(desk: Desk) -> Path:
    """A run that was killed before it was entered: its rows are there, its entry is not."""
    done = await desk.evaluate()
    loop = desk.loop()
    with sqlite3.connect(loop.workspace.ledger) as store:
        for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            store.execute(f"DROP TRIGGER {name}")
        for table in ("entries", "nodes", "checkpoints"):
            store.execute(f"DELETE FROM {table}")
    store.close()
    loop.workspace.checkpoints.unlink()
    return done.run_file


async def test_rows_edited_after_a_kill_are_not_gone_on_with(desk: Desk) -> None:
    path = await cut_off(desk)
    edit(path, b'"label":0.0', b'"label":1.0')
    with pytest.raises(VerificationError, match=rf"{path.name}:2: ") as raised:
        await desk.evaluate()
    assert "--fresh" in raised.value.fix
    assert "run.completed" not in kinds(desk.loop())
    await desk.evaluate(FRESH)
    assert desk.gate().decision is Verdict.FAIL


async def test_rows_that_were_left_alone_are_gone_on_with(desk: Desk) -> None:
    path = await cut_off(desk)
    done = await desk.evaluate()
    assert (done.run_file, done.summary.status) == (path, "complete")


async def test_a_lost_summary_is_a_fault_and_nothing_is_entered_again(desk: Desk) -> None:
    first = await desk.evaluate()
    blob = desk.loop().blobs.path(first.digest)
    kept = blob.read_bytes()
    blob.unlink()
    edit(first.run_file, b'"label":0.0', b'"label":1.0')
    before = kinds(desk.loop())
    with pytest.raises(VerificationError, match="is not there any more") as raised:
        await desk.evaluate()
    assert "--fresh" in raised.value.fix
    with pytest.raises(VerificationError, match="is not there any more"):
        desk.gate()
    assert kinds(desk.loop()) == before
    blob.write_bytes(kept)
    with pytest.raises(VerificationError, match="does not hold the rows"):
        desk.gate()


async def test_a_changed_summary_is_a_fault(desk: Desk) -> None:
    first = await desk.evaluate()
    edit(desk.loop().blobs.path(first.digest), b'"errors":0', b'"errors":1')
    with pytest.raises(VerificationError) as raised:
        await desk.evaluate()
    assert "--fresh" in raised.value.fix


@pytest.mark.parametrize("change", ["a figure", "a space", "a name twice", "no JSON", "nothing"])
async def test_a_changed_copy_of_the_summary_is_a_fault(desk: Desk, change: str) -> None:
    done = await desk.evaluate()
    path = summary_path(desk.loop().workspace, done.summary.run)
    whole = path.read_bytes()
    path.write_bytes({
        "a figure": whole.replace(b'"errors":0', b'"errors":1'),
        "a space": whole + b" ",
        "a name twice": whole.replace(b'"errors":0', b'"errors":9,"errors":0'),
        "no JSON": whole[:-1],
        "nothing": b"",
    }[change])  # fmt: skip
    assert path.read_bytes() != whole
    with pytest.raises(VerificationError, match="is not the summary that entry"):
        desk.gate()
    with pytest.raises(VerificationError, match="is not the summary that entry"):
        await desk.evaluate()
    path.unlink()  # the way out that the error names
    assert desk.gate().run == done.summary.run
    assert (await desk.evaluate()).reprinted
    assert path.read_bytes() == whole


async def test_edited_or_lost_rows_of_a_complete_run_are_not_printed_again(desk: Desk) -> None:
    done = await desk.evaluate()
    edit(done.run_file, b'"label":0.0', b'"label":1.0')
    with pytest.raises(VerificationError, match="does not hold the rows that were recorded"):
        await desk.evaluate()
    done.run_file.unlink()
    with pytest.raises(VerificationError, match="is gone: the rows of a run"):
        await desk.evaluate()
    with pytest.raises(VerificationError, match="is gone: the rows of a run"):
        desk.gate()


async def test_the_way_out_leads_out(desk: Desk) -> None:
    lost = await desk.evaluate()
    desk.loop().blobs.path(lost.digest).unlink()
    lost.run_file.unlink()
    again = await desk.evaluate(FRESH)
    assert (again.summary.run, again.reprinted) != (lost.summary.run, True)
    assert desk.gate().run == again.summary.run


async def test_a_run_that_lost_its_file_is_not_taken_for_a_new_one(desk: Desk) -> None:
    runs: list[Evaluated] = [await desk.evaluate() for _ in range(1)]
    runs += [await desk.evaluate(FRESH) for _ in range(2)]
    runs[0].run_file.unlink()
    assert (await desk.evaluate()).summary.run == runs[2].summary.run
    assert (await desk.evaluate(FRESH)).summary.run not in {each.summary.run for each in runs}


async def test_a_second_different_completion_is_refused(desk: Desk) -> None:
    first = await desk.evaluate()
    loop = desk.loop()
    better = msgspec.structs.replace(first.summary, errors=0, n=999)
    payload = {
        "run": first.summary.run, "bar": first.summary.bar, "status": "complete",
        "n": 999, "errors": 0, "observations": first.summary.observations,
        "summary": loop.blobs.put_json(better),
    }  # fmt: skip
    candidate = first.summary.candidate
    loop.ledger.record(
        Draft(system="desk", kind="run.completed", subject=candidate, actor=loop.machine,
              payload=payload)
    )  # fmt: skip
    for asks in (
        lambda: completion(loop, candidate, first.summary.run),
        lambda: newest_run(loop, candidate),
        desk.gate,
    ):
        with pytest.raises(VerificationError, match="says something else of it"):
            asks()
    with pytest.raises(VerificationError, match="says something else of it"):
        await desk.evaluate()
    await desk.evaluate(FRESH)
    assert desk.gate().decision is Verdict.FAIL


async def test_a_partial_run_may_be_completed(desk: Desk) -> None:
    broken = "labels:\n  motor: {words: {car: 3}}\n"
    desk.write("rules.yaml", broken)
    desk.deliberate()
    first = await desk.evaluate()
    assert first.summary.status == "partial"
    again = await desk.evaluate()
    assert again.summary.run == first.summary.run
    entry = completion(desk.loop(), first.summary.candidate, first.summary.run)
    assert entry is not None
    assert entry.payload["summary"] == again.digest


async def test_durations_are_part_of_what_was_recorded(desk: Desk) -> None:
    done = await desk.evaluate()
    lines = done.run_file.read_bytes().split(b"\n")
    row = msgspec.json.decode(lines[1])
    duration = b'"latency_ms":%b' % msgspec.json.encode(row["latency_ms"])
    edit(done.run_file, duration, b'"latency_ms":0.001')
    with pytest.raises(VerificationError, match="does not hold the rows"):
        desk.gate()


async def test_a_cut_run_file_does_not_pass_for_the_whole(desk: Desk) -> None:
    done = await desk.evaluate()
    lines = done.run_file.read_bytes().splitlines(keepends=True)
    done.run_file.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(VerificationError, match="does not hold the rows"):
        desk.gate()


async def test_after_the_machines_key_was_rotated_runs_still_count(desk: Desk) -> None:
    done = await desk.evaluate()
    loop = desk.loop()
    loop.keyring.prepare("machine")
    loop.keyring.promote("machine")
    assert (await desk.evaluate()).summary == done.summary
    assert desk.gate().decision is Verdict.FAIL


async def test_poisoned_answers_do_not_pass(desk: Desk) -> None:
    await desk.evaluate()
    path = desk.loop().workspace.answers
    with sqlite3.connect(path) as store:
        store.execute("update answers set answer = (select answer from answers limit 1)")
    store.close()
    again = await desk.evaluate(FRESH)
    assert again.distrusted == 79
    assert desk.gate().decision is Verdict.FAIL


async def test_every_repeat_must_be_there(desk: Desk) -> None:
    done = await desk.evaluate(Asked(repeats=3))
    assert (done.repeats, done.cases, done.summary.n) == (3, 80, 240)
    assert done.summary.status == "complete"
    other = await desk.evaluate(Asked(repeats=2))
    assert other.summary.run != done.summary.run
    one = await desk.evaluate()
    assert (one.repeats, one.cases, one.summary.n) == (0, 80, 80)
    path = run_path(desk.loop().workspace, done.summary.run)
    assert b'"repeat":2' in path.read_bytes()
