"""The workers' counts in Prometheus' text format (exposition format 0.0.4).

Enters: states that workers left, and how the control process stands. Leaves: text. Never happens
here: a count of one worker added to another's: each keeps its label, so that one that begins
anew is seen as that and not as a loss.

Names follow OpenTelemetry's semantic conventions for generative AI where these have one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct

from roadworthy.domain import parse_instant

from .tally import DURATION_BUCKETS_S, FIRST_TOKEN_BUCKETS_S, Histogram, WorkerState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_EXCHANGE = ("worker", "system", "release", "tenant", "action", "status")
_RELEASE = ("worker", "system", "release")
_STANDING = {
    "in_flight": "Calls under way.",
    "table_version": "Version of the routing table.",
    "table_readable": "0: the routing table cannot be read and nothing is answered.",
    "keys_readable": "0: the tenants' keys cannot be read and nobody may call.",
    "journal_writable": "0: the journal cannot be written and new calls are refused.",
    "limits_counted": "0: the store that several machines count limits in cannot count.",
    "disk_free_bytes": "Free where the journal lies.",
}
"""Fields of `Gauges` and what they mean."""
_TENANT = ("worker", "system", "release", "tenant")


class BudgetGauge(Struct, frozen=True, kw_only=True):
    """A tenant's budget this month, in its currency."""

    tenant: str
    currency: str
    budget: float
    spent: float
    forecast: float
    """At the month's end, if it goes on as so far."""


class ProcessGauge(Struct, frozen=True, kw_only=True):
    """One process, in the units and by the names of Prometheus' own clients."""

    worker: str
    """`w1` …, `control`, `supervisor`."""
    cpu_s: float
    resident: int
    files: int | None = None
    began: float | None = None


class ReviewGauge(Struct, frozen=True, kw_only=True):
    """Held answers of a system that wait for people."""

    system: str
    waiting: int
    overdue: int
    oldest_s: float
    """How long the one has waited that waits longest; 0 when none does."""


class ControlGauges(Struct, frozen=True, kw_only=True):
    """How the control process stands."""

    rounds: int
    records: int
    fault: str = ""
    ledger_entries: int | None = None
    kills: dict[str, int] = {}
    """System -> kill flags that stand; `*`: those that stop everything."""
    budgets: tuple[BudgetGauge, ...] = ()
    reviews: tuple[ReviewGauge, ...] = ()
    processes: tuple[ProcessGauge, ...] = ()
    cores: float | None = None
    """Processors that all of them may use at once."""
    memory: int | None = None
    """Bytes that all of them hold, shared pages once."""
    memory_limit: int | None = None


def exposition(states: Sequence[WorkerState], control: ControlGauges) -> bytes:
    """The document of one scrape."""
    from prometheus_client import CollectorRegistry, generate_latest

    families = [*_exchanges(states), *_durations(states), *_spending(states)]
    families += [*_gauges(states), *_control(control), *_processes(control)]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected(families))
    return bytes(generate_latest(registry))


class _Collected:
    """Families that are made already, as the library wants to ask for them."""

    def __init__(self, families: Sequence[Any]) -> None:
        self._families = families

    def collect(self) -> Iterable[Any]:
        """All of them."""
        return self._families


def _exchanges(states: Sequence[WorkerState]) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily

    exchanges = CounterMetricFamily(
        "roadworthy_exchanges", "Answers that were kept.", labels=_EXCHANGE
    )
    rails = CounterMetricFamily(
        "roadworthy_rail_verdicts",
        "What rails found or could not check; all other answers passed.",
        labels=("worker", "system", "release", "rail", "side", "outcome"),
    )
    refused = CounterMetricFamily(
        "roadworthy_error_responses",
        "Requests that were answered with an error, kept as an exchange or not.",
        labels=("worker", "http_status", "code"),
    )
    for state in states:
        for one in state.exchanges:
            whose = [state.worker, one.system, one.release, one.tenant]
            exchanges.add_metric([*whose, one.action, one.status], one.n)
        for seen in state.verdicts:
            where = [state.worker, seen.system, seen.release, seen.rail, seen.side, seen.outcome]
            rails.add_metric(where, seen.n)
        for error in state.refusals:
            refused.add_metric([state.worker, str(error.status), error.code], error.n)
    yield from (exchanges, rails, refused)


