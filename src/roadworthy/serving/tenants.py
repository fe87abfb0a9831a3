"""Virtual keys: who may call. Kept as SHA-256 of the key, so the file gives no key away.

SHA-256 without a salt is right here and nowhere near passwords: a key is 256 random bits, so
there is nothing to guess. What never happens here: a key on disk or in a message.
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct, field

from roadworthy.domain import EvidenceError, Instant, UsageError

KEY_PREFIX = "rw-"

PATIENCE_S = 10.0
"""How long a command waits for another one."""

TenantScope = Literal["chat", "outcomes", "probe"]
"""`chat`: may ask. `outcomes`: a reviewer; a violation that it reports stops at once. `probe`: what
it asks measures the gateway: it is no traffic, and no tenant's budget pays for it."""


class TenantKey(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one virtual key may do, for whom, from when until when."""

    tenant: str
    scopes: tuple[TenantScope, ...] = ("chat",)
    created: Instant
    expires: Instant = ""
    revoked: Instant = ""

    def state(self, at: Instant) -> Literal["valid", "expired", "revoked"]:
        """Whether the key holds at that instant."""
        if self.revoked and at >= self.revoked:
            return "revoked"
        return "expired" if self.expires and at >= self.expires else "valid"


MAX_SLOTS = 4096
"""Most tenants with limits."""


class TenantLimits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How much a tenant may take, over all its keys and all workers. 0 or empty: no limit."""

    tenant: str = ""
    """Whose they are: the name under which the file has them."""
    slot: int
    """Where its counts lie in the file of counts; its own for ever."""
    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    budget: str = ""
    """A decimal amount a calendar month (UTC)."""
    currency: str = ""

    @property
    def lifted(self) -> bool:
        """Whether nothing is limited (any more)."""
        return not (self.requests_per_minute or self.tokens_per_minute or self.budget)


def next_slot(limits: Mapping[str, TenantLimits], tenant: str) -> int:
    """A tenant's place in the file of counts. Raises UsageError when all are taken."""
    if tenant in limits:
        return limits[tenant].slot
    slot = max((each.slot for each in limits.values()), default=-1) + 1
    if slot >= MAX_SLOTS:
        raise UsageError(f"{MAX_SLOTS} tenants have limits already; there is no place for more")
    return slot


class TenantFile(Struct, frozen=True, kw_only=True):
    """The whole of tenants.json: SHA-256 of a key in hex -> what it may do; tenant -> limits."""

    version: int = 1
    keys: dict[str, TenantKey] = field(default_factory=dict)
    limits: dict[str, TenantLimits] = field(default_factory=dict)


def new_key() -> str:
    """A fresh virtual key: `rw-` and 32 random bytes in base64url. Shown once, kept nowhere."""
    return KEY_PREFIX + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def hash_key(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def load_tenants(path: Path) -> TenantFile:
    """The tenants; none when there is no file. Raises EvidenceError when it cannot be read."""
    from roadworthy_verify.plain_file import read_plain

    try:
        file = msgspec.json.decode(read_plain(path), type=TenantFile)
    except FileNotFoundError:
        return TenantFile()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise EvidenceError(
            f"{path} cannot be read: {error}", fix="restore it, or make new keys"
        ) from error
    named = {n: msgspec.structs.replace(each, tenant=n) for n, each in file.limits.items()}
    return msgspec.structs.replace(file, limits=named)


@contextmanager
def editing(
    path: Path, lock: Path, *, patience_s: float = PATIENCE_S
) -> Iterator[dict[str, TenantKey]]:
    """Hold the lock and hand out the keys to change; they are published whole on leaving.

    Raises EvidenceError when they cannot be read or written, or somebody else holds the lock for
    longer than the patience; then the old ones still stand.
    """
    with _rewriting(path, lock, patience_s) as (keys, _):
        yield keys


@contextmanager
def limiting(path: Path, lock: Path) -> Iterator[dict[str, TenantLimits]]:
    """The same with tenants' limits."""
    with _rewriting(path, lock, PATIENCE_S) as (_, limits):
        yield limits


@contextmanager
def _rewriting(
    path: Path, lock: Path, patience_s: float
) -> Iterator[tuple[dict[str, TenantKey], dict[str, TenantLimits]]]:
    from roadworthy_verify.plain_file import BusyError, locked

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(lock, patience_s=patience_s))
        except BusyError as error:
            raise EvidenceError(
                f"{lock}: {error.strerror}", fix="end that process, or let it go on; then try again"
            ) from None
        before = load_tenants(path)
        keys, limits = dict(before.keys), dict(before.limits)
        yield keys, limits
        after = TenantFile(keys=keys, limits=limits)
        try:
            _publish(path, msgspec.json.encode(after, order="sorted"))
        except OSError as error:
            raise EvidenceError(
                f"{path} cannot be written: {error.strerror or error}",
                fix="see to the disk that it is on, then run the same command again",
            ) from error


def _publish(path: Path, data: bytes) -> None:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
