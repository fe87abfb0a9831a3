"""The gateway as real processes, called by the official SDK and by hand."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import httpx2
import openai
import pytest

from doubles.fake_upstream import FakeUpstream, Reply
from doubles.live_system import CHAT, a_key, go_live, write_live_system
from doubles.running_gateway import RunningGateway, eventually, roadworthy
from doubles.systems import write_system
from roadworthy.journal import Vault, open_master_key, read_journal, unseal
from roadworthy.manifests import load_system
from roadworthy.release import build_bundle, pin

ASK = [{"role": "user", "content": "Where is my bill?"}]


def a_client(gateway: RunningGateway, key: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=gateway.url, api_key=key, max_retries=0)


async def test_the_official_sdk_is_served_plain_and_streamed(tmp_path: Path) -> None:
    async with FakeUpstream(answer="It is on its way to you") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway, a_client(gateway, key) as client:
            assert "letters" in gateway.said and "curl" in gateway.said
            answer = await client.chat.completions.with_raw_response.create(
                model="letters", messages=ASK, user="ann@example.org"
            )
            assert answer.headers["x-roadworthy-action"] == "answered"
            observation = answer.headers["x-roadworthy-observation"]
            plain = answer.parse()
            assert plain.choices[0].message.content == "It is on its way to you"
            assert plain.choices[0].finish_reason == "stop"
            assert plain.usage is not None and plain.usage.total_tokens > 0
            assert plain.model_extra is not None
            assert plain.model_extra["roadworthy"]["observation"] == observation

            stream = await client.chat.completions.create(
                model="letters", messages=ASK, stream=True, stream_options={"include_usage": True}
            )
            chunks = [chunk async for chunk in stream]
            text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
            assert text == "It is on its way to you"
            assert chunks[-1].usage is not None
            models = [model.id async for model in client.models.list()]
            assert models == ["letters", "letters/transparent"]
        sent = upstream.requests[0].body
        assert sent["messages"][0] == {"role": "system", "content": "Answer the letter."}
        assert "user" not in sent

        records = [r for r in read_journal(loop.workspace.journal) if r.observation]
        assert [r.kind for r in records] == ["close", "open", "close"]
        first = records[0].observation
        assert first is not None and first.id == observation
        assert first.end_user.startswith("eu-") and "ann" not in first.end_user
        folder = loop.workspace.journal / "keys"
        texts = unseal(records[0], Vault(folder, open_master_key(loop.workspace.keys)))
        assert texts is not None and texts.input == "Where is my bill?"


async def test_transparent_mode_passes_unknown_fields_through(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway, a_client(gateway, key) as client:
            for model in ("letters/transparent", "small"):
                answer = await client.chat.completions.create(
                    model=model,
                    messages=[{"role": "system", "content": "Mine."}, *ASK],
                    temperature=0.7,
                    extra_body={"brand_new": {"deep": [1, None]}},
                )
                assert answer.choices[0].message.content == "hi"
        for request in upstream.requests:
            assert request.body["messages"][0]["content"] == "Mine."
            assert request.body["brand_new"] == {"deep": [1, None]}
            assert request.body["temperature"] == 0.7


async def test_held_and_blocked_answers_have_the_apis_shape(tmp_path: Path) -> None:
    async with FakeUpstream(answer="DE89370400440532013000 is yours") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway, a_client(gateway, key) as client:
            held = await client.chat.completions.with_raw_response.create(
                model="letters", messages=[{"role": "user", "content": "my lawyer says"}]
            )
            assert held.headers["x-roadworthy-action"] == "pending"
            said = held.parse()
            assert said.choices[0].finish_reason == "content_filter"
            assert said.choices[0].message.content == "A person will read your letter."
            assert said.model_extra is not None
            review = said.model_extra["roadworthy"]["review_id"]
            async with httpx2.AsyncClient() as http:
                headers = {"authorization": f"Bearer {key}"}
                found = await http.get(f"{gateway.url}/reviews/{review}", headers=headers)
                assert found.status_code == 200 and found.json()["status"] == "pending"
                other = {"authorization": f"Bearer {a_key(loop, 'other')}"}
                await eventually(lambda: _is(http, f"{gateway.url}/models", other, 200))
                theirs = await http.get(f"{gateway.url}/reviews/{review}", headers=other)
                assert theirs.status_code == 404
            stream = await client.chat.completions.create(
                model="letters", messages=ASK, stream=True
            )
            chunks = [chunk async for chunk in stream]
            text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
            assert text == "A person will read your letter."
            assert chunks[-1].choices[0].finish_reason == "content_filter"
            assert "DE89" not in str(chunks)


async def _is(http: httpx2.AsyncClient, url: str, headers: dict[str, str], status: int) -> bool:
    return (await http.get(url, headers=headers)).status_code == status


async def test_errors_come_in_the_apis_shape_with_the_right_status(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway, httpx2.AsyncClient() as http:
            url = f"{gateway.url}/chat/completions"
            good = {"authorization": f"Bearer {key}"}
            body = {"model": "letters", "messages": ASK}
            foreign = good | {"x-jurisdiction": "US"}
            cases: list[tuple[dict[str, str], object, int, str, str | None]] = [
                ({}, body, 401, "invalid_api_key", None),
                ({"authorization": "Bearer rw-no"}, body, 401, "invalid_api_key", None),
                (good, body | {"model": "nope"}, 404, "model_not_found", "model"),
                (good, body | {"messages": "x"}, 400, "invalid_value", "messages"),
                (good, body | {"n": 3}, 400, "invalid_value", "n"),
                (good, body | {"variables": {"nope": 1}}, 400, "invalid_value", None),
                (foreign, body, 403, "use_not_allowed", None),
                (good, body | {"pad": "x" * 5_000_000}, 413, "request_too_large", None),
            ]
            for headers, sent, status, code, param in cases:
                answer = await http.post(url, json=sent, headers=headers)
                error = answer.json()["error"]
                assert (answer.status_code, error["code"], error["param"]) == (status, code, param)
            assert (await http.get(url, headers=good)).status_code == 405
            assert (await http.get(f"{gateway.url}/nowhere", headers=good)).status_code == 404
            assert (await http.get(f"{gateway.base}/healthz")).status_code == 200
        assert upstream.requests == []


async def test_no_tenant_key_at_all_refuses_everybody(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        write_live_system(tmp_path, upstream.url)
        async with RunningGateway(tmp_path) as gateway, httpx2.AsyncClient() as http:
            url = f"{gateway.url}/chat/completions"
            answer = await http.post(url, json={}, headers={"authorization": "Bearer rw-x"})
            assert answer.status_code == 401
            assert "roadworthy keys tenant add" in answer.json()["error"]["message"]

            code, made, _ = await roadworthy("keys", "tenant", "add", "acme", str(tmp_path),
                                             "--json")  # fmt: skip
            assert code == 0
            headers = {"authorization": f"Bearer {made['key']}"}
            await eventually(lambda: _is(http, f"{gateway.url}/models", headers, 200))
            code, _, _ = await roadworthy("keys", "tenant", "revoke", "acme", str(tmp_path))
            assert code == 0
            await eventually(lambda: _is(http, f"{gateway.url}/models", headers, 401))


async def test_the_working_tree_is_never_read(tmp_path: Path) -> None:
    async with FakeUpstream(answer="It is on its way") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        async with RunningGateway(tmp_path) as gateway, a_client(gateway, key) as client:
            first = await client.chat.completions.create(model="letters", messages=ASK)
            charter = tmp_path / "charter.yaml"
            charter.write_text(charter.read_text().replace("[A-Z]{2}[0-9]{20}", "way"))
            (tmp_path / "prompts" / "sort.md").unlink()
            (tmp_path / "rails.yaml").write_text("not: [valid")
            again = await client.chat.completions.create(model="letters", messages=ASK)
            assert again.choices[0].message.content == first.choices[0].message.content
        async with RunningGateway(tmp_path) as gateway, a_client(gateway, key) as client:
            restarted = await client.chat.completions.create(model="letters", messages=ASK)
            assert restarted.choices[0].message.content == "It is on its way"


@pytest.mark.parametrize("fault", ["tampered", "unsigned"])
async def test_a_release_that_does_not_verify_is_refused(tmp_path: Path, fault: str) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        _spoil(next(iter(loop.workspace.releases.iterdir())), tmp_path, fault)
        async with RunningGateway(tmp_path) as gateway, httpx2.AsyncClient() as http:
            ready = await http.get(f"{gateway.base}/readyz")
            assert ready.status_code == 503
            reason = ready.json()["systems"]["letters"]["reason"]
            assert fault in reason
            answer = await http.post(
                f"{gateway.url}/chat/completions",
                json={"model": "letters", "messages": ASK},
                headers={"authorization": f"Bearer {key}"},
            )
            assert answer.status_code == 503
            assert answer.json()["error"]["code"] == "release_refused"
        assert upstream.requests == []


def _spoil(bundle: Path, root: Path, fault: str) -> None:
    if fault == "unsigned":
        shutil.rmtree(bundle)
        build_bundle(pin(load_system(root)), bundle)
        return
    blobs = sorted((bundle / "blobs" / "sha256").iterdir(), key=lambda path: path.stat().st_size)
    data = bytearray(blobs[-1].read_bytes())
    data[len(data) // 2] ^= 1
    blobs[-1].chmod(0o600)
    blobs[-1].write_bytes(data)


async def test_an_unwritable_journal_refuses_loudly_and_nothing_leaves(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        loop.workspace.journal.write_text("in the way")
        async with RunningGateway(tmp_path) as gateway, httpx2.AsyncClient() as http:
            answer = await http.post(
                f"{gateway.url}/chat/completions",
                json={"model": "letters", "messages": ASK},
                headers={"authorization": f"Bearer {key}"},
            )
            assert answer.status_code == 503
            assert answer.json()["error"]["code"] == "journal_unavailable"
            ready = (await http.get(f"{gateway.base}/readyz")).json()
            assert ready["ready"] is False and ready["journal"]["writable"] is False
            assert upstream.requests == []
            loop.workspace.journal.unlink()
            url, good = f"{gateway.base}/readyz", {}
            await eventually(lambda: _is(http, url, good, 200))


async def test_the_models_failure_is_the_fallback_and_is_recorded(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        upstream.script = [Reply(status=400, body="no")]
        async with RunningGateway(tmp_path) as gateway, a_client(gateway, key) as client:
            answer = await client.chat.completions.with_raw_response.create(
                model="letters", messages=ASK
            )
            assert answer.headers["x-roadworthy-action"] == "fallback"
            assert answer.parse().choices[0].message.content == "A person will read your letter."


async def test_a_client_that_leaves_stops_the_model_and_is_recorded(tmp_path: Path) -> None:
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path, upstream.url)
        key = a_key(loop)
        words = [f"word{n} " * 40 for n in range(500)]
        upstream.script = [Reply(pieces=words, piece_delay_s=0.02)]
        async with RunningGateway(tmp_path) as gateway:
            async with a_client(gateway, key) as client:
                stream = await client.chat.completions.create(
                    model="letters", messages=ASK, stream=True
                )
                async for chunk in stream:
                    if chunk.choices[0].delta.content:
                        break
                await stream.close()
            await asyncio.wait_for(upstream.aborted.wait(), 20)

            def closed() -> bool:
                records = [r for r in read_journal(loop.workspace.journal) if r.kind == "close"]
                return bool(records) and records[0].observation.status == "interrupted"  # type: ignore[union-attr]

            await eventually(closed)


async def test_one_gateway_serves_several_systems_of_one_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROADWORTHY_HOME", str(tmp_path / "home"))
    async with FakeUpstream(answer="hi") as upstream:
        loop = write_live_system(tmp_path / "one", upstream.url)
        charter = str(CHAT["charter.yaml"]).replace("system: letters", "system: parcels")
        toml = f'[upstreams.lab]\nurl = "{upstream.url}"\n'
        write_system(tmp_path / "two", {**CHAT, "charter.yaml": charter, "roadworthy.toml": toml})
        go_live(tmp_path / "two", loop)
        key = a_key(loop)
        second = (str(tmp_path / "two"),)
        async with (
            RunningGateway(tmp_path / "one", options=second) as gateway,
            a_client(gateway, key) as client,
        ):
            for model in ("letters", "parcels"):
                answer = await client.chat.completions.create(model=model, messages=ASK)
                assert answer.choices[0].message.content == "hi"
            code, _, _ = await roadworthy(
                *("kill", "system", str(tmp_path / "two"), "--reason", "drill", "--as", "dan")
            )
            assert code == 0

            async def stopped() -> bool:
                try:
                    await client.chat.completions.create(model="parcels", messages=ASK)
                except openai.InternalServerError as error:
                    return error.code == "kill_switch"
                return False

            await eventually(stopped)
            await client.chat.completions.create(model="letters", messages=ASK)
            with pytest.raises(openai.NotFoundError):
                await client.chat.completions.create(model="small", messages=ASK)


async def test_a_workspace_without_a_release_serves_nothing_and_says_so(tmp_path: Path) -> None:
    (tmp_path / ".roadworthy").mkdir()
    async with RunningGateway(tmp_path) as gateway, httpx2.AsyncClient() as http:
        assert "activate a release" in gateway.said
        ready = await http.get(f"{gateway.base}/readyz")
        assert ready.status_code == 503 and ready.json()["systems"] == {}
