"""What is looked at after an answer left: kept by id, once over a restart, holding up nothing."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from doubles.answers_that_left import Answers
from doubles.live_system import write_live_system
from roadworthy.domain import Observation, Outcome, ReleaseContent, Shift
from roadworthy.flows.late.after_looking import Noticed
from roadworthy.gateway.outcomes import OutcomeBody
from roadworthy.journal import read_segment, recover, seal_segment, segments, told
from roadworthy.manifests import Workspace
from roadworthy.monitoring import with_outcomes
from roadworthy.wiring.after_looking import AfterLook, Maker
from roadworthy.wiring.loop import loop_of


class Measuring:
    """Says how long an answer was; fails at what it is told to fail at."""

    name = "shift"

    def __init__(self, *, fails: bool = False) -> None:
        self.saw: list[tuple[str, str | None]] = []
        self.fails = fails

    def look(self, seen: Observation, asked: str, left: str | None) -> Noticed | None:
        self.saw.append((asked, left))
        if self.fails:
            raise RuntimeError("no such table")
        return Noticed(shift=Shift(reference="sha256:r", score=float(len(left or ""))))

    def missed(self, why: str) -> Noticed | None:
        return Noticed(shift=Shift(reference="sha256:r", unseen=why))

    def made(self, content: ReleaseContent) -> Measuring:
        return self


class Desk:
    """A live system, what left it, and the look after."""

    def __init__(self, root: Path) -> None:
        self.loop = loop_of(write_live_system(root, "http://127.0.0.1:9").workspace)
        self.answers = Answers(self.loop)

    def look(self, *makers: Maker) -> AfterLook:
        workspace = Workspace(self.loop.workspace.root)
        return AfterLook(workspace, self.answers.vault, segment_mb=64, makers=makers)

    def outcomes(self, seen: Observation) -> list[Outcome]:
        records = told(self.loop.workspace.journal, seen.id)
        return [each.outcome for each in records if each.outcome is not None]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_what_is_seen_is_joined_by_id_and_holds_no_words(desk: Desk) -> None:
    seen = await desk.answers.leave("a fine answer")
    looker = Measuring()
    after = desk.look(looker.made)
    after.round()
    after.close()
    assert looker.saw == [("dear desk", "a fine answer")]
    (said,) = desk.outcomes(seen)
    assert said.reporter == "look:shift"
    assert said.shift == Shift(reference="sha256:r", score=13.0)
    assert with_outcomes(seen, [said]).shift == said.shift
    (own,) = [path for path in segments(desk.loop.workspace.journal) if "-looks-" in path.name]
    assert b"fine answer" not in own.read_bytes()
    assert seal_segment(own) is not None


async def test_a_restart_goes_on_where_it_was_and_reads_nothing_twice(desk: Desk) -> None:
    first = await desk.answers.leave("one")
    after = desk.look(Measuring().made)
    after.round()
    after.close()
    second = await desk.answers.leave("two")
    again = Measuring()
    after = desk.look(again.made)
    after.round()
    after.close()
    assert again.saw == [("dear desk", "two")]
    assert [len(desk.outcomes(each)) for each in (first, second)] == [1, 1]


async def test_a_crash_before_the_marks_says_the_same_again_and_harms_nothing(desk: Desk) -> None:
    seen = await desk.answers.leave("one")
    gone = desk.look(Measuring().made)
    gone.round()
    assert gone._remarks._segment is not None
    gone._remarks._segment.abandon()  # killed: no end, no marks
    recover(desk.loop.workspace.journal, vault=desk.answers.vault, clock=desk.loop.clock)
    after = desk.look(Measuring().made)
    after.round()
    after.close()
    said = desk.outcomes(seen)
    assert len(said) == 2
    assert with_outcomes(seen, said).shift == with_outcomes(seen, said[:1]).shift
    assert all(seal_segment(path) for path in segments(desk.loop.workspace.journal))


async def test_more_answers_than_a_batch_are_each_kept_once(desk: Desk) -> None:
    seen = [await desk.answers.leave(str(number)) for number in range(3)]
    after = desk.look(Measuring().made)
    from roadworthy.flows.late import after_looking

    assert after_looking.BATCH > 3
    looking = after._looking
    for _ in range(4):
        looking.round(looks=True, batch=2)
    after.close()
    assert [len(desk.outcomes(each)) for each in seen] == [1, 1, 1]


async def test_a_looker_that_fails_is_said_and_the_others_look(desk: Desk) -> None:
    seen = await desk.answers.leave("one")
    other = Measuring()
    after = desk.look(Measuring(fails=True).made, other.made)
    after.round()
    after.close()
    assert "no such table" in after.fault
    assert other.saw == [("dear desk", "one")]
    unseen = [each.shift.unseen for each in desk.outcomes(seen) if each.shift is not None]
    assert unseen == ["RuntimeError: no such table", ""]


async def test_what_cannot_be_written_is_written_later_and_is_a_fault_until_then(
    desk: Desk,
) -> None:
    seen = await desk.answers.leave("one")
    after = desk.look(Measuring().made)
    folder = desk.loop.workspace.journal
    blocked = folder.with_name("elsewhere")
    keep, after._remarks._folder = after._remarks._folder, blocked / "no" / "folder"
    blocked.write_text("a file where a folder should be")
    assert after.round() > 0
    assert after.fault
    assert not after._looking.marks
    after._remarks._folder = keep
    after.round()
    after.close()
    assert not after.fault
    assert len(desk.outcomes(seen)) == 1


async def test_erased_texts_are_not_learned_from(desk: Desk) -> None:
    seen = await desk.answers.leave("one", tenant="acme")
    desk.answers.vault.erase(tenant="acme")
    looker = Measuring()
    after = desk.look(looker.made)
    after.round()
    after.close()
    assert looker.saw == []
    assert desk.outcomes(seen) == []


async def test_without_a_looker_no_segment_is_begun(desk: Desk) -> None:
    await desk.answers.leave("one")
    after = desk.look(lambda content: None)
    after.round()
    after.close()
    journal = desk.loop.workspace.journal
    assert not [path for path in segments(journal) if "-looks-" in path.name]
    assert os.listdir(journal)


async def test_the_control_process_says_what_it_could_not_look_at(desk: Desk) -> None:
    from roadworthy.gateway.control import ControlState

    state = ControlState()
    state.followed = ("`shift` could not look", "")
    said = msgspec.json.decode(state.body())
    assert said["ready"] is False and "could not look" in said["fault"]


def test_no_caller_can_say_what_we_saw() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"observation":"x","shift":{"score":1}}', type=OutcomeBody)


def test_the_segments_are_read_as_all_others(desk: Desk) -> None:
    from roadworthy.journal import Remarks

    folder = desk.loop.workspace.journal
    remarks = Remarks(folder, writer="looks", clock=desk.loop.clock, segment_mb=1)
    note = "x" * 400_000
    said = [
        Outcome(observation=str(number), time="2026-11-22T10:00:00Z", reporter="look:x", note=note)
        for number in range(4)
    ]
    for each in said:
        remarks.keep([each])
    remarks.keep([])
    remarks.close()
    paths = [path for path in segments(folder) if "-looks-" in path.name]
    assert len(paths) == 2
    kinds = [placed.record.kind for path in paths for placed in read_segment(path)]
    assert kinds == ["begin", *["outcome"] * 3, "end", "begin", "outcome", "end"]
