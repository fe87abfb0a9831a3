"""A body that is read while it comes: little is held, nobody waits for ever, an end is an end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from doubles.virtual_time import run_virtually
from roadworthy.gateway.inflow import GRACE_S, HELD, MOST_HELD, SILENT_S, SLOWEST, Inflow
from roadworthy.gateway.problems import ApiError


class Socket:
    """What pauses and goes on."""

    def __init__(self) -> None:
        self.reads = True

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True


async def refusal(inflow: Inflow) -> tuple[int, str]:
    with pytest.raises(ApiError) as refused:
        while await inflow.read():
            pass
    return refused.value.status, refused.value.message


def test_the_socket_is_not_read_while_enough_is_held() -> None:
    async def work() -> None:
        inflow, source = Inflow(10 * HELD), Socket()
        inflow.attach(source)
        inflow.feed(b"x" * HELD)
        assert source.reads
        inflow.feed(b"y")
        assert not source.reads
        assert await inflow.read() == b"x" * HELD and source.reads
        inflow.end()
        assert (await inflow.read(), await inflow.read(), await inflow.read()) == (b"y", b"", b"")

    run_virtually(work())


def test_too_much_is_refused_whatever_was_announced() -> None:
    async def work() -> None:
        inflow = Inflow(100)
        inflow.feed(b"x" * 100)
        inflow.feed(b"x")
        assert await refusal(inflow) == (413, "the body is longer than 100 bytes")
        inflow.feed(b"x" * 1000)  # what still comes is not kept
        await inflow.drain()

    run_virtually(work())


def test_what_comes_before_its_turn_is_bounded() -> None:
    async def work() -> None:
        inflow = Inflow(10 * MOST_HELD)
        for _ in range(5):
            inflow.feed(b"x" * (MOST_HELD // 4))
        assert (await refusal(inflow))[0] == 400

    run_virtually(work())


def test_a_client_that_leaves_is_an_error_and_no_end() -> None:
    async def work() -> None:
        inflow = Inflow(100)
        inflow.feed(b"half")
        asyncio.get_running_loop().call_later(1, inflow.gone)
        assert await inflow.read() == b"half"
        assert await refusal(inflow) == (400, "the client left")

    run_virtually(work())


def test_leaving_after_the_end_takes_nothing_back() -> None:
    async def work() -> None:
        inflow = Inflow(100)
        inflow.feed(b"all")
        inflow.end()
        inflow.gone()
        assert (await inflow.read(), await inflow.read()) == (b"all", b"")

    run_virtually(work())


@pytest.mark.parametrize(
    ("gap_s", "size", "lets_go"),
    [(SILENT_S + 1, HELD, True), (SILENT_S - 1, 100, True), (SILENT_S - 1, 30 * SLOWEST, False)],
)
def test_a_client_that_drips_is_let_go_and_a_slow_one_is_not(
    gap_s: float, size: int, lets_go: bool
) -> None:
    async def work() -> Any:
        inflow, loop = Inflow(1 << 30), asyncio.get_running_loop()

        async def bring() -> None:
            for _ in range(20):
                await asyncio.sleep(gap_s)
                inflow.feed(b"x" * size)
            inflow.end()

        brings = loop.create_task(bring())
        try:
            while await inflow.read():
                pass
        except ApiError as problem:
            return problem.status, loop.time()
        finally:
            brings.cancel()
        return 200, loop.time()

    status, lasted = run_virtually(work())
    assert status == (408 if lets_go else 200)
    assert not lets_go or lasted <= GRACE_S + SILENT_S
