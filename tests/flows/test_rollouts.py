"""A rollout step by step: what moves it on, what ends it, and what holds it."""

from __future__ import annotations

import shutil
import threading
import time
from pathlib import Path

import msgspec
import pytest

from doubles.answers_kept import AheadClock, leave, say
from doubles.live_system import go_live, write_live_system
from doubles.rolled_out import CANARY, roll_out, second_release
from roadworthy.domain import (
    AccessError,
    EvidenceError,
    NeverRecord,
    Observation,
    Outcome,
    RefusedError,
    Rolling,
    UndecidedError,
    UsageError,
    format_instant,
)
from roadworthy.flows.entries.rolling import rollouts_of, under_way
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.flows.releasing.live_routes import put_back_arms
from roadworthy.flows.rollouts.evidence import Drawn, evidence_path, read_looked
from roadworthy.flows.rollouts.moving import (
    hold,
    promote,
    roll_back,
    start_rollout,
    status,
    stop_by_hand,
)
from roadworthy.flows.rollouts.watch import RolloutWatch
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import publish, read_table
from roadworthy.wiring.clock import new_id
from roadworthy.wiring.control import Control
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.plan import Plan


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    write_live_system(tmp_path, "http://127.0.0.1:9/v1")
    found = loop_of_root(tmp_path)
    return msgspec.structs.replace(found, clock=AheadClock())


def loop_of_root(root: Path) -> Loop:
    from roadworthy.manifests import Workspace

    return loop_of(Workspace((root / ".roadworthy").resolve()))


def by(loop: Loop, name: str = "cleo"):
    return loop.keyring.signer(name)


def watch(loop: Loop) -> RolloutWatch:
    return RolloutWatch(loop, objectives=lambda *_: (), warn=lambda _: None)


def route(loop: Loop):
    return read_table(loop.workspace.routing).routes["letters"]


