"""Code and SQL as suites use them: fences, setup, and closed where nothing can be confined."""

from __future__ import annotations

import pytest

from doubles.answering import an_observation
from doubles.kernel import skip_unless_confined
from doubles.suites import a_case
from roadworthy.domain import DetectorError, Expect, ScorerSpec
from roadworthy.evaluation import make_scorer
from roadworthy.evaluation.scorers.execution import PythonTests

TABLES = "create table claim (id, desk); insert into claim values (1, 'motor'), (2, 'home');"


def score(scorer: str, output: str, options=None, **expect) -> float | None:
    skip_unless_confined()
    made = make_scorer(ScorerSpec(scorer=scorer, options=options or {}))
    return made.score(a_case(expect=Expect(**expect)), output, an_observation(output=output))


@pytest.mark.parametrize(
    ("output", "value"),
    [
        ("def add(a, b):\n    return a + b", 1.0),
        ("Here you are:\n```python\ndef add(a, b):\n    return a + b\n```\nDone.", 1.0),
        ("```\ndef add(a, b):\n    return a + b", 1.0),
        (
            "```py\ndef helper(a):\n    return a\n```\nthen\n"
            "```py\ndef add(a, b):\n    return helper(a) + b\n```",
            1.0,
        ),
        ("```bash\nrm -rf /\n```", 0.0),
        ("def add(a, b):\n    return a * b", 0.0),
        ("I cannot do that.", 0.0),
        ("  \n", 0.0),
    ],
)
def test_python(output: str, value: float):
    assert score("python", output, tests="assert add(1, 2) == 3") == value


def test_a_body_goes_on_from_the_setup_and_so_does_a_whole_function():
    """As HumanEval asks: a signature, and tests that call it by name."""
    setup = 'def add(a, b):\n    """Add."""\n'
    tests = "def check(candidate):\n    assert candidate(1, 2) == 3\ncheck(add)"
    assert score("python", "    return a + b\n", setup=setup, tests=tests) == 1.0
    whole = "```python\ndef add(a, b):\n    return a + b\n```"
    assert score("python", whole, setup=setup, tests=tests) == 1.0
    assert score("python", "    return a\n", setup=setup, tests=tests) == 0.0


@pytest.mark.parametrize(
    ("output", "value"),
    [
        ("select desk from claim", 1.0),
        ("```sql\nselect desk from claim;\n```", 1.0),
        ("select id from claim", 0.0),
        ("drop table claim", 0.0),
        ("", 0.0),
    ],
)
def test_sql(output: str, value: float):
    assert score("sql", output, setup=TABLES, sql="select desk from claim") == value
    assert score("sql", output, {"setup": TABLES}, sql="select desk from claim") == value


def test_sql_asks_for_the_order_that_the_right_query_has():
    right = "select id from claim order by id desc"
    assert score("sql", "select id from claim", setup=TABLES, sql=right) == 0.0
    assert score("sql", "select id from claim", {"ordered": "no"}, setup=TABLES, sql=right) == 1.0


def test_code_that_cannot_be_confined_is_not_run_and_not_right():
    unlucky = PythonTests("python", cpu_seconds=2**70, wall_seconds=5.0, memory_mb=128)
    case = a_case(expect=Expect(tests="assert f() == 1"))
    with pytest.raises(DetectorError, match=r"^not run:"):
        unlucky.score(case, "def f():\n    return 1", an_observation())
