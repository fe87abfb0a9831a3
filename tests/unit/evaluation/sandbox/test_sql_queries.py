"""SQL by execution: the same rows, read only, and what judges nothing."""

from __future__ import annotations

import pytest

from doubles.kernel import skip_unless_confined
from roadworthy.domain import DetectorError
from roadworthy.evaluation.sandbox import Limits, run_query

TABLES = """
create table claim (id integer, desk text, amount real);
insert into claim values (1, 'motor', 10.5), (2, 'home', 20.0), (3, 'motor', 0.1), (4, null, 7);
"""
SMALL = Limits(cpu_seconds=2, wall_seconds=5.0, memory_mb=128)


def right(query: str, reference: str, *, ordered: bool = False, setup: str = TABLES) -> bool:
    skip_unless_confined()
    return run_query(setup, reference, query, SMALL, ordered=ordered).right


@pytest.mark.parametrize(
    ("query", "reference", "ordered", "expected"),
    [
        ("select desk from claim", "select desk from claim order by id desc", False, True),
        ("select id from claim", "select id from claim order by id desc", True, False),
        ("select id as n from claim", "select id from claim", False, True),
        ("select id, desk from claim", "select desk, id from claim", False, False),
        ("select distinct desk from claim", "select desk from claim", False, False),
        (
            "select 10.5 + 0.1 from claim where id = 1",
            "select sum(amount) from claim where desk = 'motor'",
            False,
            True,
        ),
        ("select '1'", "select 1", False, False),
        ("select 2.0", "select 2", False, True),
        ("select x'00'", "select x'00'", False, True),
        (
            "with recursive n(i) as (select 1 union all select i + 1 from n where i < 4) select i from n",  # noqa: E501
            "select id from claim",
            False,
            True,
        ),
        ("select 1 where 0", "select 1", False, False),
        ("selekt", "select 1", False, False),
        ("", "select 1", False, False),
        ("select 1; select 2", "select 1", False, False),
    ],
)
def test_rows_are_compared(query: str, reference: str, ordered: bool, expected: bool):
    assert right(query, reference, ordered=ordered) is expected


@pytest.mark.parametrize(
    "query",
    ["delete from claim", "update claim set id = 1", "drop table claim", "create table x (a)",
     "attach database ':memory:' as other", "attach database '/tmp/x.db' as other",
     "pragma query_only = off", "pragma table_info(claim)", "vacuum into '/tmp/x.db'",
     "select load_extension('x')", "insert into claim values (9, 'x', 1) returning 1"],
)  # fmt: skip
def test_an_answer_only_reads(query: str):
    assert not right(query, "select 1")


@pytest.mark.parametrize(
    "query",
    ["with recursive n(i) as (select 1 union all select i from n) select i from n",
     "with recursive n(i) as (select 1 union all select i from n) select count(*) from n",
     "select zeroblob(900000000) || zeroblob(900000000)",
     "select a.id from claim a, claim b, claim c, claim d, claim e, claim f, claim g, claim h"],
)  # fmt: skip
def test_a_query_without_an_end_or_measure_is_ended(query: str):
    assert not right(query, "select 1")


@pytest.mark.parametrize(
    ("setup", "reference", "said"),
    [
        ("create tabel x", "select 1", "own SQL cannot be run"),
        (TABLES, "select nothing from claim", "own SQL cannot be run"),
        (TABLES, "select id from claim where id > 99", "gives no row"),
        (TABLES, "delete from claim", "own SQL cannot be run"),
    ],
)
def test_sql_that_judges_nothing_is_an_error_never_a_pass(setup: str, reference: str, said: str):
    with pytest.raises(DetectorError, match=said):
        right("select 1", reference, setup=setup)
