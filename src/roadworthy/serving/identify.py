"""Step 1 of the request line: which tenant, which end user, which slice.

What enters: headers (and, once the key held, the body). What leaves: a tenant and facets. What
never happens here: reading a body before the key held; an end user's name in the clear.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from typing import Any

import re2
from msgspec import Struct

from roadworthy.domain import AccessError, FacetSource, Instant, UsageError

from .tenants import TenantFile, TenantKey, TenantLimits, hash_key

MAX_FACET_CHARS = 200
"""A facet is a name of a slice, not a text."""


class Caller(Struct, frozen=True):
    """Who calls."""

    key: TenantKey
    digest: str
    """SHA-256 of the key that was given, in hex."""
    limits: TenantLimits | None = None
    """The tenant's; None where it has none."""


class Tenants:
    """All virtual keys of a workspace. An empty one refuses everybody."""

    def __init__(self, file: TenantFile) -> None:
        self._keys = file.keys
        self._limits = {name: each for name, each in file.limits.items() if not each.lifted}

    def identify(self, authorization: str, now: Callable[[], Instant]) -> Caller:
        """The caller of a `Bearer` header. Raises AccessError; the fix says what to do.

        `now` is asked only for keys that end.
        """
        if not self._keys:
            raise AccessError(
                "this workspace has no tenant key yet, so nobody may call",
                fix="make one with: roadworthy keys tenant add NAME",
            )
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise AccessError(
                "no API key was given", fix="send the header `Authorization: Bearer rw-…`"
            )
        digest = hash_key(key.strip())
        found = self._match(digest)
        if found is None:
            raise AccessError("the API key is not known", fix="ask the operator for a valid key")
        return self._holding(found, digest, now)

    def again(self, caller: Caller, now: Callable[[], Instant]) -> Caller:
        """The caller of an earlier moment as he stands now. Raises AccessError like `identify`."""
        found = self._keys.get(caller.digest)
        if found is None:
            raise AccessError("the API key is not known", fix="ask the operator for a valid key")
        return self._holding(found, caller.digest, now)

    def limits_of(self, tenant: str) -> TenantLimits | None:
        """What the tenant may take; None: as much as it wants."""
        return self._limits.get(tenant)

    def _holding(self, key: TenantKey, digest: str, now: Callable[[], Instant]) -> Caller:
        state = key.state(now()) if key.expires or key.revoked else "valid"
        if state != "valid":
            raise AccessError(f"the API key is {state}", fix="ask the operator for a new one")
        return Caller(key, digest, self._limits.get(key.tenant))

    def _match(self, digest: str) -> TenantKey | None:
        """Find by hash; the comparison that decides takes the same time for every key."""
        found = self._keys.get(digest)
        kept = digest if found is not None else "0" * len(digest)
        return found if hmac.compare_digest(kept, digest) else None


class FacetReader:
    """Reads a candidate's facets from a request. Compiled once."""

    def __init__(self, facets: Mapping[str, FacetSource]) -> None:
        """Raises ValueError when a regex is not RE2."""
        self.names = tuple(facets)
        self._readers = [_Reader(name, source) for name, source in facets.items()]

    def read(
        self, headers: Mapping[bytes, bytes], body: Mapping[str, Any], text: str
    ) -> dict[str, str]:
        """Facet -> value; a facet without a value and without a default is left out.

        Raises UsageError for one that is too long: its end might name a slice that is stopped.
        """
        values = {}
        for reader in self._readers:
            value = reader.read(headers, body, text)
            if len(value) > MAX_FACET_CHARS:
                raise UsageError(
                    f"the facet {reader.name} has {len(value)} characters",
                    fix=f"a facet names a slice, in at most {MAX_FACET_CHARS} characters",
                )
            if value:
                values[reader.name] = value
        return values


class _Reader:
    def __init__(self, name: str, source: FacetSource) -> None:
        self.name = name
        self._header = source.header.lower().encode("latin-1") if source.header else b""
        self._pointer = _parts(source.pointer)
        try:
            self._regex = re2.compile(source.regex) if source.regex else None
        except re2.error as error:
            raise ValueError(f"facet {name}: {source.regex!r} is not RE2: {error}") from None
        self._default = source.default

    def read(self, headers: Mapping[bytes, bytes], body: Mapping[str, Any], text: str) -> str:
        if self._header:
            value = _header_text(headers.get(self._header, b"")).strip()
            if value:
                return value
        if self._pointer:
            value = _at(body, self._pointer)
            if value:
                return value
        if self._regex is not None:
            match = self._regex.search(text)
            if match:
                return str((match.group(1) if match.re.groups else match.group(0)) or "")
        return self._default


def _header_text(value: bytes) -> str:
    """As UTF-8, which clients send; else byte by byte, as RFC 9110 once had it."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _parts(pointer: str) -> tuple[str, ...]:
    """The reference tokens of a JSON pointer (RFC 6901)."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def _at(body: Any, parts: tuple[str, ...]) -> str:
    value = body
    for part in parts:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""
