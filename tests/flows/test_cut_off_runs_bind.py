"""A violation that was seen is in the ledger: no file that is cut or removed takes it away."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doubles.lucky_desk import Lucky
from roadworthy.domain import Entry, EvidenceError, GateDecision, Verdict, VerificationError
from roadworthy.evaluation import Limits, RunFile, plan, read_run
from roadworthy.flows.runs.evaluating import Asked, evaluate, seal_of
from roadworthy.manifests import load_system
from roadworthy.release import pin

ONE_BY_ONE = Asked(cache=False, limits=Limits(concurrency=1))


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def lucky(tmp_path: Path) -> Lucky:
    return Lucky(tmp_path / "desk")


async def killed(lucky: Lucky, luck: str, after: int) -> Path:
    """A run that is killed when so many questions were asked; its file."""
    lucky.desk.write("luck", luck)
    deps = lucky.desk.deps()
    left = [after]

    def new_id() -> str:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return deps.new_id()

    with pytest.raises(Killed):
        await evaluate(
            load_system(lucky.desk.root), ONE_BY_ONE, msgspec.structs.replace(deps, new_id=new_id)
        )
    (path,) = lucky.desk.loop().workspace.runs.glob("*.jsonl")
    return path


def seen(lucky: Lucky) -> list[Entry]:
    return list(lucky.desk.loop().ledger.entries(kind="run.violated"))


def never(decision: GateDecision) -> Verdict:
    return next(item.verdict for item in decision.slos if item.name == "never_events")


async def test_a_violation_is_entered_before_its_row_is_written(lucky: Lucky) -> None:
    path = await killed(lucky, "bad", after=60)
    (entry,) = seen(lucky)
    (row,) = entry.payload["seen"]
    assert (entry.payload["run"], row["case"]) == (path.stem, "leak")
    assert row["never"] == [{"event": "hurt-alone", "found_by": "label"}]


async def test_it_stays_when_the_file_of_the_run_that_saw_it_is_removed(lucky: Lucky) -> None:
    (await killed(lucky, "bad", after=60)).unlink()
    decision = await lucky.again(Asked(cache=False, fresh=True))
    assert (decision.decision, never(decision)) == (Verdict.FAIL, Verdict.FAIL)
    assert "a later run does not undo it" in " ".join(decision.reasons)


async def test_it_stays_when_its_line_is_cut_and_the_run_goes_on_in_luck(lucky: Lucky) -> None:
    path = await killed(lucky, "bad", after=60)
    head, _, rows = path.read_text().partition("\n")
    assert '"violation"' in rows
    path.write_text(head + "\n")
    decision = await lucky.again(ONE_BY_ONE)
    assert decision.run == path.stem, "the same run went on"
    assert (decision.decision, never(decision)) == (Verdict.FAIL, Verdict.FAIL)


async def test_a_run_that_began_and_lost_its_rows_leaves_the_gate_open_ended(lucky: Lucky) -> None:
    (await killed(lucky, "good", after=40)).unlink()
    assert seen(lucky) == []
    decision = await lucky.again(Asked(cache=False, fresh=True))
    assert (decision.decision, never(decision)) == (Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE)
    assert "is gone or changed" in " ".join(decision.reasons)


async def test_a_run_whose_file_is_gone_is_not_begun_again_under_its_name(lucky: Lucky) -> None:
    path = await killed(lucky, "bad", after=60)
    path.unlink()
    with pytest.raises(VerificationError, match="rows of a run that was begun") as caught:
        await lucky.run("good", ONE_BY_ONE)
    assert "--fresh" in caught.value.fix and not path.exists()


async def test_a_run_killed_before_its_first_question_goes_on(lucky: Lucky) -> None:
    await killed(lucky, "good", after=0)
    assert (await lucky.again(ONE_BY_ONE)).decision is Verdict.PASS


async def test_a_violation_that_cannot_be_entered_is_no_row_either(lucky: Lucky) -> None:
    violating = await lucky.run("bad")
    system = load_system(lucky.desk.root)
    planned = plan(system, pin(system)).at_attempt(7)
    path = violating.run_file.with_name("other.jsonl")

    def full(_: object) -> None:
        raise EvidenceError("the ledger cannot be written")

    row = next(each for each in read_run(violating.run_file) if each.never)
    seal = seal_of(lucky.desk.loop())
    with (
        pytest.raises(EvidenceError),
        RunFile(path, planned, seal=seal, on_violations=full) as file,
    ):
        file.append(row)
        file.flush()
    assert '"violation"' not in path.read_text()
