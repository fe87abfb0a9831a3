"""Ids of observations: UUIDv7, drawn many at a time and given once."""

from __future__ import annotations

import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from roadworthy.wiring.clock import new_id


def test_an_id_is_a_uuid_of_version_7_and_of_now() -> None:
    before = time.time_ns() // 1_000_000
    found = uuid.UUID(new_id())
    assert (found.version, found.variant) == (7, uuid.RFC_4122)
    assert before <= found.int >> 80 <= time.time_ns() // 1_000_000


def test_no_id_is_given_twice_and_every_bit_of_chance_is_one() -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: new_id(), range(20_000)))
    assert len(set(found)) == len(found)
    chance = [uuid.UUID(each).int & ((1 << 76) - 1) for each in found]
    for bit in set(range(76)) - {62, 63}:  # those two are the variant
        ones = sum(each >> bit & 1 for each in chance)
        assert 0.45 < ones / len(found) < 0.55, bit  # 14 standard deviations


def test_a_child_draws_its_own() -> None:
    new_id()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, "".join(new_id() for _ in range(100)).encode())
        os._exit(0)
    os.waitpid(child, 0)
    theirs = os.read(read, 100_000).decode()
    chance = {theirs[at + 15 : at + 36] for at in range(0, len(theirs), 36)}
    assert len(chance) == 100
    assert not chance & {new_id()[15:] for _ in range(100)}
