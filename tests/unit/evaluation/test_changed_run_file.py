"""A run goes on over rows that this workspace wrote, and over no others."""

from __future__ import annotations

import hmac
import math
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from doubles.answering import CountingTarget, an_observation
from doubles.suites import a_content, a_suite, a_system
from roadworthy.domain import (
    EvidenceError,
    Observation,
    RailVerdict,
    UndecidedError,
    Usage,
    VerificationError,
)
from roadworthy.evaluation import (
    Plan,
    RunFile,
    Scoring,
    Seal,
    SealedLines,
    plan,
    read_header,
    read_run,
    run,
)

SEAL = Seal("ours", b"s" * 32)


@pytest.fixture
def planned() -> Plan:
    system = a_system(a_suite("all", 6))
    return plan(system, a_content(system))


def row(number: int, **fields: object) -> Observation:
    return an_observation(suite="all", case=f"c{number}", **fields)


@pytest.fixture
async def path(tmp_path: Path, planned: Plan) -> Path:
    path = tmp_path / "run.jsonl"
    with RunFile(path, planned, seal=SEAL, started_at="2026-11-21T20:00:00.000000Z") as file:
        for number in range(5):
            file.append(row(number, scores={"exact": 0.0}, latency_ms=12.0, output="ä"))
    return path


