"""What is live is what the ledger says was activated last, whatever the routing table says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from doubles.live_system import go_live, write_live_system
from doubles.street import Street
from roadworthy.domain import EvidenceError, RefusedError, Route
from roadworthy.flows.brakes.stopping import recording
from roadworthy.flows.journals.holding import keeping
from roadworthy.flows.releasing import releasing
from roadworthy.flows.releasing.live_routes import (
    ledger_routes,
    put_back_routes,
    strayed_routes,
)
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import read_table
from roadworthy.flows.workspace.trusting import locked
from roadworthy.gateway.supervisor import only_one
from roadworthy.serving import editing
from roadworthy.wiring.control import Control
from roadworthy.wiring.loop import loop_of
from roadworthy.wiring.plan import Plan
from roadworthy_verify.path import verify_path


@pytest.fixture
def loop(tmp_path: Path) -> Loop:
    return loop_of(write_live_system(tmp_path, "http://127.0.0.1:9/v1").workspace)


def a_second_release(loop: Loop) -> str:
    rails = loop.workspace.root.parent / "rails.yaml"
    rails.write_text(rails.read_text().replace("xyzzy", "plugh"))
    return go_live(loop.workspace.root.parent, loop_of(loop.workspace))


def routes(loop: Loop) -> dict[str, Route]:
    return read_table(loop.workspace.routing).routes


def edit(loop: Loop, changed: dict[str, Route]) -> None:
    """As somebody with the files in hand does it: forward, so that no worker balks."""
    table = read_table(loop.workspace.routing)
    table = msgspec.structs.replace(table, version=table.version + 1, routes=changed)
    loop.workspace.routing.write_bytes(msgspec.json.encode(table))


def a_control(loop: Loop) -> Control:
    root = str(loop.workspace.root.parent)
    return Control(Plan(workspace=str(loop.workspace.root), roots={"": root}))


def test_a_release_that_was_replaced_is_not_brought_back_by_an_edit(
    loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    old = routes(loop)
    live = a_second_release(loop)
    right, control = routes(loop), a_control(loop)
    control.round()
    assert old != right
    edit(loop, old)
    version = read_table(loop.workspace.routing).version
    control.round()
    table = read_table(loop.workspace.routing)
    assert (table.routes, table.version) == (right, version + 1)
    assert live in caplog.text and old["letters"].live in caplog.text
    (entry,) = loop.ledger.entries(kind="route.put_back")
    assert (entry.system, entry.subject) == ("letters", live)
    assert entry.payload["found"] == old["letters"].live


@pytest.mark.parametrize("how", ["missing", "path", "added", "no table"])
def test_a_route_that_says_otherwise_is_put_back(loop: Loop, how: str) -> None:
    right = routes(loop)
    route = right["letters"]
    if how == "no table":
        loop.workspace.routing.unlink()
    else:
        edit(
            loop,
            {
                "missing": {},
                "path": {"letters": msgspec.structs.replace(route, path="releases/other")},
                "added": right | {"other": msgspec.structs.replace(route, system="other")},
            }[how],
        )
    assert [each.system for each in put_back_routes(loop)] == [
        "other" if how == "added" else "letters"
    ]
    assert routes(loop) == right
    assert put_back_routes(loop) == []


def test_a_route_that_nobody_touched_publishes_nothing(loop: Loop) -> None:
    before, size = loop.workspace.routing.read_bytes(), loop.ledger.size()
    assert put_back_routes(loop) == []
    assert (loop.workspace.routing.read_bytes(), loop.ledger.size()) == (before, size)


def test_an_activation_under_way_is_waited_for_and_not_fought(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is entered, and not in the table yet: whoever puts back waits for the activation."""
    entered, done = threading.Event(), threading.Event()
    publish, found = releasing.publish, []

    def slowly(*args: object) -> object:
        entered.set()
        assert not done.wait(0.1), "it was put back while the activation was under way"
        return publish(*args)  # type: ignore[arg-type]

    def put_back() -> None:
        entered.wait()
        found.extend(put_back_routes(loop_of(loop.workspace)))
        done.set()

    monkeypatch.setattr(releasing, "publish", slowly)
    thread = threading.Thread(target=put_back)
    thread.start()
    live = a_second_release(loop)
    thread.join()
    assert found == []
    assert routes(loop)["letters"].live == live


def test_an_activation_that_was_cut_short_is_completed_once(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(releasing, "publish", _killed)
        a_second_release(loop)
    a_control(loop).round()
    entry = loop.ledger.newest(kind="release.activated", system="letters")
    assert entry is not None
    assert routes(loop)["letters"].live == entry.subject
    bundle = loop.workspace.root / str(entry.payload["path"])
    signer = loop.keyring.signer("cleo")
    releasing.activate_release(
        bundle, loop_of(loop.workspace), root=loop.workspace.root.parent, signer=signer
    )
    assert loop.ledger.newest(kind="release.activated", system="letters") == entry


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_the_verifier_waits_for_an_activation_that_is_under_way(
    loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its entry is there and its table is not: nobody edited anything."""
    seen, publish = [], releasing.publish

    def look() -> None:
        seen.append(verify_path(loop.workspace.root))

    def late(*args: object) -> object:
        thread.start()
        thread.join(0.5)
        assert thread.is_alive(), "it did not wait"
        return publish(*args)  # type: ignore[arg-type]

    thread = threading.Thread(target=look)
    monkeypatch.setattr(releasing, "publish", late)
    a_second_release(loop)
    thread.join()
    (report,) = seen
    assert report.ok, report.fault


def test_what_strayed_is_seen_without_writing(loop: Loop) -> None:
    edit(loop, {})
    before = loop.workspace.routing.read_bytes()
    table = read_table(loop.workspace.routing)
    assert strayed_routes(table, ledger_routes(loop)) == ["letters"]
    assert loop.workspace.routing.read_bytes() == before


async def test_no_route_is_no_way_to_lift_what_the_live_release_has_not_learned(
    tmp_path: Path,
) -> None:
    street = Street(tmp_path / "desk")
    incident = street.leaks(await street.live("old"))
    edit(street.desk.loop(), {})
    with pytest.raises(RefusedError, match=incident.id):
        street.resume(incident.id)


def _serve(loop: Loop) -> object:
    return only_one(loop.workspace.root, "http://127.0.0.1:9")


def _keys(loop: Loop) -> object:
    return editing(loop.workspace.tenants, loop.workspace.lock)


LOCKS: dict[str, Callable[[Loop], object]] = {
    "serving/records.lock": recording,
    "serving/gateway.lock": _serve,
    "serving/lock": _keys,
    "journal/keeping.lock": keeping,
    "trust.lock": lambda loop: locked(loop.workspace),
}


@pytest.mark.parametrize("name", LOCKS)
def test_a_link_in_the_place_of_a_lock_is_refused_and_what_it_leads_to_stays(
    loop: Loop, name: str
) -> None:
    lock = loop.workspace.root / name
    lock.unlink(missing_ok=True)
    lock.parent.mkdir(exist_ok=True)
    lock.symlink_to(loop.workspace.ledger)
    before = loop.workspace.ledger.read_bytes()
    with pytest.raises((OSError, EvidenceError), match="it is a link"), LOCKS[name](loop):  # type: ignore[attr-defined]
        pass
    assert loop.workspace.ledger.read_bytes() == before