def answers(loop: Loop, rolling: Rolling, n: int, *, bad_live: float, bad_new: float, start=0):
    """Live and new answers in turn, some of them failed; each a session of its own."""
    now = format_instant(loop.clock.now())
    for place in range(start, start + n):
        new = place % 2 == 1
        every = bad_new if new else bad_live
        failed = every > 0 and (place // 2) % round(1 / every) == 0
        yield Observation(
            id=new_id(), time=now, system="letters", tenant="acme",
            release=rolling.release if new else rolling.baseline,
            stage="canary" if new else "live", session=f"s{place}",
            status="error" if failed else "ok", action="fallback" if failed else "answered",
        )  # fmt: skip


def test_it_begins_at_the_first_step_beside_what_is_live(tmp_path: Path, loop: Loop) -> None:
    live = route(loop).live
    rolling = roll_out(tmp_path, loop)
    arm = route(loop).arm
    assert arm is not None
    assert (arm.release, arm.share, arm.kind, arm.sticky) == (
        rolling.release, 0.5, "canary", "session",
    )  # fmt: skip
    assert (route(loop).live, rolling.baseline, rolling.step) == (live, live, 0)
    assert rollouts_of(loop) == {rolling.id: rolling}, "the ledger tells the same"


def test_who_does_not_operate_begins_nothing(tmp_path: Path, loop: Loop) -> None:
    path, _ = second_release(tmp_path, loop)
    with pytest.raises(AccessError):
        start_rollout(path, loop_of(loop.workspace), root=tmp_path, signer=by(loop, "bob"))
    assert route(loop).arm is None


def test_there_is_one_at_a_time_and_nothing_goes_live_beside_it(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop)
    path = loop.workspace.root / rolling.path
    with pytest.raises(RefusedError, match="under way"):
        start_rollout(path, loop_of(loop.workspace), root=tmp_path, signer=by(loop))
    (tmp_path / "candidate.yaml").write_text(
        (tmp_path / "candidate.yaml").read_text().replace("max_tokens: 32", "max_tokens: 16")
    )
    with pytest.raises(RefusedError, match="rolls"):
        go_live(tmp_path, loop_of(loop.workspace))


def test_nothing_is_rolled_out_without_a_plan(tmp_path: Path, loop: Loop) -> None:
    path, _ = second_release(tmp_path, loop, plan="strategy: canary\nsteps: []\n")
    with pytest.raises(UsageError, match="no rollout plan"):
        start_rollout(path, loop_of(loop.workspace), root=tmp_path, signer=by(loop))


def test_without_proof_nobody_moves_on_but_by_a_reason(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop)
    loop.clock.ahead_s = 5.0  # type: ignore[attr-defined]
    with pytest.raises(UndecidedError, match="nothing is proven"):
        promote(loop, "letters", root=tmp_path, signer=by(loop))
    moved, live = promote(loop, "letters", root=tmp_path, signer=by(loop), reason="a quiet day")
    assert (moved.step, live, moved.reason) == (1, None, "a quiet day")
    assert route(loop).arm.share == 1.0
    over, live = promote(loop, "letters", root=tmp_path, signer=by(loop), reason="and on")
    assert over.state == "promoted" and live is not None and live.digest == rolling.release
    assert (route(loop).live, route(loop).arm) == (rolling.release, None)
    assert route(loop).baseline == rolling.baseline, "what was live is what one falls back on"


def test_roll_back_lets_the_baseline_go_live(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop)
    for _ in range(2):
        promote(loop, "letters", root=tmp_path, signer=by(loop), reason="go")
    assert roll_back(loop, "letters", root=tmp_path, signer=by(loop)).digest == rolling.baseline
    assert route(loop).live == rolling.baseline


async def test_twenty_requests_decide_nothing(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop)
    await leave(loop, answers(loop, rolling, 20, bad_live=0, bad_new=0.5))
    assert watch(loop).round() == 1
    looked = read_looked(loop.workspace, rolling.id)
    assert looked is not None and looked.verdict == "undecided"
    assert route(loop).arm is not None and under_way(loop)["letters"].step == 0


async def test_proof_and_time_move_it_on_by_itself(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop)
    looking = watch(loop)
    await leave(loop, answers(loop, rolling, 400, bad_live=0, bad_new=0))
    looking.round()
    assert under_way(loop)["letters"].step == 0, "the step has not lasted"
    loop.clock.ahead_s = 5.0  # type: ignore[attr-defined]
    looking.round()
    moved = under_way(loop)["letters"]
    assert (moved.step, moved.by) == (1, loop.machine)
    assert route(loop).arm.share == 1.0
    looking.round()
    assert not under_way(loop)["letters"].over, "going live is for a person"


async def test_proof_of_harm_ends_it_and_the_ledger_says_why(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop)
    await leave(loop, answers(loop, rolling, 400, bad_live=0.05, bad_new=0.5))
    watch(loop).round()
    assert route(loop).arm is None and route(loop).live == rolling.baseline
    over = rollouts_of(loop)[rolling.id]
    assert over.state == "aborted" and over.reason.startswith("error_rate")
    (incident,) = incidents_of(loop, "letters").values()
    assert (incident.rollout, incident.release) == (rolling.id, rolling.release)
    assert incident.state == "contained" and incident.severity == "medium"
    watch(loop).round()
    assert len(incidents_of(loop, "letters")) == 1
    with pytest.raises(UsageError, match="no rollout"):
        promote(loop, "letters", root=tmp_path, signer=by(loop), reason="all the same")


async def test_one_violation_of_the_new_release_ends_it(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop)
    rows = list(answers(loop, rolling, 2, bad_live=0, bad_new=0))
    never = (NeverRecord(event="insults", kind="violation", found_by="late_rule:insults"),)
    await leave(loop, [rows[0], msgspec.structs.replace(rows[1], never=never)])
    watch(loop).round()
    assert rollouts_of(loop)[rolling.id].state == "aborted"
    assert not incidents_of(loop, "letters"), "who enters the violation opens its incident"


async def test_what_a_late_rule_finds_of_the_new_release_ends_it(
    tmp_path: Path, loop: Loop
) -> None:
    """Late rules tell the ledger, not the journal; the canary goes on nowhere."""
    rolling = roll_out(tmp_path, loop)
    (row,) = [each for each in answers(loop, rolling, 2, bad_live=0, bad_new=0)][1:]
    await leave(loop, [msgspec.structs.replace(row, output="you fool")])
    control = Control(Plan(workspace=str(loop.workspace.root), roots={"": str(tmp_path)}))
    control.look()
    control.enter()
    watch(loop).round()
    over = rollouts_of(loop)[rolling.id]
    assert over.state == "aborted" and "never event" in over.reason
    assert route(loop).arm is None


async def test_what_is_found_of_the_live_release_ends_no_rollout(
    tmp_path: Path, loop: Loop
) -> None:
    rolling = roll_out(tmp_path, loop)
    (row, _) = answers(loop, rolling, 2, bad_live=0, bad_new=0)
    await leave(loop, [msgspec.structs.replace(row, output="you fool")])
    control = Control(Plan(workspace=str(loop.workspace.root), roots={"": str(tmp_path)}))
    control.look()
    control.enter()
    watch(loop).round()
    assert not rollouts_of(loop)[rolling.id].over


async def test_a_restart_changes_no_verdict_and_counts_nothing_twice(
    tmp_path: Path, loop: Loop
) -> None:
    rolling = roll_out(tmp_path, loop)
    await leave(loop, answers(loop, rolling, 120, bad_live=0, bad_new=0))
    watch(loop).round()
    before = read_looked(loop.workspace, rolling.id)
    watch(loop).round()
    assert read_looked(loop.workspace, rolling.id) == before
    await leave(loop, answers(loop, rolling, 120, bad_live=0, bad_new=0, start=120))
    watch(loop).round()
    after = read_looked(loop.workspace, rolling.id)
    assert before is not None and after is not None
    assert after.comparisons[0].new_n == 2 * before.comparisons[0].new_n == 120


async def test_many_answers_of_one_session_prove_what_one_does(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop)
    rows = [
        msgspec.structs.replace(row, session=f"s{place % 2}")
        for place, row in enumerate(answers(loop, rolling, 400, bad_live=0, bad_new=1.0))
    ]
    await leave(loop, rows)
    watch(loop).round()
    looked = read_looked(loop.workspace, rolling.id)
    assert looked is not None and looked.verdict == "undecided"
    assert looked.comparisons[0].new == 1.0, "it is shown all the same"


async def test_evidence_that_cannot_be_read_holds_it(tmp_path: Path, loop: Loop) -> None:
    """Fails closed: nothing is proven, nothing moves, and it is said."""
    rolling = roll_out(tmp_path, loop)
    path = evidence_path(loop.workspace, rolling.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{half")
    with pytest.raises(Exception, match="damaged"):
        watch(loop).round()
    loop.clock.ahead_s = 5.0  # type: ignore[attr-defined]
    with pytest.raises(UndecidedError):
        promote(loop, "letters", root=tmp_path, signer=by(loop))


async def test_what_was_decided_is_done_although_the_ledger_was_locked(
    tmp_path: Path, loop: Loop
) -> None:
    """The table first: a crash between the two leaves nobody with the bad release."""
    rolling = roll_out(tmp_path, loop)
    await leave(loop, answers(loop, rolling, 400, bad_live=0, bad_new=0.5))
    from roadworthy.flows.workspace.waiting import held

    hurried = msgspec.structs.replace(loop, patience_s=0.05)
    with held(loop.workspace.serving / "records.lock", 1.0), pytest.raises(Exception, match="lock"):
        watch(hurried).round()
    assert route(loop).arm is None and not rollouts_of(loop)[rolling.id].over
    assert put_back_arms(loop) == [], "an arm that was taken off is not put back"
    watch(loop).round()
    assert rollouts_of(loop)[rolling.id].state == "aborted"


async def test_a_session_proves_once_however_often_the_control_process_starts(
    tmp_path: Path, loop: Loop
) -> None:
    rolling = roll_out(tmp_path, loop)
    for _ in range(40):
        pair = answers(loop, rolling, 2, bad_live=0, bad_new=1.0)
        await leave(loop, pair)
        watch(loop).round()
    looked = read_looked(loop.workspace, rolling.id)
    assert looked is not None and looked.verdict == "undecided"
    assert looked.comparisons[0].new_n == 40, "they are shown all the same"


def test_whose_answers_were_compared_is_known_again_after_half_a_write(tmp_path: Path) -> None:
    path = tmp_path / "r.drawn"
    drawn = Drawn(path, most=4)
    assert drawn.first("a") and drawn.first("b") and not drawn.first("a")
    drawn.keep()
    path.write_bytes(path.read_bytes() + b"half")  # killed while it wrote
    again = Drawn(path, most=4)
    assert not again.first("a") and not again.first("b") and again.first("c")
    again.keep()
    assert not Drawn(path, most=4).first("c")
    for place in range(100):
        again.first(f"s{place}")
        again.keep()
    assert path.stat().st_size <= 80, "it does not grow with the traffic"
    assert not Drawn(path, most=4).first("s99")


async def test_one_rollout_that_cannot_be_looked_at_keeps_no_other_from_its_end(
    tmp_path: Path, loop: Loop
) -> None:
    rolling = roll_out(tmp_path, loop)
    await leave(loop, answers(loop, rolling, 400, bad_live=0, bad_new=0.5))
    looker = watch(loop)
    other = msgspec.structs.replace(rolling, id="rollout-0", system="another")
    looker._rollouts = {"another": other, "letters": rolling}
    looker._seen = loop.ledger.size()
    path = evidence_path(loop.workspace, other.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{half")
    with pytest.raises(EvidenceError, match="damaged"):
        looker.round()
    assert rollouts_of(loop)[rolling.id].state == "aborted" and route(loop).arm is None


async def test_harm_is_taken_off_although_nobody_can_read_the_ledger(
    tmp_path: Path, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    rolling = roll_out(tmp_path, loop)
    looker = watch(loop)
    looker.round()
    await leave(loop, answers(loop, rolling, 400, bad_live=0, bad_new=0.5))

    def broken(self: object, *args: object, **named: object) -> int:
        raise EvidenceError("the ledger is damaged")

    with monkeypatch.context() as patched:
        for name in ("size", "entries", "append"):
            patched.setattr(type(loop.ledger.store), name, broken, raising=False)
        with pytest.raises(EvidenceError):
            looker.round()
        assert route(loop).arm is None
    looker.round()
    assert rollouts_of(loop)[rolling.id].state == "aborted"


async def test_harm_is_taken_off_although_the_evidence_cannot_be_kept(
    tmp_path: Path, loop: Loop
) -> None:
    """A full disk: the table has room of its own."""
    rolling = roll_out(tmp_path, loop)
    looker = watch(loop)
    looker.round()
    await leave(loop, answers(loop, rolling, 400, bad_live=0, bad_new=0.5))
    folder = evidence_path(loop.workspace, rolling.id).parent
    shutil.rmtree(folder)
    folder.write_text("in the way")
    looker.round()
    assert route(loop).arm is None and rollouts_of(loop)[rolling.id].state == "aborted"


def test_whoever_moves_it_on_while_it_is_aborted_brings_nobody_back(
    tmp_path: Path, loop: Loop
) -> None:
    from roadworthy.flows.rollouts.moving import abort, publish_arm
    from roadworthy.flows.workspace.waiting import held

    rolling = roll_out(tmp_path, loop)
    with held(loop.workspace.serving / "records.lock", 1.0):  # somebody who moves it on
        aborting = threading.Thread(
            target=lambda: abort(
                loop_of(loop.workspace), rolling, signer=by(loop), reason="a person said so"
            )
        )
        aborting.start()
        for _ in range(200):
            if route(loop).arm is None:
                break
            time.sleep(0.02)
        assert route(loop).arm is None
        publish_arm(loop, rolling)
    aborting.join()
    assert route(loop).arm is None and rollouts_of(loop)[rolling.id].state == "aborted"


async def test_what_a_mitigation_did_to_an_answer_is_not_the_release(
    tmp_path: Path, loop: Loop
) -> None:
    rolling = roll_out(tmp_path, loop)
    rows = [
        msgspec.structs.replace(row, mitigation="" if row.stage == "canary" else "mitigation-1")
        for row in answers(loop, rolling, 400, bad_live=0, bad_new=0.5)
    ]
    await leave(loop, rows)
    watch(loop).round()
    looked = read_looked(loop.workspace, rolling.id)
    assert looked is not None and looked.comparisons[0].live_n == 0
    assert not rollouts_of(loop)[rolling.id].over


class StridingClock(AheadClock):
    """An hour goes by at each look at it."""

    strides = 0.0

    def monotonic(self) -> float:
        self.strides += 3600
        return self.strides


async def test_what_is_read_piece_by_piece_counts_once_and_harm_waits_for_no_backlog(
    tmp_path: Path, loop: Loop
) -> None:
    rolling = roll_out(tmp_path, loop)
    await leave(loop, answers(loop, rolling, 60, bad_live=0, bad_new=0))
    looker = watch(msgspec.structs.replace(loop, clock=StridingClock()))
    for _ in range(70):
        looker.round()
    looked = read_looked(loop.workspace, rolling.id)
    assert looked is not None and not looked.why_stopped
    assert (looked.comparisons[0].new_n, looked.comparisons[0].live_n) == (30, 30)
    await leave(loop, answers(loop, rolling, 2000, bad_live=0, bad_new=1.0, start=60))
    for _ in range(200):
        if not route(loop).arm:
            break
        looker.round()
    assert route(loop).arm is None, "of 2000 answers a tenth is proof"


def test_an_edited_arm_is_put_back(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop)
    right = route(loop).arm

    def widen(table):
        wide = msgspec.structs.replace(right, share=1.0)
        changed = msgspec.structs.replace(table.routes["letters"], arm=wide)
        return msgspec.structs.replace(table, routes={"letters": changed})

    publish(loop.workspace, widen, loop.clock)
    (strayed,) = put_back_arms(loop)
    assert rolling.release in strayed.words and route(loop).arm == right


def test_a_pause_holds_and_a_person_ends_it(tmp_path: Path, loop: Loop) -> None:
    rolling = roll_out(tmp_path, loop)
    hold(loop, "letters", signer=by(loop), reason="lunch", paused=True)
    with pytest.raises(UndecidedError, match="paused"):
        promote(loop, "letters", root=tmp_path, signer=by(loop), reason="now")
    assert hold(loop, "letters", signer=by(loop), reason="", paused=False).state == "running"
    assert stop_by_hand(loop, "letters", signer=by(loop), reason="enough").state == "aborted"
    assert not incidents_of(loop, "letters"), "a person says whether it is one: incident open"
    found = status(loop, "letters")
    assert found is not None and (found.rolling.id, found.routed) == (rolling.id, False)


def test_two_act_at_once_and_the_first_counts(tmp_path: Path, loop: Loop) -> None:
    from roadworthy.flows.rollouts.moving import abort, move_on

    rolling = roll_out(tmp_path, loop)
    abort(loop, rolling, signer=by(loop), reason="mine")
    with pytest.raises(UsageError, match="somebody else"):
        move_on(loop, rolling, signer=by(loop, "dan"), looked=None, reason="mine")
    assert rollouts_of(loop)[rolling.id].state == "aborted" and route(loop).arm is None


def test_the_author_does_not_promote_and_two_may_be_wanted(tmp_path: Path, loop: Loop) -> None:
    plan = CANARY.replace("- {weight_percent: 100, bake: 1s}\n", "") + "approvals: {promote: 2}\n"
    roll_out(tmp_path, loop, plan)
    with pytest.raises(UndecidedError, match="1 of 2"):
        promote(loop, "letters", root=tmp_path, signer=by(loop, "cleo"), reason="go")
    with pytest.raises(UndecidedError, match="1 of 2"):
        promote(loop, "letters", root=tmp_path, signer=by(loop, "cleo"), reason="go, go")
    over, live = promote(loop, "letters", root=tmp_path, signer=by(loop, "dan"), reason="go")
    assert over.state == "promoted" and live is not None


async def test_late_labels_count_when_they_come(tmp_path: Path, loop: Loop) -> None:
    plan = CANARY.replace("[error_rate, blocked]", "[accuracy, cost_per_request]")
    rolling = roll_out(tmp_path, loop, plan)
    rows = [
        msgspec.structs.replace(row, decision="billing")
        for row in answers(loop, rolling, 40, bad_live=0, bad_new=0)
    ]
    await leave(loop, rows)
    watch(loop).round()
    looked = read_looked(loop.workspace, rolling.id)
    assert looked is not None and looked.verdict == "no data"
    assert looked.unwatched == ("cost_per_request",)
    await say(
        loop,
        (
            Outcome(
                observation=row.id,
                time=row.time,
                reporter="tenant:acme",
                label="technical" if row.release == rolling.release else "billing",
            )
            for row in rows
        ),
    )
    watch(loop).round()
    looked = read_looked(loop.workspace, rolling.id)
    assert looked is not None
    (accuracy,) = looked.comparisons
    assert (accuracy.live, accuracy.new, accuracy.new_n) == (0.0, 1.0, 20)


def test_a_promotion_that_was_cut_short_is_made_whole(tmp_path: Path, loop: Loop) -> None:
    """Live, and its rollout not over: nothing strayed, and the same command ends it."""
    from roadworthy.flows.releasing.releasing import activate_release

    rolling = roll_out(tmp_path, loop)
    path = loop.workspace.root / rolling.path
    activate_release(path, loop, root=tmp_path, signer=by(loop), ends=rolling.id)
    assert put_back_arms(loop) == [] and under_way(loop)
    for _ in range(2):
        over, live = promote(loop, "letters", root=tmp_path, signer=by(loop), reason="go on")
    assert over.state == "promoted" and live is not None and live.digest == rolling.release
    assert route(loop).baseline == rolling.baseline
