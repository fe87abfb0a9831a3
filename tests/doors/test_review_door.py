"""GET /v1/reviews/ID: pending until people decided, then what they let out, to whom it belongs."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec import structs

from doubles.emergency import a_rail
from doubles.held_answers import SORTER, HeldDesk
from doubles.live_system import a_key
from doubles.recorded_answer import RecordedAnswer
from roadworthy.domain import Draft, KillFlag, Observation, RefusedError
from roadworthy.flows.brakes.stopping import set_kill
from roadworthy.flows.entries.review_entries import DECIDED
from roadworthy.flows.workspace.routing import publish
from roadworthy.gateway.app import App
from roadworthy.gateway.wire import Request
from roadworthy.ledger import sign_draft
from roadworthy.wiring.clock import SystemClock, new_id
from roadworthy.wiring.gateway import Gateway
from roadworthy.wiring.plan import Plan


class ReviewDoor:
    """A worker's door beside the people who decide."""

    def __init__(self, desk: HeldDesk, gateway: Gateway) -> None:
        self.desk = desk
        self.gateway = gateway
        self._app = App(gateway, new_id, max_in_flight=4)
        self._keys = {
            "acme": a_key(desk.loop), "other": a_key(desk.loop, "other"),
            "board": a_key(desk.loop, "board", "outcomes"),
        }  # fmt: skip
        gateway.look_at_tenants()

    async def knock(
        self, path: str, tenant: str = "acme", *, body: object = None
    ) -> tuple[int, dict[str, Any]]:
        headers = {b"authorization": f"Bearer {self._keys[tenant]}".encode()}
        answer = RecordedAnswer()
        request = Request("GET" if body is None else "POST", path, headers)
        self._app.admit(request)
        request.body = msgspec.json.encode(body)
        await self._app.answer(request, answer)
        return answer.status, msgspec.json.decode(answer.data)

    async def asks(self, seen: Observation, tenant: str = "acme") -> tuple[int, dict[str, Any]]:
        return await self.knock(f"/v1/reviews/review-{seen.id}", tenant)


@asynccontextmanager
async def a_door(root: Path, **kinds: Any) -> AsyncIterator[ReviewDoor]:
    desk = HeldDesk(root, **kinds)
    plan = Plan(workspace=str(desk.loop.workspace.root), roots={"": str(root)})
    gateway = Gateway(plan, SystemClock())
    await gateway.start()
    try:
        yield ReviewDoor(desk, gateway)
    finally:
        await gateway.aclose()


async def test_nothing_of_the_answer_is_told_before_people_decided(tmp_path: Path) -> None:
    async with a_door(tmp_path, changes=SORTER) as door:
        seen = await door.desk.hold("motor", decision="motor")
        status, said = await door.asks(seen)
        assert (status, said["status"], said["answer"]) == (200, "pending", None)
        assert "motor" not in str(said), "the machine's decision is what a person must look at"


@pytest.mark.parametrize(
    ("how", "text", "outcome", "answer"),
    [
        ("approve", "", "approved", "Your bill is on its way."),
        ("edit", "It was sent.", "edited", "It was sent."),
        ("refuse", "", "refused", None),
    ],
)
async def test_the_decision_and_its_text_are_told_in_the_same_shape(
    tmp_path: Path, how: str, text: str, outcome: str, answer: str | None
) -> None:
    async with a_door(tmp_path) as door:
        seen = await door.desk.hold()
        _, before = await door.asks(seen)
        door.desk.decides(seen, how, text=text)
        status, said = await door.asks(seen)
        assert (status, said["status"], said["outcome"]) == (200, "decided", outcome)
        assert said["answer"] == answer
        assert said["ai_generated"] == (answer is not None)
        assert said["decided_at"] and said.keys() == before.keys()


async def test_a_decided_label_is_told_with_its_confidence_if_it_is_the_machines(
    tmp_path: Path,
) -> None:
    async with a_door(tmp_path, changes=SORTER) as door:
        kept, changed = [await door.desk.hold("motor", decision="motor") for _ in range(2)]
        door.desk.decides(kept, "approve")
        door.desk.decides(changed, "edit", text="fraud")
        _, said = await door.asks(kept)
        assert (said["decision"], said["confidence"], said["answer"]) == ("motor", 0.4, "motor")
        _, said = await door.asks(changed)
        assert (said["decision"], said["confidence"], said["answer"]) == ("fraud", None, "fraud")


async def test_half_of_two_decisions_tells_nothing(tmp_path: Path) -> None:
    async with a_door(tmp_path, impact="high") as door:
        seen = await door.desk.hold()
        door.desk.decides(seen, "approve", "rosa")
        assert (await door.asks(seen))[1]["status"] == "pending"
        door.desk.decides(seen, "approve", "ravi")
        assert (await door.asks(seen))[1]["answer"] == "Your bill is on its way."


