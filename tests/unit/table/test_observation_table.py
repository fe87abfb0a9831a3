"""The table's columns, files and questions: lossless but for texts, exact, closed to bad input."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow", reason="needs pyarrow: make setup")
pytest.importorskip("duckdb", reason="needs duckdb: make setup")

from msgspec import structs  # noqa: E402

from roadworthy.domain import (  # noqa: E402
    EvidenceError,
    HostSample,
    NeverRecord,
    Observation,
    RailVerdict,
    Reviewed,
    Shift,
    Usage,
    UsageError,
)
from roadworthy.table import (  # noqa: E402
    BAND,
    LEARNED_BAND,
    Part,
    Selection,
    Table,
    TooManyKindsError,
    facts_of,
    glimpse,
    observation_of,
    ranked_values,
    read_table,
    row_of,
    table_of,
    write_table,
)
from roadworthy.table.asking import MOST_KINDS  # noqa: E402
from roadworthy.table.columns import JSON  # noqa: E402
from roadworthy.table.files import KEY, schema_of  # noqa: E402
from roadworthy.table.ranks import MOST_VALUES  # noqa: E402

AT = "2026-11-21T20:00:00.000001Z"
PLAIN = Observation(id="1", time=AT, system="desk", release="sha256:aa", stage="live")
FULL = Observation(
    id="2", time=AT, system="de'sk", release="sha256:aa", stage="eval", suite="s", case="c",
    repeat=2, tags=("tail", "group:a"), tenant="acme", end_user="eu-1",
    facets={"language": "de", "an \"odd' one": "x,y"}, session="s1", endpoint="e", model="m",
    usage=Usage(input_tokens=3, output_tokens=4, cache_write_tokens=1, raw={"x": {"y": 1}}),
    cost="0.25", currency="EUR", latency_ms=12.5, first_token_ms=3.0, status="error",
    error="it broke", finish_reason="stop", cache_hit=True, action="held", decision="motor",
    confidence=0.3, label_probabilities={"motor": 0.3}, label="home",
    rails=(RailVerdict(rail="r", side="input", outcome="block", kinds=("a",)),),
    never=(NeverRecord(event="rude", kind="attempt", found_by="rail"),), scores={"exact": 1.0},
    input_digest="sha256:i", output_digest="sha256:o", review="r1", mitigation="m1",
    notice_given=True, sampling_weight=4.0, ood=True, misuse=("extraction:x",),
    shift=Shift(reference="sha256:r", score=0.5, flagged=True, new_facets=("language",)),
    reviewed=Reviewed(decision="edit", overturned=True, waited_ms=5.0),
    host=HostSample(at=AT, seconds=1.0),
    attributes={"expect_action": "hold", "copy_of": ["s", "d"]},
)  # fmt: skip


@pytest.mark.parametrize("seen", [PLAIN, FULL])
def test_a_row_is_the_observation_again(seen: Observation, tmp_path: Path) -> None:
    assert observation_of(row_of(seen)) == seen
    path = tmp_path / "t.parquet"
    write_table(path, table_of([row_of(seen)]))
    with Table([Part(path=path)]) as table:
        assert [found for found, _ in table.rows(Selection(), most=1)] == [seen]


def test_every_field_but_the_texts_has_a_column() -> None:
    texts = {"output", "raw_output", "quoted"}
    columns = {*schema_of(()).names, "usage"}
    assert {each.name for each in structs.fields(Observation)} - texts <= columns
    assert not texts & columns and not texts & JSON.keys()


def test_texts_and_what_an_error_quotes_are_left_out() -> None:
    said = structs.replace(
        PLAIN, output="secret", raw_output="secret", quoted="secret", error="upstream: secret"
    )
    assert "secret" not in str(row_of(said))
    assert row_of(said)["error"] == "upstream: [sealed]"


def damaged(data: bytes) -> dict[str, bytes]:
    middle = len(data) // 2
    return {
        "cut": data[:middle],
        "empty": b"",
        "a flipped bit": data[:90] + bytes([data[90] ^ 1]) + data[91:],  # of the first values
        "no Parquet": b"roadworthy",
    }


@pytest.mark.parametrize("how", ["cut", "empty", "a flipped bit", "no Parquet"])
def test_a_damaged_file_is_named(how: str, tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(path, table_of([row_of(FULL)] * 50))
    path.write_bytes(damaged(path.read_bytes())[how])
    with pytest.raises(EvidenceError, match=r"t\.parquet is damaged"):
        read_table(path)
    path.unlink()
    with pytest.raises(EvidenceError, match=r"t\.parquet is gone"):
        Table([Part(path=path)])


def test_columns_of_a_newer_version_are_not_read_as_far_as_they_are_known(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = table_of([row_of(PLAIN)])
    write_table(path, table.replace_schema_metadata({KEY: b"2"}))
    with pytest.raises(EvidenceError, match="columns of version 2"):
        Table([Part(path=path)])
    write_table(path, table.replace_schema_metadata({}))
    with pytest.raises(EvidenceError, match="is no table of observations"):
        Table([Part(path=path)])


def test_a_facet_that_a_file_does_not_know_is_none_and_not_empty(tmp_path: Path) -> None:
    rows = [
        structs.replace(PLAIN, id="a", facets={"language": ""}),
        structs.replace(PLAIN, id="b", facets={"tier": "gold"}),
    ]
    paths = [tmp_path / f"{row.id}.parquet" for row in rows]
    for path, row in zip(paths, rows, strict=True):
        write_table(path, table_of([row_of(row)]))
    with Table([Part(path=path) for path in paths]) as table:
        cube = table.cube(["facets.language", "facets.tier", "facets.none"], Selection())
        assert set(cube.counts) == {("", None, None), (None, "gold", None)}
        assert table.facets == ["language", "tier"]
        assert [found for found, _ in table.rows(Selection(), most=9)] == rows


def test_an_instant_is_in_the_window_that_begins_with_it() -> None:
    instants = [f"2026-11-21T2{hour}:00:00.000000Z" for hour in (0, 1, 2)]
    rows = [structs.replace(PLAIN, id=at, time=at) for at in instants]
    with Table([], fresh=map_rows(rows)) as table:
        cube = table.cube([BAND, LEARNED_BAND], Selection(), bands=instants[1:])
        assert cube.counts.keys() == {(0, -1), (1, -1), (2, -1)}
        picked = table.cube((), Selection(since=instants[1], until=instants[2]))
        assert picked.n == 1


def test_a_caller_says_no_sql() -> None:
    strange = "x\"'); DROP TABLE observations; --"
    rows = [structs.replace(PLAIN, tenant=strange, facets={strange: strange})]
    with Table([], fresh=map_rows(rows)) as table:
        cube = table.cube(["tenant", f"facets.{strange}"], Selection(tenant=strange))
        assert cube.counts == {(strange, strange): (1, 0, 0)}
        with pytest.raises(EvidenceError, match="no column"):
            table.cube(["1; SELECT 2"], Selection())


def test_rows_that_differ_in_too_many_ways_are_not_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    n = MOST_KINDS + 1
    write_table(path, synthetic(n, tenant=[f"t{place}" for place in range(n)]))
    with Table([Part(path=path)]) as table:
        with pytest.raises(TooManyKindsError, match="differ in more than"):
            table.cube(["tenant"], Selection())
        assert table.cube(["stage"], Selection()).n == n
        with pytest.raises(UsageError, match="more than the 10 that are read"):
            next(table.rows(Selection(), most=10))


@pytest.mark.parametrize("kind", ["spread", "narrow", "alike"])
def test_a_rank_out_of_many_values_is_exact(kind: str, tmp_path: Path) -> None:
    n, source = 2 * MOST_VALUES + 7, random.Random(kind)
    draw = {
        "spread": lambda: source.expovariate(1 / 700),
        "narrow": lambda: 100.0 + source.random() * 1e-3,  # one bin of the first look
        "alike": lambda: 100.0 + source.randint(0, 2),
    }[kind]
    values = [draw() for _ in range(n)]
    path = tmp_path / "t.parquet"
    write_table(path, synthetic(n, latency_ms=values))
    ordered = sorted(values)
    places = (0, 1, n // 2, int(n * 0.95), n - 1)

    def asks(known: Any) -> list[float]:
        return [known[place] for place in places]

    with Table([Part(path=path)]) as table:
        found = ranked_values(
            table, "latency_ms", ("stage",), Selection(), part=lambda kind: ("", True), asks=asks
        )
    assert found[""][0] == n
    assert asks(found[""][1]) == [ordered[place] for place in places]


def test_what_is_known_of_a_file_changes_no_count(tmp_path: Path) -> None:
    source = random.Random(7)
    hours = [f"2026-11-21T{hour:02d}:" for hour in range(12)]
    paths, facts = [], []
    for place, hour in enumerate(hours):
        rows = [
            structs.replace(
                PLAIN,
                id=f"{place}-{each}",
                time=f"{hour}{each:02d}:00.000000Z",
                system=source.choice(("desk", "other")) if place % 4 == 0 else "desk",
                stage="live" if place % 3 else source.choice(("live", "canary", "probe")),
                tenant="acme" if place < 6 else source.choice(("acme", "globex")),
                release="sha256:aa" if place < 9 else "sha256:bb",
                facets={}
                if place % 2
                else {
                    "language": source.choice(("de", "en")),
                    "tenant": source.choice(("acme",)),
                },
                label=source.choice(("", "motor")),
            )
            for each in range(30)
        ]
        later = [row_of(row) | {"learned_at": said} for row, said in zip(rows, [
            row_of(source.choice(rows))["time"] if place % 5 else None for _ in rows
        ], strict=True)]  # fmt: skip
        table = table_of(later)
        path = tmp_path / f"{place}.parquet"
        write_table(path, table)
        paths.append(path)
        facts.append(facts_of(table))
    columns = (
        "facets.tenant",
        BAND,
        LEARNED_BAND,
        "system",
        "stage",
        "tenant",
        "facets.language",
        "label",
        "alone",
    )
    bare = [Part(path=path) for path in paths]
    parts = [Part(path=path, facts=each) for path, each in zip(paths, facts, strict=True)]
    assert {"tenant"} in [set(each.same) for each in facts if each is not None]
    asked = [
        Selection(),
        Selection(systems=("desk",), stages=("live", "canary"), release="sha256:a"),
        Selection(
            tenant="globex", since=f"{hours[3]}10:00.000000Z", until=f"{hours[9]}00:00.000000Z"
        ),
        Selection(systems=("none",)),
    ]
    bands = [f"{hours[2]}00:00.000000Z", f"{hours[5]}15:00.000000Z", f"{hours[9]}00:00.000000Z"]
    with Table(bare) as plain, Table(parts) as known:
        for selection in asked:
            for names in (columns, columns[:3], columns[1:2], ()):
                cube = known.cube(names, selection, bands=bands)
                assert cube == plain.cube(names, selection, bands=bands), (selection, names)
    late = Selection(reaching=bands[1], learned_reaching=bands[0])
    with Table(parts) as known, Table(bare) as plain:
        some, every = known.cube(columns, late, bands=bands), plain.cube(columns, late, bands=bands)
        in_window = {key: n for key, n in every.counts.items() if key[1] >= 2 and key[2] >= 1}
        assert in_window and in_window.items() <= some.counts.items() < every.counts.items()
    assert facts_of(table_of([])) is None


def test_a_workspace_whose_name_stands_for_several_files_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "a[b]"
    path = folder / "t.parquet"
    write_table(path, table_of([row_of(PLAIN)]))
    with pytest.raises(UsageError, match="stands for several files"):
        Table([Part(path=path)])


def test_a_glimpse_holds_what_its_columns_tell() -> None:
    row = row_of(FULL)
    columns = ("tenant", "facets.language", "shift.reference", "shift.new_facets", "never")
    seen = glimpse({name: row[name] for name in columns})
    assert (seen.tenant, seen.facets, seen.never) == ("acme", {"language": "de"}, FULL.never)
    assert seen.shift == Shift(reference="sha256:r", new_facets=("language",))
    assert glimpse({"shift.reference": None}).shift is None


def map_rows(rows: list[Observation]) -> list[dict[str, Any]]:
    return [row_of(row) for row in rows]


def synthetic(n: int, **columns: list[Any]) -> Any:
    """Many rows at once: all alike but for these columns."""
    one = table_of([row_of(PLAIN)])
    arrays = {
        name: pa.array(columns[name], one.schema.field(name).type)
        if name in columns
        else pa.repeat(one[name][0], n)
        for name in one.column_names
    }
    return pa.table(arrays, schema=one.schema)
