"""Limits are kept by all workers together; what cannot be counted is not allowed."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadworthy.domain import EvidenceError, QuotaError, UsageError
from roadworthy.serving import (
    MAX_SLOTS,
    Quota,
    TenantLimits,
    billionths,
    forecast,
    limiting,
    load_tenants,
    month_of,
    next_slot,
)

NOW = 1_795_305_600.0  # 2026-11-22T00:00:00Z


def counts(path: Path) -> Quota:
    quota = Quota(path)
    quota.create()
    return quota


def refused(quota: Quota, limits: TenantLimits, now: float) -> QuotaError | None:
    try:
        quota.admit(limits, now)
    except QuotaError as error:
        return error
    return None


def test_a_minutes_worth_may_come_at_once_and_then_as_it_drains(tmp_path: Path) -> None:
    quota, limits = counts(tmp_path / "q"), TenantLimits(slot=0, requests_per_minute=6)
    assert [refused(quota, limits, NOW) for _ in range(6)] == [None] * 6
    error = refused(quota, limits, NOW)
    assert error is not None
    assert (error.what, round(error.retry_after_s, 6)) == ("requests", 10.0)
    assert refused(quota, limits, NOW + 9.99) is not None
    assert refused(quota, limits, NOW + 10.0) is None
    assert refused(quota, limits, NOW + 10.0) is not None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 5), min_size=1, max_size=60), st.integers(1, 20))
def test_no_minute_holds_more_than_twice_what_a_minute_may(gaps: list[float], most: int) -> None:
    """A full burst and what drains meanwhile; over any long time the rate itself."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        quota, limits = counts(Path(folder) / "q"), TenantLimits(slot=1, requests_per_minute=most)
        now, admitted = NOW, []
        for gap in gaps:
            now += gap
            if refused(quota, limits, now) is None:
                admitted.append(now)
        for begin in admitted:
            assert sum(begin <= at < begin + 60 for at in admitted) <= 2 * most
        span = (now - NOW) / 60
        assert len(admitted) <= most * (1 + span) + 1


def test_tokens_are_counted_when_they_are_known(tmp_path: Path) -> None:
    quota, limits = counts(tmp_path / "q"), TenantLimits(slot=0, tokens_per_minute=100)
    quota.admit(limits, NOW)
    quota.charge(limits, NOW, tokens=99, cost=None)
    quota.admit(limits, NOW)
    quota.charge(limits, NOW, tokens=51, cost=None)
    error = refused(quota, limits, NOW)
    assert error is not None
    assert (error.what, round(error.retry_after_s)) == ("tokens", 30)
    assert refused(quota, limits, NOW + 30.1) is None


def test_a_budget_ends_with_what_is_spent_and_begins_with_the_month(tmp_path: Path) -> None:
    quota = counts(tmp_path / "q")
    limits = TenantLimits(slot=0, budget="1.00", currency="EUR")
    said = [quota.charge(limits, NOW, tokens=9, cost=cost) for cost in ("0.49", "0.02", "0.4")]
    assert said == ["", "50% of 1.00 EUR is spent", "80% of 1.00 EUR is spent"]
    assert refused(quota, limits, NOW) is None
    assert quota.charge(limits, NOW, tokens=9, cost="0.0900000001") == "100% of 1.00 EUR is spent"
    error = refused(quota, limits, NOW)
    assert error is not None and error.what == "budget"
    december = NOW + 9 * 86_400
    assert month_of(december) == 202612
    assert refused(quota, limits, december) is None
    assert quota.taken(limits).spent_in(month_of(december)) == 0


def test_the_journal_corrects_upwards_only(tmp_path: Path) -> None:
    quota = counts(tmp_path / "q")
    limits = TenantLimits(slot=3, budget="1", currency="EUR")
    quota.charge(limits, NOW, tokens=1, cost="0.5")
    for known, stands in (("0.2", "0.5"), ("0.7", "0.7")):
        quota.at_least(limits, billionths(known), month_of(NOW))
        assert quota.taken(limits).spent == billionths(stands)


@pytest.mark.parametrize(
    ("cost", "counted"), [("0.0000000001", 1), ("0", 0), ("2.5", 2_500_000_000)]
)
def test_what_costs_something_counts_something(cost: str, counted: int) -> None:
    assert billionths(cost) == counted


def test_tenants_do_not_share_counts(tmp_path: Path) -> None:
    quota = counts(tmp_path / "q")
    one, two = (TenantLimits(slot=n, requests_per_minute=1) for n in (0, MAX_SLOTS - 1))
    quota.admit(one, NOW)
    assert refused(quota, one, NOW) is not None
    assert refused(quota, two, NOW) is None


