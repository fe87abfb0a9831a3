"""Counts of a worker, as they are kept, left in a file and shown to Prometheus."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from roadworthy.domain import EvidenceError, Observation, RailVerdict, Usage
from roadworthy.journal import (
    ControlGauges,
    Gauges,
    ProcessGauge,
    Tally,
    exposition,
    forget_states,
    publish_state,
    read_states,
)
from roadworthy.journal.tally import DURATION_BUCKETS_S

AT = "2026-11-22T09:00:00.000000Z"


def seen(**changes: object) -> Observation:
    values: dict[str, object] = {
        "id": "o1", "time": AT, "system": "letters", "release": "sha256:ab", "stage": "live",
        "tenant": "acme", "latency_ms": 30.0, "first_token_ms": 12.0, "cost": "0.25",
        "currency": "EUR", "usage": Usage(input_tokens=7, output_tokens=3),
    }  # fmt: skip
    return Observation(**(values | changes))  # type: ignore[arg-type]


class Scrape(dict[tuple[str, frozenset[tuple[str, str]]], float]):
    """Samples as a scraper reads them."""

    def of(self, name: str, **labels: str) -> float:
        """The sum of a name's samples that have these labels."""
        found = [
            value for (other, has), value in self.items() if other == name and labels.items() <= has
        ]
        assert found, f"{name} {labels} is not there"
        return sum(found)

    def names(self) -> set[str]:
        return {name for name, _ in self}


def samples(tally: Tally, **control: object) -> Scrape:
    state = tally.state(worker="w1", at=AT, gauges=Gauges(serving={"letters": "sha256:ab"}))
    told = ControlGauges(**({"rounds": 3, "records": 5} | control))  # type: ignore[arg-type]
    return Scrape(
        {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(exposition([state], told).decode())
            for sample in family.samples
        }
    )


def test_what_was_answered_is_counted_by_system_release_tenant_and_action() -> None:
    tally = Tally()
    tally.count(seen())
    tally.count(seen(cost="0.5"))
    tally.count(seen(action="blocked", cost=None, currency="", usage=Usage()))
    read = samples(tally)
    release = {"worker": "w1", "system": "letters", "release": "sha256:ab"}
    whose = release | {"tenant": "acme"}
    assert read.of("roadworthy_exchanges_total", **whose, action="answered", status="ok") == 2
    assert read.of("roadworthy_exchanges_total", **whose, action="blocked", status="ok") == 1
    assert read.of("roadworthy_tokens_total", **whose, kind="input") == 14
    assert read.of("roadworthy_tokens_total", **whose, kind="output") == 6
    assert read.of("roadworthy_cost_total", **whose, currency="EUR") == 0.75
    assert read.of("roadworthy_unpriced_exchanges_total", **whose) == 1
    assert read.of("roadworthy_release_served", **release) == 1


def test_what_a_rail_could_not_check_is_counted_and_what_passed_is_not() -> None:
    tally = Tally()
    rails = (
        RailVerdict(rail="pii", side="output", outcome="passed"),
        RailVerdict(rail="deny", side="input", outcome="not_checked", reason="over its budget"),
    )
    tally.count(seen(rails=rails))
    read = samples(tally)
    assert read.of("roadworthy_rail_verdicts_total") == 1
    unchecked = {"rail": "deny", "side": "input", "outcome": "not_checked"}
    assert read.of("roadworthy_rail_verdicts_total", **unchecked) == 1


def test_an_unknown_price_is_no_price_of_nought() -> None:
    tally = Tally()
    tally.count(seen(cost=None, currency=""))
    assert "roadworthy_cost_total" not in samples(tally).names()


@given(st.lists(st.floats(0, 200_000, allow_nan=False), max_size=50))
def test_buckets_hold_every_duration_up_to_their_bound(durations_ms: list[float]) -> None:
    tally = Tally()
    for duration in durations_ms:
        tally.count(seen(latency_ms=duration, first_token_ms=None))
    read = samples(tally)
    name = "gen_ai_server_request_duration_seconds"
    for bound in DURATION_BUCKETS_S if durations_ms else ():
        expected = sum(duration / 1000 <= bound for duration in durations_ms)
        assert read.of(f"{name}_bucket", le=str(bound)) == expected
    if durations_ms:
        assert read.of(f"{name}_count", system="letters") == len(durations_ms)
        assert read.of(f"{name}_sum") == pytest.approx(sum(durations_ms) / 1000)


def test_errors_and_the_control_process_are_told() -> None:
    tally = Tally()
    for _ in range(2):
        tally.refused(401, "invalid_api_key")
    read = samples(tally, fault="the ledger is locked", kills={"letters": 1, "*": 2})
    wrong = {"http_status": "401", "code": "invalid_api_key"}
    assert read.of("roadworthy_error_responses_total", **wrong) == 2
    assert read.of("roadworthy_control_ready") == 0
    assert read.of("roadworthy_kill_flags", system="*") == 2
    assert "roadworthy_ledger_entries" not in read.names(), "unknown is not nought"


def test_names_of_tenants_cannot_break_out_of_their_label() -> None:
    tally = Tally()
    hostile = 'a"} 1\nroadworthy_fake{x="\\'
    tally.count(seen(tenant=hostile))
    read = samples(tally)
    assert "roadworthy_fake" not in read.names()
    assert read.of("roadworthy_exchanges_total", tenant=hostile) == 1


def test_a_state_is_read_back_and_an_unreadable_one_is_an_error(tmp_path: Path) -> None:
    tally = Tally()
    tally.count(seen())
    state = tally.state(worker="w1", at=AT, gauges=Gauges(in_flight=2))
    publish_state(tmp_path / "workers", state)
    assert read_states(tmp_path / "workers") == [state]
    assert read_states(tmp_path / "none") == []
    (tmp_path / "workers" / "w2.json").write_bytes(msgspec.json.encode({"worker": "w2"}))
    with pytest.raises(EvidenceError, match=r"w2\.json"):
        read_states(tmp_path / "workers")
    forget_states(tmp_path / "workers")
    assert read_states(tmp_path / "workers") == []


def test_a_probe_is_in_no_count_of_traffic() -> None:
    tally = Tally()
    tally.count(seen(stage="probe"))
    state = tally.state(worker="w1", at=AT, gauges=Gauges())
    assert (state.exchanges, state.durations, state.probes) == ([], [], 1)


def test_processes_are_shown_by_the_names_of_prometheus_own_clients() -> None:
    processes = (
        ProcessGauge(worker="w1", cpu_s=2.5, resident=50_000_000, files=12, began=1.7e9),
        ProcessGauge(worker="control", cpu_s=0.5, resident=40_000_000),
    )
    shown = samples(Tally(), cores=1.5, memory=90_000_000, processes=processes)
    assert shown.of("process_cpu_seconds_total", worker="w1") == 2.5
    assert shown.of("process_resident_memory_bytes") == 90_000_000
    assert shown.of("process_open_fds") == 12
    assert shown.of("process_start_time_seconds") == 1.7e9
    assert shown.of("roadworthy_cores") == 1.5
    assert shown.of("roadworthy_memory_bytes") == 90_000_000
    assert "roadworthy_memory_limit_bytes" not in shown.names()
