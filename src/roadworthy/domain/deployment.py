"""roadworthy.toml: the deployment, part of no digest. Secrets appear only as references."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from .charter import File


class Upstream(File, frozen=True, kw_only=True):
    """Where a model is reached. `credential` is `env:NAME` or `file:PATH`, never the secret."""

    url: str
    region: str = ""
    credential: str = ""
    timeout_s: float = 60.0
    connect_timeout_s: float = 5.0
    max_connections: int = 256
    retries: int = 3


class Price(File, frozen=True, kw_only=True):
    """Prices of one model from a date on, per million tokens."""

    model: str
    since: str
    input: float
    output: float
    cached_input: float | None = None
    currency: str = "USD"


class Listen(File, frozen=True, kw_only=True):
    """Where the gateway listens."""

    host: str = "127.0.0.1"
    port: int = 8080
    control_port: int = 0
    """0: no control door."""
    workers: int = 1


class JournalSettings(File, frozen=True, kw_only=True):
    """How the journal is kept. `before_answer`: nothing leaves before it is on disk."""

    durability: Literal["before_answer", "async"] = "before_answer"
    retention_days: int = 183
    segment_mb: int = 64


class Deployment(File, frozen=True, kw_only=True):
    """The whole of roadworthy.toml."""

    roadworthy: int = 1
    workspace: str = ""
    """Folder of the ledger, keys and journal; empty: DIR/.roadworthy."""
    listen: Listen = field(default_factory=Listen)
    upstreams: dict[str, Upstream] = field(default_factory=dict)
    journal: JournalSettings = field(default_factory=JournalSettings)
    prices: list[Price] = field(default_factory=list)
    master_key: str = ""
    """`env:NAME` or `file:PATH`; empty: a key file in the workspace (0600)."""