def _durations(states: Sequence[WorkerState]) -> Iterator[Any]:
    from prometheus_client.core import HistogramMetricFamily as Buckets

    whole = Buckets(
        "gen_ai_server_request_duration_seconds",
        "From a call to the end of its answer, model, rails and all.",
        labels=_RELEASE,
    )
    first = Buckets(
        "gen_ai_server_time_to_first_token_seconds",
        "From a call to the first piece that the model gave.",
        labels=_RELEASE,
    )
    for state in states:
        for times in state.durations:
            release = [state.worker, times.system, times.release]
            for family, seen, bounds in (
                (whole, times.whole, DURATION_BUCKETS_S),
                (first, times.first, FIRST_TOKEN_BUCKETS_S),
            ):
                family.add_metric(release, _cumulated(seen, bounds), seen.total_s)
    yield from (whole, first)


def _spending(states: Sequence[WorkerState]) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily

    tokens = CounterMetricFamily(
        "roadworthy_tokens",
        "Tokens by kind; cached ones are among the input, reasoning among the output.",
        labels=(*_TENANT, "kind"),
    )
    cost = CounterMetricFamily(
        "roadworthy_cost",
        "What priced answers cost, by the dated price table.",
        labels=(*_TENANT, "currency"),
    )
    unpriced = CounterMetricFamily(
        "roadworthy_unpriced_exchanges", "Answers whose price is not known.", labels=_TENANT
    )
    for state in states:
        for whose, sums in _by_tenant(state).items():
            for kind, count in sums.tokens.items():
                tokens.add_metric([*whose, kind], count)
            for currency, amount in sums.cost.items():
                cost.add_metric([*whose, currency], amount)
            unpriced.add_metric(whose, sums.unpriced)
    yield from (tokens, cost, unpriced)


class _Sums(Struct):
    tokens: Counter[str]
    cost: Counter[str]
    unpriced: int = 0


def _by_tenant(state: WorkerState) -> dict[tuple[str, ...], _Sums]:
    """Tokens and money of a worker, whatever became of the answers."""
    sums: dict[tuple[str, ...], _Sums] = {}
    for one in state.exchanges:
        whose = (state.worker, one.system, one.release, one.tenant)
        own = sums.setdefault(whose, _Sums(Counter(), Counter()))
        own.unpriced += one.unpriced
        own.cost.update(one.cost)
        own.tokens.update(
            input=one.input_tokens,
            cached_input=one.cached_input_tokens,
            output=one.output_tokens,
            reasoning=one.reasoning_tokens,
        )
    return sums


def _cumulated(histogram: Histogram, bounds: Sequence[float]) -> list[tuple[str, int]]:
    """Bucket bound -> durations up to it."""
    below = 0
    buckets = []
    for bound, count in zip([*map(str, bounds), "+Inf"], histogram.counts, strict=True):
        below += count
        buckets.append((bound, below))
    return buckets


def _gauges(states: Sequence[WorkerState]) -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily as Gauge

    for name, meaning in _STANDING.items():
        family = Gauge(f"roadworthy_{name}", meaning, labels=("worker",))
        for state in states:
            value = getattr(state.gauges, name)
            if value is not None:
                family.add_metric([state.worker], int(value))
        yield family
    at = Gauge(
        "roadworthy_worker_state_timestamp_seconds",
        "When a worker last said all this; it does so once a second.",
        labels=("worker",),
    )
    served = Gauge("roadworthy_release_served", "0: the live release is refused.", labels=_RELEASE)
    well = Gauge(
        "roadworthy_upstream_well",
        "0: the address failed again and again and rests, or one call is finding out.",
        labels=("worker", "system", "address"),
    )
    for state in states:
        for system, addresses in state.gauges.addresses.items():
            for one in addresses:
                well.add_metric([state.worker, system, one.address], int(one.state == "well"))
        at.add_metric([state.worker], parse_instant(state.at).timestamp())
        for system, release in state.gauges.serving.items():
            served.add_metric([state.worker, system, release], 1)
        for system in state.gauges.refused:
            served.add_metric([state.worker, system, ""], 0)
    yield from (at, served, well)


