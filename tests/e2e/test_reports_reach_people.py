"""Reports over HTTP: each event stops its own scope, and a claim is found by a person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2

from doubles.answers_that_left import CHARTER, Answers
from doubles.fake_upstream import FakeUpstream
from doubles.live_system import a_key, write_live_system
from doubles.running_gateway import RunningGateway, eventually, roadworthy
from roadworthy.flows.brakes.stopping import words_of
from roadworthy.flows.incidents.learning import incidents_of
from roadworthy.wiring.loop import loop_of

ASK = [{"role": "user", "content": "Where is my bill?"}]


class Caller:
    """Asks and reports with one key."""

    def __init__(self, http: httpx2.AsyncClient, gateway: RunningGateway, key: str) -> None:
        self._http, self._url = http, gateway.url
        self._headers = {"authorization": f"Bearer {key}"}

    async def asks(self, supplier: str = "S-9") -> Any:
        body = {"model": "letters", "messages": ASK, "metadata": {"supplier": supplier}}
        return await self._http.post(
            f"{self._url}/chat/completions", json=body, headers=self._headers
        )

    async def reports(self, observation: str, **said: str) -> Any:
        body = {"observation": observation, **said}
        return await self._http.post(f"{self._url}/outcomes", json=body, headers=self._headers)


async def test_two_events_of_two_scopes_on_one_answer_both_stop_and_both_again_after_a_lift(
    tmp_path: Path,
) -> None:
    changes: dict[str, str | None] = {"charter.yaml": CHARTER}
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url, changes)
        key, board = a_key(loop), a_key(loop, "board", "outcomes")
        async with RunningGateway(tmp_path, workers=2) as gateway, httpx2.AsyncClient() as http:
            tenant, reviewer = Caller(http, gateway, key), Caller(http, gateway, board)
            seen = (await tenant.asks()).headers["x-roadworthy-observation"]
            assert (await tenant.asks("S-1")).status_code == 200

            async def refused() -> bool:
                return [(await tenant.asks("S-1")).status_code for _ in range(6)] == [503] * 6

            async def served() -> bool:
                return bool((await tenant.asks("S-1")).status_code == 200)

            for round_ in (1, 2):
                narrow = await reviewer.reports(seen, never_event="rude")
                wide = await reviewer.reports(seen, never_event="insults", note="line 1")
                assert [kill["scope"] for kill in narrow.json()["kills"]] == ["slice", "slice"]
                assert [kill["scope"] for kill in wide.json()["kills"]] == ["system"]
                await eventually(refused)
                answers = Answers(loop_of(loop.workspace))

                def entered(answers: Answers = answers, count: int = 3 * round_) -> bool:
                    return len(answers.entered()) == count

                await eventually(entered)
                assert {words_of(flag) for flag in answers.kills()} == {
                    "slice:jurisdiction=DE", "slice:supplier=S-9", "system",
                }  # fmt: skip
                incidents = list(incidents_of(answers.loop))
                answers.learned()
                code, said, errors = await roadworthy(
                    *("resume", *incidents, str(tmp_path), "--reason", "mended", "--json"),
                    *("--as", "bob", "--as", "cleo"),
                )
                assert code == 0 and said["standing"] == [], errors
                await eventually(served)
        answers = Answers(loop_of(loop.workspace))
        assert len(set(answers.entered())) == len(answers.entered()) == 6
        assert sorted(answers.entered("kill.lifted")) == sorted(answers.entered())
        assert len(answers.entered("incident.opened")) == 2


async def test_a_tenants_claim_is_checked_listed_and_accepted_by_a_person(tmp_path: Path) -> None:
    changes: dict[str, str | None] = {"charter.yaml": CHARTER}
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url, changes)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway, httpx2.AsyncClient() as http:
            tenant = Caller(http, gateway, key)
            seen = (await tenant.asks()).headers["x-roadworthy-observation"]
            unknown = await tenant.reports(seen, never_event="made-up")
            assert unknown.status_code == 400 and "it has: " in unknown.text
            assert (await tenant.reports(seen, label="nonsense")).status_code == 400
            claimed = await tenant.reports(seen, never_event="insults", note="it called me a fool")
            assert claimed.status_code == 202 and claimed.json()["state"] == "waiting"

            async def listed() -> Any:
                _, said, _ = await roadworthy("outcome", "list", str(tmp_path), "--waiting",
                                              "--json")  # fmt: skip
                return said

            (report,) = await eventually(listed)
            assert report["note"] == "it called me a fool"
            accept = ("outcome", "accept", report["id"], str(tmp_path), "--as", "bob", "--json")
            code, said, errors = await roadworthy(*accept)
            assert code == 0 and said["state"] == "acted", errors

            async def refused() -> bool:
                return bool((await tenant.asks("S-1")).status_code == 503)

            await eventually(refused)
            assert await listed() == []