def _ask(path: Path, limits: TenantLimits, results: multiprocessing.Queue[int]) -> None:
    quota = Quota(path)
    results.put(sum(refused(quota, limits, NOW) is None for _ in range(200)))


def test_processes_share_one_count(tmp_path: Path) -> None:
    counts(tmp_path / "q")
    context = multiprocessing.get_context("spawn")
    results, limits = context.Queue(), TenantLimits(slot=0, requests_per_minute=250)
    workers = [context.Process(target=_ask, args=(tmp_path / "q", limits, results)) for _ in "ab"]
    for worker in workers:
        worker.start()
    admitted = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()
    assert sum(admitted) == 250


def test_counts_survive_a_restart(tmp_path: Path) -> None:
    limits = TenantLimits(slot=0, requests_per_minute=1)
    counts(tmp_path / "q").admit(limits, NOW)
    assert refused(counts(tmp_path / "q"), limits, NOW) is not None


def test_what_cannot_be_counted_is_closed(tmp_path: Path) -> None:
    limits = TenantLimits(slot=0, requests_per_minute=1)
    (tmp_path / "other").write_bytes(b"something else that is no file of counts")
    (tmp_path / "link").symlink_to(tmp_path / "other")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for name in ("other", "link", "folder", "fifo"):
        with pytest.raises(EvidenceError):
            Quota(tmp_path / name).create()
        with pytest.raises(EvidenceError):
            Quota(tmp_path / name).admit(limits, NOW)
    with pytest.raises(EvidenceError):
        counts(tmp_path / "q").admit(TenantLimits(slot=-1, requests_per_minute=1), NOW)
    assert (tmp_path / "other").read_bytes().startswith(b"something else")


def test_counts_that_are_gone_are_closed_not_empty(tmp_path: Path) -> None:
    limits = TenantLimits(slot=0, requests_per_minute=1)
    with pytest.raises(EvidenceError):
        Quota(tmp_path / "never made").admit(limits, NOW)
    assert not (tmp_path / "never made").exists()
    quota = counts(tmp_path / "q")
    quota.admit(limits, NOW)
    (tmp_path / "q").unlink()
    with pytest.raises(EvidenceError, match="removed"):
        quota.admit(limits, NOW + 60)
    counts(tmp_path / "q")
    with pytest.raises(EvidenceError, match="removed"):
        quota.admit(limits, NOW + 60)


def test_a_clock_that_was_ahead_keeps_nobody_waiting_for_long(tmp_path: Path) -> None:
    quota = counts(tmp_path / "q")
    limits = TenantLimits(slot=0, requests_per_minute=6, tokens_per_minute=100)
    day = 86_400.0
    quota.admit(limits, NOW + day)
    quota.charge(limits, NOW + day, tokens=50, cost=None)
    error = refused(quota, limits, NOW)
    assert error is not None and error.retry_after_s <= 3600
    only = TenantLimits(slot=0, requests_per_minute=6)
    waiting = refused(quota, only, NOW)
    assert waiting is not None and waiting.retry_after_s <= 60
    assert quota.requests_left(only, NOW) == 0


def test_a_place_is_a_tenants_own_for_ever(tmp_path: Path) -> None:
    path, lock = tmp_path / "tenants.json", tmp_path / "lock"
    for name in ("a", "b", "a"):
        with limiting(path, lock) as limits:
            limits[name] = TenantLimits(slot=next_slot(limits, name), requests_per_minute=1)
    kept = load_tenants(path).limits
    assert {name: each.slot for name, each in kept.items()} == {"a": 0, "b": 1}
    full = {str(n): TenantLimits(slot=n) for n in range(MAX_SLOTS)}
    with pytest.raises(UsageError):
        next_slot(full, "one more")
    assert next_slot(full, "7") == 7


def test_a_forecast_goes_on_as_so_far() -> None:
    assert round(forecast(21_000, NOW)) == 30_000  # 21 of 30 days have gone


@pytest.mark.parametrize("kind", ["requests", "tokens"])
def test_half_a_minute_is_left_until_more_than_half_is_taken(tmp_path: Path, kind: str) -> None:
    quota = counts(tmp_path / "q")
    if kind == "requests":
        limits = TenantLimits(slot=0, requests_per_minute=10)
        take = [lambda: quota.admit(limits, NOW)] * 6
    else:
        limits = TenantLimits(slot=0, tokens_per_minute=100)
        take = [lambda: quota.charge(limits, NOW, tokens=10, cost=None)] * 6
    for one in take[:5]:
        one()
        assert quota.half_left(limits, NOW)
    take[5]()
    assert not quota.half_left(limits, NOW)
    assert quota.half_left(limits, NOW + 6) and quota.half_left(TenantLimits(slot=0), NOW)