def _control(control: ControlGauges) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily
    from prometheus_client.core import GaugeMetricFamily as Gauge

    yield CounterMetricFamily(
        "roadworthy_control_rounds", "Rounds of reconciling.", value=control.rounds
    )
    yield CounterMetricFamily(
        "roadworthy_control_records", "Records reconciled.", value=control.records
    )
    yield Gauge(
        "roadworthy_control_ready", "0: the last round failed.", value=int(not control.fault)
    )
    if control.ledger_entries is not None:
        yield Gauge(
            "roadworthy_ledger_entries", "Entries of the ledger.", value=control.ledger_entries
        )
    kills = Gauge("roadworthy_kill_flags", "Kill flags that stand.", labels=("system",))
    for system, count in control.kills.items():
        kills.add_metric([system], count)
    yield kills
    yield from _budgets(control.budgets)
    yield from _reviews(control.reviews)


def _processes(control: ControlGauges) -> Iterator[Any]:
    """https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics."""
    from prometheus_client.core import CounterMetricFamily
    from prometheus_client.core import GaugeMetricFamily as Gauge

    who = ("worker",)
    cpu = CounterMetricFamily(
        "process_cpu_seconds", "Total user and system CPU time spent in seconds.", labels=who
    )
    resident = Gauge("process_resident_memory_bytes", "Resident memory size in bytes.", labels=who)
    files = Gauge("process_open_fds", "Number of open file descriptors.", labels=who)
    began = Gauge(
        "process_start_time_seconds",
        "Start time of the process since unix epoch in seconds.",
        labels=who,
    )
    for one in control.processes:
        cpu.add_metric([one.worker], one.cpu_s)
        resident.add_metric([one.worker], one.resident)
        if one.files is not None:
            files.add_metric([one.worker], one.files)
        if one.began is not None:
            began.add_metric([one.worker], one.began)
    yield from (cpu, resident, files, began)
    whole = {
        "cores": (control.cores, "Processors that the gateway may use: affinity, control group."),
        "memory_bytes": (control.memory, "All its processes' memory; shared pages once (PSS)."),
        "memory_limit_bytes": (control.memory_limit, "What its control group may hold."),
    }
    for name, (value, meaning) in whole.items():
        if value is not None:
            yield Gauge(f"roadworthy_{name}", meaning, value=value)


def _reviews(reviews: Sequence[ReviewGauge]) -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily as Gauge

    meanings = {
        "reviews_waiting": ("waiting", "Held answers that nobody has decided about."),
        "reviews_overdue": ("overdue", "Those of them that are past their time."),
        "review_oldest_seconds": ("oldest_s", "How long the one waits that waits longest."),
    }
    for name, (value, meaning) in meanings.items():
        family = Gauge(f"roadworthy_{name}", meaning, labels=("system",))
        for one in reviews:
            family.add_metric([one.system], getattr(one, value))
        yield family


def _budgets(budgets: Sequence[BudgetGauge]) -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily as Gauge

    meanings = {
        "budget": "What a tenant may spend in a month (UTC).",
        "spent": "What it has spent this month.",
        "forecast": "What it will have spent at the month's end if it goes on as so far.",
    }
    for name, meaning in meanings.items():
        family = Gauge(f"roadworthy_tenant_{name}", meaning, labels=("tenant", "currency"))
        for one in budgets:
            family.add_metric([one.tenant, one.currency], getattr(one, name))
        yield family
