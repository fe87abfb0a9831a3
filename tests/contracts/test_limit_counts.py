"""The contract of counts of limits, over the file of one machine and over a real Redis.

Time passes in Redis by its own clock, so a test that lets it pass moves what is kept there back.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from doubles.redis_server import INSTALL, RedisServer, needs_redis
from roadworthy.domain import CountError, QuotaError
from roadworthy.providers import Secret
from roadworthy.serving import Quota, TenantLimits, month_of
from roadworthy.wiring.count_scripts import Keys as CountKeys
from roadworthy.wiring.redis_link import Link as RedisLink
from roadworthy.wiring.shared_books import SharedBooks, machine_of
from roadworthy.wiring.shared_counts import SharedCounts

NOW = 1_795_305_600.0  # 2026-11-22T00:00:00Z
MONTH = 202611
NUMBERS = itertools.count()
LONGEST_S = 3.0
"""What a test may take of Redis's own time; as much drains in it."""


class Counted(Protocol):
    """What the suite asks of both."""

    alarms: list[tuple[str, str]]

    async def admit(self, limits: TenantLimits) -> None: ...
    async def charge(self, limits: TenantLimits, *, tokens: int, cost: str | None) -> None: ...
    async def half_left(self, limits: TenantLimits) -> bool: ...
    def books(self) -> Any: ...
    async def pass_time(self, seconds: float) -> None: ...


