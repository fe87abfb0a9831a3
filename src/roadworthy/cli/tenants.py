"""`roadworthy keys tenant`: virtual API keys, shown once, kept as hashes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from .terminal import emit, group, say, table

app = group("Make, list and revoke the API keys that callers of the gateway use.")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
"""A name that fits into `kill tenant:NAME`, a shell and a file without quotes."""

_Dir = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder or workspace.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


_MOST_DAYS = 36_500
"""A hundred years: past that a key is one that never ends, and the calendar ends too."""


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The tenant's name.")],
    directory: _Dir = Path(),
    *,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="chat (default) | outcomes: a reviewer; its violations stop at once."),
    ] = None,
    days: Annotated[
        int, typer.Option(help="Days until it expires; 0: never.", min=0, max=_MOST_DAYS)
    ] = 0,
    json: _Json = False,
) -> None:
    """Make a key for a tenant and print it. It is shown this once and kept as a hash only."""
    import datetime as dt

    import msgspec

    from roadworthy.domain import UsageError, format_instant
    from roadworthy.serving import TenantKey, TenantScope, editing, hash_key, new_key
    from roadworthy.wiring.clock import SystemClock
    from roadworthy.wiring.places import workspace_of

    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name[:100]!r} is no tenant name",
            fix="use letters, digits, `.`, `_`, `@` and `-`, at most 100 of them",
        )
    now = SystemClock().now()
    try:
        scopes = msgspec.convert(scope or ["chat"], tuple[TenantScope, ...])
    except msgspec.ValidationError:
        raise UsageError(f"unknown scope in {scope}", fix="use chat or outcomes") from None
    workspace = workspace_of(directory, standing=True, create=False)
    key = new_key()
    entry = TenantKey(
        tenant=name,
        scopes=scopes,
        created=format_instant(now),
        expires=format_instant(now + dt.timedelta(days=days)) if days else "",
    )
    with editing(workspace.tenants, workspace.lock) as keys:
        keys[hash_key(key)] = entry
    if json:
        emit({"key": key, "id": hash_key(key)[:12], "tenant": name, "scopes": list(scopes)})
        return
    say(key)
    say(f"This is the only time it is shown. Tenant {name}, may: {', '.join(scopes)}.")


@app.command("list")
def list_keys(directory: _Dir = Path(), *, json: _Json = False) -> None:
    """List the keys: whose, for what, in which state. Never the keys themselves."""
    from roadworthy.domain import format_instant
    from roadworthy.serving import load_tenants
    from roadworthy.wiring.clock import SystemClock
    from roadworthy.wiring.places import workspace_of

    now = format_instant(SystemClock().now())
    workspace = workspace_of(directory, standing=True, create=False)
    rows = [
        {
            "id": digest[:12],
            "tenant": key.tenant,
            "scopes": list(key.scopes),
            "created": key.created,
            "expires": key.expires,
            "state": key.state(now),
        }
        for digest, key in sorted(load_tenants(workspace.tenants).keys.items())
    ]
    if json:
        emit({"keys": rows})
        return
    table(
        ("id", "tenant", "scopes", "created", "expires", "state"),
        [
            (str(r["id"]), str(r["tenant"]), " ".join(r["scopes"]), str(r["created"]),
             str(r["expires"]) or "never", str(r["state"]))
            for r in rows
        ],
    )  # fmt: skip


@app.command("revoke")
def revoke(
    which: Annotated[str, typer.Argument(help="A key's id (from `list`), or a tenant's name.")],
    directory: _Dir = Path(),
    *,
    json: _Json = False,
) -> None:
    """Revoke a key by its id, or every key of a tenant by its name. Takes effect at once."""
    import msgspec

    from roadworthy.domain import UsageError, format_instant
    from roadworthy.serving import editing
    from roadworthy.wiring.clock import SystemClock
    from roadworthy.wiring.places import workspace_of

    now = format_instant(SystemClock().now())
    workspace = workspace_of(directory, standing=True, create=False)
    with editing(workspace.tenants, workspace.lock) as keys:
        hit = [
            digest
            for digest, key in keys.items()
            if not key.revoked and (key.tenant == which or (len(which) >= 6 and which in digest))
        ]
        if not hit:
            raise UsageError(f"no valid key is {which!r}", fix="see: roadworthy keys tenant list")
        for digest in hit:
            keys[digest] = msgspec.structs.replace(keys[digest], revoked=now)
    if json:
        emit({"revoked": [digest[:12] for digest in hit]})
        return
    say(f"revoked: {', '.join(digest[:12] for digest in hit)}")
