"""What will be asked, in which order, fixed before the first call.

Enters: a checked system and its pinned content. Leaves: a plan with the bar (what the ledger is
told first) and a run id that the same command finds again. Nothing here calls a model.

A case that several suites hold (same id, same digest) is asked once: its row belongs to the
first of them and names the others, and it counts in each suite's number of rows. The same id
with another content is another case and is asked in its own suite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec
from msgspec import UNSET, Struct, UnsetType

from roadworthy.domain import (
    MAX_REPEATS,
    Bar,
    Case,
    ReleaseContent,
    Suite,
    SuiteFile,
    SuitePin,
    System,
    UsageError,
    digest_of,
    pinned_judges,
    question_digest,
    sha256,
)

MAX_SEED = 2**53 - 1
"""The largest whole number that every reader of the ledger can hold."""

_sorted_json = msgspec.json.Encoder(order="sorted")

Key = tuple[str, str, int]
"""(suite, case id, repeat): names a row of a run."""


class Item(Struct, frozen=True, gc=False):
    """One question: a case, asked once."""

    suite: str
    case: Case
    repeat: int
    also: tuple[str, ...] = ()
    """The other chosen suites that hold the same case."""
    copy_of: tuple[str, str] | None = None
    """(suite, case id) of the first case that asks the same; None where this is the first."""

    @property
    def key(self) -> Key:
        """The row's name in the run."""
        return (self.suite, self.case.id, self.repeat)