class InFile:
    """Workers of one machine: each opens the file."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._path = folder / "quota.bin"
        Quota(self._path).create()
        self._workers = [Quota(self._path) for _ in range(workers)]
        self._turn = itertools.cycle(self._workers)
        self.now = NOW
        self.alarms: list[tuple[str, str]] = []

    async def admit(self, limits: TenantLimits) -> None:
        await asyncio.sleep(0)
        next(self._turn).admit(limits, self.now)

    async def charge(self, limits: TenantLimits, *, tokens: int, cost: str | None) -> None:
        said = next(self._turn).charge(limits, self.now, tokens=tokens, cost=cost)
        if said:
            self.alarms.append((limits.tenant, said))

    async def half_left(self, limits: TenantLimits) -> bool:
        return next(self._turn).half_left(limits, self.now)

    def books(self) -> Quota:
        return Quota(self._path)

    async def pass_time(self, seconds: float) -> None:
        self.now += seconds


class InRedis:
    """Workers of two machines that share one Redis."""

    def __init__(self, folder: Path, server: RedisServer, workers: int) -> None:
        self._server = server
        self.prefix = f"test-{next(NUMBERS)}"
        self.now = NOW
        self.alarms: list[tuple[str, str]] = []
        self._folders = [folder / "one", folder / "two"]
        for place in self._folders:
            books = SharedBooks(link(server), self.prefix, place)
            books.create()
            books.open()
            books.close()
        self.workers = [self.worker(self._folders[n % 2], n) for n in range(workers)]
        self._turn = itertools.cycle(self.workers)

    def worker(self, place: Path, number: int) -> SharedCounts:
        return SharedCounts(
            link(self._server),
            CountKeys(self.prefix, machine_of(place)),
            writer=f"w{number}",
            incarnation=f"run-{next(NUMBERS)}",
            said=lambda tenant, said: self.alarms.append((tenant, said)),
        )

    async def admit(self, limits: TenantLimits) -> None:
        await next(self._turn).admit(limits, self.now)

    async def charge(self, limits: TenantLimits, *, tokens: int, cost: str | None) -> None:
        worker = next(self._turn)
        worker.charge(limits, self.now, tokens=tokens, cost=cost)
        await worker.half_left(limits, self.now)  # behind the charge, on the same connection

    async def half_left(self, limits: TenantLimits) -> bool:
        return await next(self._turn).half_left(limits, self.now)

    def books(self) -> SharedBooks:
        return SharedBooks(link(self._server), self.prefix, self._folders[0])

    async def pass_time(self, seconds: float) -> None:
        self.now += seconds
        client = self._server.client()
        for key in client.scan_iter(f"{{{self.prefix}}}:tenant:*", _type="hash"):
            for field in ("r", "t"):
                if client.hexists(key, field):
                    client.hincrby(key, field, -round(seconds * 1e7))
        client.close()

    async def aclose(self) -> None:
        for worker in self.workers:
            await worker.aclose()


def link(server: RedisServer, *, password: str = "", timeout_s: float = 5.0) -> RedisLink:
    return RedisLink(url=server.url, secret=Secret(password), timeout_s=timeout_s)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer | None]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@asynccontextmanager
async def counted(
    kind: str, folder: Path, server: RedisServer | None, workers: int = 3
) -> AsyncIterator[Counted]:
    if kind == "file":
        yield InFile(folder, workers)
        return
    assert server is not None, INSTALL
    shared = InRedis(folder, server, workers)
    try:
        yield shared
    finally:
        await shared.aclose()


@pytest.fixture(params=["file", pytest.param("redis", marks=needs_redis)])
async def counts(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Counted]:
    server = request.getfixturevalue("server") if request.param == "redis" else None
    async with counted(request.param, tmp_path, server) as found:
        yield found


def a_tenant(name: str = "acme", *, slot: int = 0, **limits: Any) -> TenantLimits:
    return TenantLimits(tenant=name, slot=slot, **limits)


async def refused(counts: Counted, limits: TenantLimits) -> QuotaError | None:
    try:
        await counts.admit(limits)
    except QuotaError as error:
        return error
    return None


async def test_a_minutes_worth_may_come_at_once_and_then_as_it_drains(counts: Counted) -> None:
    limits = a_tenant(requests_per_minute=6)
    assert [await refused(counts, limits) for _ in range(6)] == [None] * 6
    error = await refused(counts, limits)
    assert error is not None and error.what == "requests"
    assert 9.0 < error.retry_after_s <= 10.0
    await counts.pass_time(10.0)
    assert await refused(counts, limits) is None
    assert await refused(counts, limits) is not None


@pytest.mark.parametrize("most", [1, 7, 59, 1000])
async def test_workers_that_ask_at_once_let_in_as_many_as_may_be_and_no_more(
    counts: Counted, most: int
) -> None:
    limits = a_tenant(requests_per_minute=most)
    answers = await asyncio.gather(*(refused(counts, limits) for _ in range(most + 100)))
    drained = most * LONGEST_S / 60 if isinstance(counts, InRedis) else 0
    assert most <= answers.count(None) <= most + drained


async def test_tokens_are_counted_when_they_are_known(counts: Counted) -> None:
    limits = a_tenant(tokens_per_minute=100)
    await counts.charge(limits, tokens=99, cost=None)
    assert await refused(counts, limits) is None
    await counts.charge(limits, tokens=51, cost=None)
    error = await refused(counts, limits)
    assert error is not None and error.what == "tokens" and 28.0 < error.retry_after_s <= 30.0
    await counts.pass_time(30.1)
    assert await refused(counts, limits) is None


async def test_one_answer_keeps_nobody_waiting_for_more_than_an_hour(counts: Counted) -> None:
    limits = a_tenant(tokens_per_minute=1)
    await counts.charge(limits, tokens=10**9, cost=None)
    error = await refused(counts, limits)
    assert error is not None and error.retry_after_s <= 3600


async def test_a_budget_ends_with_what_is_spent_and_begins_with_the_month(counts: Counted) -> None:
    limits = a_tenant(budget="1.00", currency="EUR")
    for cost in ("0.49", "0.02", "0.4"):
        await counts.charge(limits, tokens=9, cost=cost)
    assert counts.alarms == [
        ("acme", "50% of 1.00 EUR is spent"), ("acme", "80% of 1.00 EUR is spent"),
    ]  # fmt: skip
    assert await refused(counts, limits) is None
    await counts.charge(limits, tokens=9, cost="0.0900000001")
    assert counts.alarms[-1] == ("acme", "100% of 1.00 EUR is spent")
    error = await refused(counts, limits)
    assert error is not None and error.what == "budget"
    books = counts.books()
    assert books.spent(limits, MONTH) == 1_000_000_001
    books.close()
    await counts.pass_time(9 * 86_400)
    assert await refused(counts, limits) is None
    books = counts.books()
    assert books.spent(limits, month_of(NOW + 9 * 86_400)) == 0
    books.close()


async def test_a_budget_of_nothing_lets_nobody_in(counts: Counted) -> None:
    error = await refused(counts, a_tenant(budget="0", currency="EUR"))
    assert error is not None and error.what == "budget"


async def test_the_journal_corrects_upwards_only(counts: Counted) -> None:
    limits = a_tenant(budget="1", currency="EUR")
    await counts.charge(limits, tokens=1, cost="0.5")
    books = counts.books()
    if isinstance(counts, InRedis):  # of its own machine; the charge was through the first
        assert books.spent(limits, MONTH) == 500_000_000
    for known, stands in ((200_000_000, 500_000_000), (700_000_000, 700_000_000)):
        books.at_least(limits, known, MONTH)
        assert books.spent(limits, MONTH) == stands
    books.close()


async def test_tenants_do_not_share_counts(counts: Counted) -> None:
    one, two = (
        a_tenant("one", requests_per_minute=1),
        a_tenant("two", slot=1, requests_per_minute=1),
    )
    assert await refused(counts, one) is None
    assert await refused(counts, one) is not None
    assert await refused(counts, two) is None


async def test_half_a_minute_is_left_until_more_than_half_is_taken(counts: Counted) -> None:
    limits = a_tenant(requests_per_minute=10, tokens_per_minute=100)
    for _ in range(4):
        await counts.admit(limits)
        assert await counts.half_left(limits)
    await counts.admit(limits)
    await counts.admit(limits)
    assert not await counts.half_left(limits)
    other = a_tenant("other", slot=1, tokens_per_minute=100)
    await counts.charge(other, tokens=51, cost=None)
    assert not await counts.half_left(other)


async def test_what_is_left_is_told(counts: Counted) -> None:
    limits, books = a_tenant(requests_per_minute=5), counts.books()
    for left in (5, 4, 3):
        assert books.requests_left(limits, NOW) == left
        await counts.admit(limits)
    books.close()


async def test_limits_that_change_hold_at_once(counts: Counted) -> None:
    limits = a_tenant(requests_per_minute=100)
    for _ in range(10):
        await counts.admit(limits)
    fewer = structs.replace(limits, requests_per_minute=2)
    assert await refused(counts, fewer) is None, "six seconds are taken of sixty"
    assert await refused(counts, fewer) is not None


@pytest.mark.parametrize("kind", ["file", pytest.param("redis", marks=needs_redis)])
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.tuples(st.floats(0, 20), st.integers(1, 8), st.integers(0, 4)), min_size=1, max_size=12
    ),
    most=st.integers(1, 30),
    workers=st.integers(1, 5),
)
def test_however_many_workers_never_more_than_the_limit(
    kind: str,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    steps: list[tuple[float, int, int]],
    most: int,
    workers: int,
) -> None:
    """Over any span: a minute's worth, and what drains in it. `late`: what the test takes."""
    server = request.getfixturevalue("server") if kind == "redis" else None
    folder = tmp_path / str(next(NUMBERS))

    async def walk() -> None:
        limits = a_tenant(requests_per_minute=most)
        loop = asyncio.get_running_loop()
        began, let_in, now = loop.time(), [], 0.0
        async with counted(kind, folder, server, workers) as counts:
            for gap, at_once, _ in steps:
                now += gap
                await counts.pass_time(gap)
                answers = await asyncio.gather(*(refused(counts, limits) for _ in range(at_once)))
                let_in += [now] * answers.count(None)
            late = loop.time() - began if kind == "redis" else 0.0
        for begin, end in itertools.combinations_with_replacement(sorted(set(let_in)), 2):
            seen = sum(begin <= at <= end for at in let_in)
            assert seen <= most * (1 + (end - begin + late) / 60) + 1e-6
        assert not let_in or len(let_in) >= min(most, sum(n for _, n, _ in steps))

    asyncio.run(walk())


async def test_counts_that_are_gone_are_closed_not_empty(counts: Counted) -> None:
    limits = a_tenant(requests_per_minute=100)
    await counts.admit(limits)
    if isinstance(counts, InFile):
        counts._path.unlink()
    else:
        assert isinstance(counts, InRedis)
        client = counts._server.client()
        client.flushall()
        client.close()
    with pytest.raises(CountError):
        await counts.admit(limits)