def lines_of(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


CHANGES: dict[str, tuple[int, Callable[[list[bytes]], list[bytes]]]] = {
    "a score": (3, lambda ls: [*ls[:2], ls[2].replace(b":0.0", b":1.0"), *ls[3:]]),
    "a duration": (2, lambda ls: [ls[0], ls[1].replace(b"12.0", b"1.0"), *ls[2:]]),
    "an instant of the head": (1, lambda ls: [ls[0].replace(b"T20", b"T19"), *ls[1:]]),
    "the order": (2, lambda ls: [ls[0], ls[2], ls[1], *ls[3:]]),
    "a row less": (4, lambda ls: [*ls[:3], *ls[4:]]),
    "a row twice": (4, lambda ls: [*ls[:3], ls[2], *ls[3:]]),
    "the last row": (6, lambda ls: [*ls[:5], ls[5].replace(b":0.0", b":1.0")]),
    "a row without a code": (3, lambda ls: [*ls[:2], ls[2][:-75] + b"}\n", *ls[3:]]),
    "a code in capitals": (3, lambda ls: [*ls[:2], ls[2][:-67] + ls[2][-67:].upper(), *ls[3:]]),
    "a space at the end": (3, lambda ls: [*ls[:2], ls[2][:-1] + b" \n", *ls[3:]]),
    "an empty line": (3, lambda ls: [*ls[:2], b"\n", *ls[2:]]),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_a_changed_line_stops_the_run_and_is_named(
    path: Path, planned: Plan, name: str
) -> None:
    number, change = CHANGES[name]
    changed = b"".join(change(lines_of(path)))
    path.write_bytes(changed)
    with pytest.raises(VerificationError, match=rf"run\.jsonl:{number}: ") as raised:
        RunFile(path, planned, seal=SEAL)
    assert "--fresh" in raised.value.fix
    assert path.read_bytes() == changed


async def test_a_row_of_another_run_is_not_ours_here(
    path: Path, planned: Plan, tmp_path: Path
) -> None:
    other = tmp_path / "other.jsonl"
    with RunFile(other, planned.at_attempt(1), seal=SEAL) as file:
        file.append(row(0, scores={"exact": 1.0}))
    with path.open("ab") as file:
        file.write(lines_of(other)[1])
    with pytest.raises(VerificationError, match=r"run\.jsonl:7: "):
        RunFile(path, planned, seal=SEAL)


async def test_rows_of_another_workspace_are_not_ours(path: Path, planned: Plan) -> None:
    with pytest.raises(VerificationError, match=r"run\.jsonl:1: "):
        RunFile(path, planned, seal=Seal("ours", b"t" * 32))


async def test_after_a_rotation_of_the_key_it_says_so(path: Path, planned: Plan) -> None:
    with pytest.raises(UndecidedError, match=r"begun with the key ours; .* is theirs") as raised:
        RunFile(path, planned, seal=Seal("theirs", b"t" * 32))
    assert "--fresh" in raised.value.fix


async def test_a_run_file_of_an_earlier_version_names_the_way_out(
    path: Path, planned: Plan
) -> None:
    head = msgspec.json.decode(lines_of(path)[0])
    old = {**head, "roadworthy_run": 1}
    del old["mac"], old["key"]
    rows = [msgspec.json.encode(row(number)) + b"\n" for number in range(2)]
    path.write_bytes(msgspec.json.encode(old) + b"\n" + b"".join(rows))
    with pytest.raises(EvidenceError, match="earlier version") as raised:
        RunFile(path, planned, seal=SEAL)
    assert "--fresh" in raised.value.fix
    assert len(read_run(path)) == 2  # it can still be read


async def test_what_goes_on_is_one_chain_with_what_was_there(path: Path, planned: Plan) -> None:
    path.write_bytes(path.read_bytes()[:-7])  # killed while it wrote the last row
    with RunFile(path, planned, seal=SEAL) as file:
        assert len(file.finished) == 4
        file.append(row(4))
    with RunFile(path, planned, seal=SEAL) as file:
        assert len(file.finished) == 5
    chain = SealedLines(SEAL.secret)
    assert all(chain.holds(line[:-1]) for line in lines_of(path))
    assert read_header(path).key == "ours"


async def test_the_digest_of_the_file_covers_every_byte(path: Path, planned: Plan) -> None:
    with RunFile(path, planned, seal=SEAL) as file:
        file.append(row(5, latency_ms=20.0))
        whole = file.sync()
    assert len(read_run(path, whole=whole)) == 6
    path.write_bytes(path.read_bytes().replace(b'"latency_ms":20.0', b'"latency_ms":10.0'))
    with pytest.raises(VerificationError, match="does not hold the rows"):
        read_run(path, whole=whole)


UNWRITABLE: dict[str, dict[str, object]] = {
    "an infinite confidence": {"confidence": math.inf},
    "a score that is no number": {"scores": {"exact": math.nan}},
    "an infinite probability": {"label_probabilities": {"a": -math.inf}},
    "an infinite rail": {
        "rails": (RailVerdict(rail="r", side="output", outcome="flag", score=math.inf),)
    },
    "half a character": {"output": "\ud800"},
    "half a character in an error": {"status": "error", "error": "\udfff"},
    "an object": {"attributes": {"a": object()}},
    "a huge number": {"usage": Usage(raw={"tokens": {1, object()}})},
}


@pytest.mark.parametrize("name", UNWRITABLE)
async def test_a_row_that_cannot_be_written_down_is_an_error_row(
    tmp_path: Path, planned: Plan, name: str
) -> None:
    path = tmp_path / "run.jsonl"
    with RunFile(path, planned, seal=SEAL) as file:
        written = file.append(row(0, **UNWRITABLE[name]))
        file.append(row(1, output="null", attributes={"none": None}))
    assert (written.status, written.case) == ("error", "c0")
    assert "cannot be written down" in written.error
    assert [each.status for each in read_run(path)] == ["error", "ok"]
    with RunFile(path, planned, seal=SEAL) as file:
        assert list(file.finished) == [("all", "c1", 0)]


async def test_a_run_counts_the_row_as_it_was_written(tmp_path: Path, planned: Plan) -> None:
    class Infinite(CountingTarget):
        async def answer(self, case, *, suite, repeat):
            found = await super().answer(case, suite=suite, repeat=repeat)
            return msgspec.structs.replace(found, confidence=math.inf)

    with RunFile(tmp_path / "run.jsonl", planned, seal=SEAL) as runfile:
        done = await run(planned, Infinite(), runfile=runfile, scoring=Scoring(planned))
    assert done.errors == done.progress.errors == 6
    assert len(read_run(tmp_path / "run.jsonl", expected=done.digest)) == 6


def test_the_secret_does_not_print_itself() -> None:
    assert "sss" not in repr(SEAL)


def test_a_code_is_hmac_sha_256_over_the_code_before_and_the_line() -> None:
    chain, last = SealedLines(SEAL.secret), bytes(32)
    for line in (b'{"a":1}', b'{"b":2}'):
        last = hmac.digest(SEAL.secret, last + line[:-1], "sha256")
        assert chain.sealed(line) == line[:-1] + b',"mac":"' + last.hex().encode() + b'"}'