class Plan(Struct, frozen=True, kw_only=True):
    """The whole of a run before it starts."""

    run: str
    """`run-<12 hex digits>`."""
    attempt: int
    digest: str
    """Of bar, repeats, seed and attempt; the run file carries it."""
    bar: Bar
    bar_digest: str
    suites: tuple[Suite, ...]
    items: tuple[Item, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Suite -> number of rows that count in it."""
        counts = {suite.name: 0 for suite in self.suites}
        for item in self.items:
            counts[item.suite] += 1
            for name in item.also:
                counts[name] += 1
        return counts

    def at_attempt(self, attempt: int) -> Plan:
        """The same questions as another attempt, under another run id."""
        digest = _plan_digest(self.bar_digest, self.bar.repeats, self.bar.seed, attempt)
        run = f"run-{digest.removeprefix('sha256:')[:12]}"
        return msgspec.structs.replace(self, run=run, attempt=attempt, digest=digest)


def plan(
    system: System,
    content: ReleaseContent,
    *,
    suites: Sequence[str] = (),
    repeats: int | None = None,
    seed: int = 0,
    limit: int | None = None,
) -> Plan:
    """Plan a run of the named suites (none named: all), in the order of suite, case, repeat.

    `repeats` asks every case that often; None leaves it to each case, then to its suite.
    `limit` keeps the first so many cases; what it cuts is not in the bar, so a gate that asks
    for the whole suite sees the difference.

    Raises UsageError on an unknown suite, on numbers below one and when nothing would be asked.
    """
    for name, number in (("repeats", repeats), ("limit", limit)):
        if number is not None and number < 1:
            raise UsageError(f"--{name} must be at least 1, not {number}")
    if repeats is not None and repeats > MAX_REPEATS:
        raise UsageError(f"--repeats must be at most {MAX_REPEATS:,}, not {repeats:,}")
    if not 0 <= seed <= MAX_SEED:
        raise UsageError(f"--seed must be between 0 and {MAX_SEED}, not {seed}")
    chosen = _chosen(system, suites)
    kept = list(_kept(chosen, limit))
    pins = tuple(pin_suite(suite, cases) for suite, cases in kept)
    items = tuple(_items(kept, pins, repeats))
    if not items:
        raise UsageError(
            f"there is no case in {', '.join(suite.name for suite in chosen) or 'any suite'}",
            fix="name a JSONL file with cases under `cases:` in suites/NAME.yaml",
        )
    bar = Bar(
        system=content.system,
        candidate=content.candidate_digest,
        slos=digest_of(content.slos),
        suites=pins,
        seed=seed,
        repeats=_besides(kept, repeats),
        quarantine=quarantine_of(system),
    )
    bar_digest = digest_of(bar)
    first = Plan(
        run="",
        attempt=0,
        digest="",
        bar=bar,
        bar_digest=bar_digest,
        suites=tuple(suite for suite, _ in kept),
        items=items,
    )
    return first.at_attempt(0)


def quarantine_of(system: System) -> dict[str, str] | UnsetType:
    """What the bar fixes of quarantine.yaml; UNSET where nothing is set aside."""
    held = {f"{each.suite}/{each.case}": each.until for each in system.quarantine}
    return dict(sorted(held.items())) or UNSET


def _besides(kept: Sequence[tuple[Suite, tuple[Case, ...]]], repeats: int | None) -> int:
    """The number of repeats that the bar names: 0 where it asks what the contract says anyway."""
    said = {case.repeats or suite.file.repeats for suite, cases in kept for case in cases}
    return 0 if repeats is None or said == {repeats} else repeats


def latest_attempt(planned: Plan, exists: Callable[[str], bool], *, fresh: bool = False) -> Plan:
    """The attempt to go on with: the newest whose run `exists`, or with `fresh` the next one."""
    attempt = 0
    while exists(planned.at_attempt(attempt).run):
        attempt += 1
    return planned.at_attempt(attempt if fresh or attempt == 0 else attempt - 1)


def pin_suite(suite: Suite, cases: Iterable[Case] | None = None) -> SuitePin:
    """A suite as the bar fixes it; `cases` when only a part of it is asked."""
    chosen = suite.cases if cases is None else tuple(cases)
    digests = {case.id: case_digest(case) for case in chosen}
    return SuitePin(
        name=suite.name,
        digest=suite_digest(suite.file, digests),
        cases=digests,
        questions={case.id: question_digest(case) for case in chosen},
        purpose=suite.file.purpose,
    )


def suite_digest(file: SuiteFile, cases: Mapping[str, str]) -> str:
    """The digest that a bar holds a suite to: its file, its cases by digest, its judges by theirs.

    A judge's digest names more than the file says: what it is told.
    """
    judges = pinned_judges(file)
    return digest_of({"file": file, "cases": cases, **({"judges": judges} if judges else {})})


def case_digest(case: Case) -> str:
    """`digest_of(case)`, four times as fast for the usual case, which cannot hold a float."""
    bare = type(case.input) is str and not (case.context or case.turns or case.expect.schema)
    bare = bare and not (case.tools or case.approvals or case.expect.trajectory)
    bare = bare and case.expect.json is msgspec.UNSET
    if bare and all(key.isascii() for key in (*case.facets, *case.origin)):
        return sha256(_sorted_json.encode(case))
    return digest_of(case)


def _plan_digest(bar: str, repeats: int, seed: int, attempt: int) -> str:
    return digest_of({"bar": bar, "repeats": repeats, "seed": seed, "attempt": attempt})


def _chosen(system: System, names: Sequence[str]) -> list[Suite]:
    if not names:
        return list(system.suites)
    chosen = []
    for name in dict.fromkeys(names):
        suite = system.suite(name)
        if suite is None:
            known = ", ".join(each.name for each in system.suites) or "none"
            raise UsageError(f"there is no suite {name!r}", fix=f"the suites are: {known}")
        chosen.append(suite)
    return chosen


def _kept(suites: Sequence[Suite], limit: int | None) -> Iterator[tuple[Suite, tuple[Case, ...]]]:
    left = limit
    for suite in suites:
        cases = suite.cases if left is None else suite.cases[:left]
        if left is not None:
            left -= len(cases)
        if cases:
            yield suite, cases


def _items(
    kept: Sequence[tuple[Suite, tuple[Case, ...]]],
    pins: Sequence[SuitePin],
    repeats: int | None,
) -> Iterator[Item]:
    holders: dict[tuple[str, str], list[str]] = {}
    for pin in pins:
        for case_id, digest in pin.cases.items():
            holders.setdefault((case_id, digest), []).append(pin.name)
    first: dict[str, tuple[str, str]] = {}
    for (suite, cases), pin in zip(kept, pins, strict=True):
        for case in cases:
            names = holders[case.id, pin.cases[case.id]]
            if names[0] != suite.name:
                continue
            also = tuple(names[1:])
            own = (suite.name, case.id)
            asked = first.setdefault(pin.question(case.id), own)
            for repeat in range(repeats or case.repeats or suite.file.repeats):
                yield Item(suite.name, case, repeat, also, None if asked == own else asked)
