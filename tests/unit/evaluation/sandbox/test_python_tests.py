"""Honest code: what tests may do with an answer, and when tests judge nothing."""

from __future__ import annotations

import pytest

from doubles.kernel import skip_unless_confined
from roadworthy.domain import DetectorError
from roadworthy.evaluation.sandbox import Limits, run_tests


def right(code: str, tests: str) -> bool:
    skip_unless_confined()
    return run_tests(code, tests, Limits()).right


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        ("def f(x):\n    return x", "from answer import f\nassert f({1: (2, [3.5, None])}) == {1: (2, [3.5, None])}"),  # noqa: E501
        ("def f(x):\n    x.sort()\n    x.append(9)",
         "mine = [3, 1]\nf(mine)\nassert mine == [1, 3, 9]"),
        ("def f(x):\n    x[0].append(1)",
         "rows = [[], []]\nfirst = rows[0]\nf(rows)\nassert first == [1]"),
        ("def f(n):\n    yield from range(n)", "assert list(f(3)) == [0, 1, 2]"),
        ("def f(g, x):\n    return g(x) + 1", "assert f(lambda x: x * 2, 4) == 9"),
        ("def f():\n    return lambda x: x + 1", "assert f()(1) == 2"),
        ("def f(x):\n    raise ValueError('no')", "try:\n    f(1)\nexcept ValueError as e:\n    assert str(e) == 'no'\nelse:\n    assert False"),  # noqa: E501
        ("class Odd(KeyError):\n    pass\ndef f():\n    raise Odd('x')", "try:\n    f()\n    assert False\nexcept KeyError:\n    pass"),  # noqa: E501
        ("class Stack:\n    def __init__(self):\n        self.items = []\n    def push(self, x):\n        self.items.append(x)\n    def __len__(self):\n        return len(self.items)",  # noqa: E501
         "s = Stack()\ns.push(4)\nassert len(s) == 1 and s.items == [4]"),
        ("def sum(a, b):\n    return a + b", "from answer import sum\nassert sum(1, 2) == 3"),
        ("def f():\n    return b'x', bytearray(b'y'), 2j, range(3), {1}, frozenset({2}), 10**40, float('inf')",  # noqa: E501
         "assert f() == (b'x', bytearray(b'y'), 2j, range(3), {1}, frozenset({2}), 10**40, float('inf'))"),  # noqa: E501
        ("def f(*a, **k):\n    return a, k", "assert f(1, b=2) == ((1,), {'b': 2})"),
        ("def add(a, b):\n    return a + b", "def check(candidate):\n    assert candidate(1, 2) == 3\ncheck(add)"),  # noqa: E501
        ("def add(a, b):\n    return a + b", "def test_small():\n    assert add(1, 2) == 3"),
        ("LIMIT = 7\ndef f():\n    return LIMIT", "assert f() == LIMIT == 7"),
        ("import asyncio\nasync def g():\n    await asyncio.sleep(0)\n    return 4\ndef f():\n    return asyncio.run(g())", "assert f() == 4"),  # noqa: E501
    ],
)  # fmt: skip
def test_what_tests_may_do(code: str, tests: str):
    assert right(code, tests)


@pytest.mark.parametrize(
    ("code", "tests"),
    [
        ("def add(a, b):\n    return a - b", "def test_small():\n    assert add(1, 2) == 3"),
        ("def other(): pass", "assert add(1, 2) == 3"),
        ("def other(): pass", "from answer import add\nassert add(1, 2) == 3"),
        ("def add(a, b) return", "assert add(1, 2) == 3"),
        ("", "assert add(1, 2) == 3"),
        ("def add(a, b):\n    raise StopIteration", "assert add(1, 2) == 3"),
        ("def add(a, b):\n    raise KeyboardInterrupt", "assert add(1, 2) == 3"),
        (
            "import os\ndef add(a, b):\n    os._exit(0)",
            "try:\n    assert add(1, 2) == 3\nexcept:\n    pass",
        ),
    ],
)
def test_what_is_not_right(code: str, tests: str):
    assert not right(code, tests)


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("assert add(1, 2) ==", "no Python"),
        ("add(1, 2)", "check nothing"),
        ("def check(candidate):\n    assert candidate(1, 2) == 3", "call nothing"),
        ("assert True", "call nothing"),
        ("assert LIMIT == 7", "call nothing"),
        ("class Box:\n    pass\nassert add(Box(), 1)", "plain values"),
        ("assert re.match('a', add(1, 2))", "without an import"),
        ("x = " + "(" * 5000, "no Python"),
    ],
)
def test_tests_that_judge_nothing_are_an_error_never_a_pass(tests: str, said: str):
    with pytest.raises(DetectorError, match=said):
        right("LIMIT = 7\ndef add(a, b):\n    return a + b", tests)