async def test_another_tenant_learns_nothing_not_even_that_it_is_there(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        seen = await door.desk.hold()
        door.desk.decides(seen, "approve")
        left = await door.desk.leave("it left")
        for tenant, about in (("other", seen), ("acme", left)):
            status, said = await door.asks(about, tenant)
            assert (status, said["error"]["code"]) == (404, "not_found")
        assert (await door.asks(seen, "board"))[1]["input"] == "dear desk"
        assert "input" not in (await door.asks(seen))[1]


async def test_what_people_let_out_waits_while_an_emergency_rail_names_it(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        kept, later = await door.desk.hold(), await door.desk.hold()
        door.desk.decides(kept, "approve")
        loop = door.desk.loop
        for action, status in (("hold", 200), ("redact", 503), ("block", 503)):
            rail = a_rail(words=["on its way"], action=action, on="output")
            stand = (rail,)
            publish(
                loop.workspace,
                lambda table, stand=stand: structs.replace(table, emergencies=stand),
                loop.clock,
            )
            door.gateway.look_at_table()
            found, said = await door.asks(kept)
            assert found == status, action
            assert ("on its way" in str(said)) is (status == 200)
        with pytest.raises(RefusedError, match="emergency:stop-it stops this text"):
            door.desk.decides(later, "approve")
        publish(loop.workspace, lambda table: structs.replace(table, emergencies=()), loop.clock)
        door.gateway.look_at_table()
        assert (await door.asks(kept))[0] == 200
        door.desk.decides(later, "approve")


async def test_an_erased_text_is_told_no_more(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        seen = await door.desk.hold()
        door.desk.decides(seen, "approve")
        assert (await door.asks(seen))[1]["answer"]
        door.desk.vault.erase(tenant="acme")
        _, said = await door.asks(seen)
        assert (said["status"], said["answer"], said["erased"]) == ("decided", None, True)


async def test_a_kill_stops_what_people_let_out_until_it_is_lifted(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        first, second = await door.desk.hold(), await door.desk.hold()
        door.desk.decides(first, "approve")
        flag = KillFlag(
            id="k1", scope="slice", value="supplier=S-9", system="letters", reason="r",
            by="x", at=door.desk.now(),
        )  # fmt: skip
        set_kill(flag, door.desk.loop)
        door.gateway.look_at_table()
        status, said = await door.asks(first)
        assert (status, said["error"]["code"]) == (503, "kill_switch")
        assert (await door.asks(second))[1]["status"] == "pending", "that it waits is no secret"
        other = await door.desk.hold(changes={"facets": {"supplier": "S-1"}})
        door.desk.decides(other, "approve")
        assert (await door.asks(other))[1]["answer"]


async def test_a_tenant_cannot_report_a_decision(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        seen = await door.desk.hold()
        reviewed = {"decision": "approve", "overturned": False, "waited_ms": 1.0}
        for forged in ({"reviewed": reviewed}, {"note": "n", "reviewed": reviewed},
                       {"note": "n", "shift": {}}):  # fmt: skip
            for tenant in ("acme", "board"):
                about = {"observation": seen.id, **forged}
                status, _ = await door.knock("/v1/outcomes", tenant, body=about)
                assert status == 400
        said = {"observation": seen.id, "business": {"reviewed": "1"}}
        assert (await door.knock("/v1/outcomes", body=said))[0] == 201
        assert (await door.asks(seen))[1]["status"] == "pending"


async def test_a_forged_entry_closes_the_answer(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        seen = await door.desk.hold()
        cleo = door.desk.acting("cleo")  # an operator
        draft = Draft(
            system="letters", kind=DECIDED, subject=seen.id,
            actor=f"person:{cleo.key.key_id}", payload={"decision": "approve"},
        )  # fmt: skip
        door.desk.loop.ledger.record(sign_draft(draft, cleo.signer))
        status, said = await door.asks(seen)
        assert status == 503 and "counts for nothing" in said["error"]["message"]


async def test_one_signature_is_not_enough_where_two_are_asked_for(tmp_path: Path) -> None:
    async with a_door(tmp_path, impact="high") as door:
        seen = await door.desk.hold()
        rosa = door.desk.acting("rosa")
        draft = Draft(
            system="letters", kind=DECIDED, subject=seen.id,
            actor=f"person:{rosa.key.key_id}", payload={"decision": "refuse"},
        )  # fmt: skip
        door.desk.loop.ledger.record(sign_draft(draft, rosa.signer))
        assert (await door.asks(seen))[0] == 503


async def test_a_damaged_ledger_closes_the_answer(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        seen = await door.desk.hold()
        door.desk.decides(seen, "approve")
        workspace = door.desk.loop.workspace
        del door.desk.loop
        with sqlite3.connect(workspace.ledger) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for beside in ("-wal", "-shm"):
            Path(f"{workspace.ledger}{beside}").unlink(missing_ok=True)
        workspace.ledger.write_bytes(b"no database at all" * 1000)
        assert (await door.asks(seen))[0] == 503


async def test_a_ledger_that_somebody_holds_is_read_all_the_same(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        seen = await door.desk.hold()
        door.desk.decides(seen, "approve")
        other = sqlite3.connect(door.desk.loop.workspace.ledger, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            assert (await door.asks(seen))[1]["status"] == "decided"
        finally:
            other.execute("ROLLBACK")
            other.close()


async def test_a_changed_trust_file_closes_the_answer(tmp_path: Path) -> None:
    async with a_door(tmp_path) as door:
        seen = await door.desk.hold()
        door.desk.decides(seen, "approve")
        trust = door.desk.loop.workspace.trust
        trust.write_text(trust.read_text().replace("operator", "reviewer"))
        assert (await door.asks(seen))[0] == 503
