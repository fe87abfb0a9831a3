"""`roadworthy status` by its output and exit code: what nobody looked at is not well."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
import pytest

from doubles.live_system import write_live_system
from doubles.set_clock import SetClock
from roadworthy.cli import VERBS
from roadworthy.cli.dispatch import run
from roadworthy.domain import (
    DRILL_TENANT,
    Draft,
    KillFlag,
    Mitigation,
    ObjectiveStanding,
    Standings,
    Verdict,
    format_instant,
)
from roadworthy.flows.rollouts.standings import keep_standings
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import publish
from roadworthy.ledger import open_ledger


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return write_live_system(tmp_path, "http://127.0.0.1:9/v1")


def seen(loop: Loop, *, ago_s: float = 0, **fields: Any) -> None:
    at = format_instant(loop.clock.now() - dt.timedelta(seconds=ago_s))
    given = {"verdict": Verdict.PASS, "estimate": 0.01, "n": 200, **fields}
    one = ObjectiveStanding(
        system="letters", release="r", objective="error_rate", target="<= 0.1", since=at, **given
    )
    keep_standings(loop.workspace, Standings(at=at, rows=200, objectives=(one,)))


def status(root: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, Any]:
    code = run(VERBS, ["status", str(root), "--json"])
    return code, msgspec.json.decode(capsys.readouterr().out)


def test_what_passed_a_moment_ago_passes(
    tmp_path: Path, loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    seen(loop)
    code, said = status(tmp_path, capsys)
    assert (code, said["stale"], said["objectives"][0]["verdict"]) == (0, False, "PASS")


def test_what_passed_before_everybody_stopped_looking_is_undecided(
    tmp_path: Path, loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    seen(loop, ago_s=3600)
    code, said = status(tmp_path, capsys)
    assert (code, said["stale"]) == (4, True)
    assert run(VERBS, ["status", str(tmp_path)]) == 4
    assert "nobody has looked since" in capsys.readouterr().out


def test_what_cannot_be_judged_is_undecided(
    tmp_path: Path, loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    seen(loop, verdict=Verdict.ERROR)
    assert status(tmp_path, capsys)[0] == 4


def test_a_mitigation_of_a_release_before_is_said(
    tmp_path: Path, loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    seen(loop)
    found = Mitigation(
        id="mitigation-1", kind="rollback", system="letters", objective="o", reason="r", at=""
    )
    publish(loop.workspace, lambda t: msgspec.structs.replace(t, mitigations=(found,)), loop.clock)
    code, said = status(tmp_path, capsys)
    assert (code, [each["id"] for each in said["mitigations"]]) == (3, ["mitigation-1"])


def test_a_brake_that_was_never_drilled_is_said_and_decides_nothing(
    tmp_path: Path, loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    seen(loop)
    code, said = status(tmp_path, capsys)
    assert code == 0
    assert [(each["drill"], each["state"]) for each in said["drills"]] == [
        ("kill", "never"),
        ("rollback", "never"),
    ]
    assert run(VERBS, ["status", str(tmp_path)]) == 0
    assert "kill of letters was never drilled" in capsys.readouterr().out


def test_the_switch_of_a_drill_is_nobodys_trouble(
    tmp_path: Path, loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    seen(loop)
    flag = KillFlag(
        id="drill-1",
        scope="tenant",
        value=DRILL_TENANT,
        system="letters",
        reason="r",
        by="x",
        at="",
    )
    safe = Mitigation(
        id="drill-2", kind="rollback", system="letters", facets={"tenant": DRILL_TENANT},
        objective="drill", reason="r", at="",
    )  # fmt: skip
    publish(
        loop.workspace,
        lambda t: msgspec.structs.replace(t, kills=(flag,), mitigations=(safe,)),
        loop.clock,
    )
    code, said = status(tmp_path, capsys)
    assert (code, said["kills"], said["mitigations"]) == (0, [], [])


def test_a_review_that_is_overdue_is_undecided_and_says_since_when(
    tmp_path: Path, loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is dated by the activation: nobody ever recorded one. The ledger is 40 days on by now."""
    seen(loop)
    assert status(tmp_path, capsys)[1]["reviews"][0]["state"] == "later"
    ahead = open_ledger(
        database=loop.workspace.ledger, checkpoints=loop.workspace.checkpoints,
        clock=SetClock((loop.clock.now() + dt.timedelta(days=40)).isoformat()),
        keys=loop.workspace.keys,
    )  # fmt: skip
    ahead.record(Draft(system="", kind="journal.noted", subject="s", actor=loop.machine,
                       payload={}))  # fmt: skip
    code, said = status(tmp_path, capsys)
    (review,) = said["reviews"]
    assert (code, review["system"], review["state"]) == (4, "letters", "overdue")
    run(VERBS, ["status", str(tmp_path)])
    told = " ".join(capsys.readouterr().out.split())
    assert f"monthly review of letters is overdue for {-review['days']} days" in told
