"""`roadworthy.load`: a live release in the caller's own program, by the gateway's own line."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

import roadworthy
from doubles.fake_upstream import FakeUpstream
from doubles.live_system import write_live_system
from roadworthy.domain import KillFlag, RefusedError, UsageError
from roadworthy.flows.workspace.loop import Loop
from roadworthy.flows.workspace.routing import brake, publish, read_table
from roadworthy.journal import read_journal
from roadworthy.wiring.clock import SystemClock

ASK = "Where is my bill?"


@contextmanager
def upstream() -> Iterator[FakeUpstream]:
    """A fake upstream on a loop of its own: the loaded release blocks the caller's thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    fake = FakeUpstream(answer="It is on its way")
    asyncio.run_coroutine_threadsafe(fake.__aenter__(), loop).result()
    try:
        yield fake
    finally:
        asyncio.run_coroutine_threadsafe(fake.__aexit__(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@contextmanager
def a_live_system(root: Path) -> Iterator[tuple[Loop, str, FakeUpstream]]:
    with upstream() as fake:
        loop = write_live_system(root, fake.url)
        yield loop, read_table(loop.workspace.routing).routes["letters"].live, fake


def test_it_answers_through_rails_and_journal(tmp_path: Path) -> None:
    with a_live_system(tmp_path) as (loop, digest, fake):
        with roadworthy.load(digest, tmp_path, tenant="shop") as letters:
            said = letters.ask(ASK, facets={"x-jurisdiction": "FR"}, user="ada")
            blocked = letters.ask("xyzzy")
            with pytest.raises(UsageError, match="at least one message"):
                letters.ask()
        kept = [one.observation for one in read_journal(loop.workspace.journal) if one.observation]
    assert (said.text, said.action) == ("It is on its way", "answered")
    assert (blocked.text, blocked.action) == ("A person will read your letter.", "blocked")
    assert fake.served == 1
    assert [one.id for one in kept] == [said.observation, blocked.observation]
    assert (kept[0].tenant, kept[0].facets["jurisdiction"]) == ("shop", "FR")
    assert kept[0].end_user.startswith("eu-"), "a name in the clear stays nowhere"
    assert not list(loop.workspace.workers.glob("load-*")), "no counts of a process that is gone"


def test_what_is_not_live_is_not_loaded(tmp_path: Path) -> None:
    with a_live_system(tmp_path) as (_, digest, _fake):
        for other in ("sha256:" + "0" * 64, digest[:12], ""):
            with pytest.raises(RefusedError, match="names no live release"):
                roadworthy.load(other, tmp_path)


def test_a_kill_reaches_it(tmp_path: Path) -> None:
    with (
        a_live_system(tmp_path) as (loop, digest, fake),
        roadworthy.load(digest[:24], tmp_path) as letters,
    ):
        flag = KillFlag(
            id="k1", scope="system", value="letters", reason="r", by="a", at="2026-01-01",
            system="letters",
        )  # fmt: skip
        brake(loop.workspace, [flag], SystemClock())
        letters._inside.gateway.look_at_table()
        with pytest.raises(RefusedError, match="kill switch k1"):
            letters.ask(ASK)
    assert fake.served == 0


def test_a_release_that_went_out_of_service_answers_no_more(tmp_path: Path) -> None:
    with (
        a_live_system(tmp_path) as (loop, digest, fake),
        roadworthy.load(digest, tmp_path) as letters,
    ):
        publish(loop.workspace, lambda table: replace(table, routes={}), SystemClock())
        gateway = letters._inside.gateway
        gateway.look_at_table()
        letters._await(gateway._load(gateway._newest))
        with pytest.raises(RefusedError, match="no longer live"):
            letters.ask(ASK)
    assert fake.served == 0
