"""roadworthy.toml: the deployment, part of no digest. Secrets appear only as references."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from .charter import Count, Positive
from .file import File
from .notification import Notifications
from .routing import Drill

Seconds = Annotated[float, Meta(ge=0.001, le=86_400)]
Amount = Annotated[float, Meta(ge=0)]
Port = Annotated[int, Meta(ge=0, le=65_535)]


class Address(File, frozen=True, kw_only=True):
    """A further place where the same model is reached."""

    url: str
    region: str = ""
    credential: str = ""
    """`env:NAME` or `file:PATH`; left out, none is sent."""
    weight: Positive = 1
    """Its share of the calls, beside the others' weights."""


class Upstream(File, frozen=True, kw_only=True):
    """Where a model is reached. `credential` is `env:NAME` or `file:PATH`, never the secret."""

    url: str
    region: str = ""
    credential: str = ""
    weight: Positive = 1
    also: list[Address] = field(default_factory=list)
    """Further addresses of the same model: a call goes to the least busy that is well."""
    rest_after: Positive = 5
    """Failures in a row after which an address is left alone …"""
    rest_s: Seconds = 10.0
    """… for so long; then one call finds out, and after each failure it is twice as long."""
    timeout_s: Seconds = 60.0
    connect_timeout_s: Seconds = 5.0
    max_connections: Positive = 256
    retries: Annotated[int, Meta(ge=0, le=20)] = 3


class Price(File, frozen=True, kw_only=True):
    """Prices of one model from a date on, per million tokens."""

    model: str
    since: str
    input: Amount
    output: Amount
    cached_input: Amount | None = None
    """None: cached input costs what input costs."""
    cache_write: float | None = None
    """None: what is written to the upstream's cache costs what input costs."""
    cache_write_1h: Amount | None = None
    """What is written there for an hour, where the upstream tells it apart. None: as
    `cache_write`."""
    currency: str = "USD"


class Listen(File, frozen=True, kw_only=True):
    """Where the gateway listens."""

    host: str = "127.0.0.1"
    port: Port = 8080
    control_port: Port = 0
    """0: no control door."""
    workers: Positive = 1


class JournalSettings(File, frozen=True, kw_only=True):
    """How the journal is kept. `before_answer`: nothing leaves before it is on disk."""

    durability: Literal["before_answer", "async"] = "before_answer"
    retention_days: Count = 183
    segment_mb: Positive = 64


class LimitSettings(File, frozen=True, kw_only=True):
    """Where it is counted what limited tenants take: in the workspace, or for several machines."""

    url: str = ""
    """`redis://HOST:PORT/DB` or `rediss://…` (TLS), of Redis or Valkey; empty: in the workspace."""
    user: str = ""
    credential: str = ""
    """The password, as `env:NAME` or `file:PATH`; left out, none is sent."""
    prefix: str = "roadworthy"
    """Gateways that name the same one share their counts; their keys begin with it."""
    timeout_s: Annotated[float, Meta(ge=0.001, le=10)] = 0.25
    """For one exchange; a request waits for two at most."""
    on_unreachable: Literal["closed", "local"] = "closed"
    """Tenants with limits while it cannot be counted there: refused, or let in by what this
    machine counts alone (then each machine lets in as much as all of them should)."""


class BatchSettings(File, frozen=True, kw_only=True):
    """How much of `/v1/files` and `/v1/batches` there is for everybody."""

    concurrency: Annotated[int, Meta(ge=1, le=1024)] = 8
    """Lines asked at once, of all batches together."""
    requests: Annotated[int, Meta(ge=1, le=1_000_000)] = 50_000
    """The most of one batch."""
    file_mb: Positive = 200
    tenant_mb: Positive = 2048
    """All files of a tenant, as they lie on disk."""
    keep_days: Annotated[int, Meta(ge=1, le=3650)] = 30
    """Until a file expires, where its upload or its batch says nothing."""


class MediaSettings(File, frozen=True, kw_only=True):
    """What this machine brings to marks."""

    font: str = ""
    """A TrueType or OpenType file with which labels are written on pictures, beside the system's
    files; empty: one with plain letters (A to z) only."""


class Telemetry(File, frozen=True, kw_only=True):
    """Where spans of exchanges go; texts never do."""

    otlp: str
    """A collector's address for OTLP over HTTP, up to and without `/v1/traces`."""
    credential: str = ""
    """`env:NAME` or `file:PATH`, sent as a bearer token."""
    headers: dict[str, str] = field(default_factory=dict)
    """What a collector wants beside it, such as MLflow's `x-mlflow-experiment-id`."""


class Rehearsals(File, frozen=True, kw_only=True):
    """What the control process tries by itself on the gateway that runs, on nobody's requests."""

    probes: str = ""
    """How often the suites' cases that must be stopped (`never:ID`), or are out of scope (`ood`),
    are asked, such as `1h`; empty: never. The model is asked, and that is on your bill."""
    drills: str = ""
    """How often brakes are drilled, such as `7d`; empty: never."""
    kinds: list[Drill] = field(default_factory=lambda: ["kill", "rollback"])
    """Which drills."""
    suites: list[str] = field(default_factory=list)
    """Whose cases are asked as probes; empty: all."""


class Energy(File, frozen=True, kw_only=True):
    """What electricity means here, where the machine does not measure it."""

    watts_per_core: Annotated[float, Meta(gt=0, le=1000)] | None = None
    """What a processor at work draws, with its share of all else: an estimate stands on it. None:
    there is none."""
    grams_co2_per_kwh: Annotated[float, Meta(ge=0, le=5000)] | None = None
    """CO2 equivalent of a kWh from this grid (`I` of ISO/IEC 21031:2024)."""


class Deployment(File, frozen=True, kw_only=True):
    """The whole of roadworthy.toml."""

    roadworthy: int = 1
    workspace: str = ""
    """Folder of the ledger, keys and journal; empty: DIR/.roadworthy."""
    listen: Listen = field(default_factory=Listen)
    upstreams: dict[str, Upstream] = field(default_factory=dict)
    journal: JournalSettings = field(default_factory=JournalSettings)
    batches: BatchSettings = field(default_factory=BatchSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    prices: list[Price] = field(default_factory=list)
    telemetry: Telemetry | None = None
    rehearsals: Rehearsals = field(default_factory=Rehearsals)
    notifications: Notifications = field(default_factory=Notifications)
    holidays: list[str] = field(default_factory=list)
    """Public holidays where incidents are reported, `YYYY-MM-DD`: no legal period ends on one."""
    energy: Energy = field(default_factory=Energy)
    media: MediaSettings = field(default_factory=MediaSettings)
    master_key: str = ""
    """`env:NAME` or `file:PATH`; empty: a key file in the workspace (0600)."""
