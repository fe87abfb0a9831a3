"""A run file read row by row is the run file read at once, or it is refused."""

from __future__ import annotations

import pytest

from doubles.answering import an_observation
from doubles.suites import a_content, a_suite, a_system
from roadworthy.domain import EvidenceError, VerificationError
from roadworthy.evaluation import (
    RunFile,
    RunReader,
    Seal,
    plan,
    read_run,
    row_digest,
    rows_digest,
)

SEAL = Seal("ours", b"s" * 32)


def row(number: int, **fields):
    return an_observation(suite="all", case=f"c{number}", **fields)


@pytest.fixture
async def written(tmp_path):
    """A run with repeats, a row asked again, and foreign characters: (path, file's digest)."""
    system = a_system(a_suite("all", 4))
    path = tmp_path / "run.jsonl"
    with RunFile(path, plan(system, a_content(system)), seal=SEAL) as file:
        file.append(row(2, status="error", error="late"))
        file.append(row(0, repeat=1, output="é\u0000</script>"))
        file.append(row(0, scores={"label": 1.0}))
        file.append(row(2, output="again", scores={"label": 0.0}))
        whole = file.sync()
    return path, whole


def digest_of_rows(path) -> str:
    return rows_digest({(r.suite, r.case, r.repeat): row_digest(r) for r in read_run(path)})


async def test_the_rows_are_those_of_the_whole_file(written):
    path, whole = written
    with RunReader(path, expected=digest_of_rows(path), whole=whole) as rows:
        assert list(rows.rows()) == read_run(path)
        assert len(rows) == 3
        assert [(key, len(found)) for key, found in rows.cases()] == [
            (("all", "c0"), 2),
            (("all", "c2"), 1),
        ]
        assert [each.repeat for each in rows.repeats_of(("all", "c0"))] == [0, 1]
        assert rows.repeats_of(("all", "c9")) == ()
        assert rows.holds(("all", "c2"))
        assert not rows.holds(("other", "c2"))
        kept = RunReader(path, expected="", whole=whole, keep_scores=True)
        with kept:
            assert list(kept.scored()) == list(rows.scored())
        assert [(r.case, r.status, r.scores) for r in rows.scored()] == [
            ("c0", "ok", {"label": 1.0}),
            ("c0", "ok", {}),
            ("c2", "ok", {"label": 0.0}),
        ]


async def test_a_changed_byte_is_refused(written):
    path, whole = written
    path.write_bytes(path.read_bytes().replace(b"again", b"AGAIN"))
    with pytest.raises(VerificationError, match="not hold the rows"):
        RunReader(path, expected="", whole=whole)


async def test_without_a_digest_of_the_file_the_rows_are_held_against_theirs(written):
    path, _ = written
    expected = digest_of_rows(path)
    with RunReader(path, expected=expected) as rows:
        assert len(rows) == 3
    path.write_bytes(path.read_bytes().replace(b"again", b"AGAIN"))
    with pytest.raises(VerificationError, match="not hold the rows"):
        RunReader(path, expected=expected)


async def test_without_any_digest_nothing_is_taken(written):
    path, _ = written
    with pytest.raises(VerificationError):
        RunReader(path, expected="")


async def test_a_line_that_is_no_row_is_named(written):
    path, whole = written
    digest = digest_of_rows(path)
    path.write_bytes(path.read_bytes() + b'{"case": 3}\n')
    with pytest.raises(EvidenceError, match=r"run.jsonl:6: this is not a row"):
        RunReader(path, expected=digest)
    with pytest.raises(VerificationError, match="not hold the rows"):
        RunReader(path, expected=digest, whole=whole)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(EvidenceError, match="cannot be read"):
        RunReader(tmp_path / "none.jsonl", expected="sha256:x")


async def test_rows_larger_than_what_is_read_at_once_are_read_whole(tmp_path):
    system = a_system(a_suite("all", 4))
    path = tmp_path / "run.jsonl"
    with RunFile(path, plan(system, a_content(system)), seal=SEAL) as file:
        for number, size in ((3, 400_000), (0, 10), (2, 300_000), (1, 150_000)):
            file.append(row(number, output=str(number) * size))
        whole = file.sync()
    with RunReader(path, expected="", whole=whole) as rows:
        assert list(rows.rows()) == read_run(path)
        backwards = [rows.repeats_of(("all", f"c{number}"))[0] for number in (3, 2, 1, 0)]
        assert backwards == read_run(path)[::-1]
