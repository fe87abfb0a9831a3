"""Threads that decode for the first time at once do not crash a process that settled its types."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import msgspec

from roadworthy.domain import settle_types

PROGRAM = textwrap.dedent(
    '''
    import sys, threading, types
    import msgspec
    from roadworthy.domain import settle_types

    SOURCE = """
    from __future__ import annotations
    from msgspec import Struct
    class Leaf(Struct):
        number: int
        kids: list[Leaf] = []
    class Branch(Struct):
        leaf: Leaf
        more: dict[str, Branch] = {}
    class Tree(Struct):
        branch: Branch
        others: list[Branch] = []
    """
    VALUE = {"branch": {"leaf": {"number": 1, "kids": [{"number": 2}]}}}
    sys.setswitchinterval(1e-6)
    for number in range(100):
        module = types.ModuleType(f"made_{number}")
        sys.modules[module.__name__] = module
        exec(SOURCE, module.__dict__)
        assert settle_types() >= 3
        threads = [
            threading.Thread(target=msgspec.convert, args=(VALUE, module.Tree)) for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    '''
)


def test_threads_may_decode_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_was_looked_at_is_not_looked_at_again() -> None:
    settle_types()

    class Fresh(msgspec.Struct):
        number: int

    assert settle_types() == 1
    assert settle_types() == 0


def test_what_cannot_be_decoded_is_passed_over() -> None:
    class One(msgspec.Struct):
        a: int

    class Two(msgspec.Struct):
        b: int

    class Either(msgspec.Struct):
        which: One | Two

    assert settle_types() == 3
