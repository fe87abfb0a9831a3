"""`roadworthy keys tenant`: virtual API keys, shown once, kept as hashes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from roadworthy.manifests import Workspace

from .terminal import emit, group, say, table, warn

app = group("Make, list and revoke the API keys that callers of the gateway use.")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,99}")
"""A name that fits into `kill tenant:NAME`, a shell and a file without quotes."""

_Dir = Annotated[Path, typer.Argument(metavar="DIR", help="The system's folder or workspace.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


_MOST_DAYS = 36_500
"""A hundred years: past that a key is one that never ends, and the calendar ends too."""


def _require_name(name: str) -> None:
    from roadworthy.domain import DRILL_TENANT, PROBE_TENANT, UsageError

    if name in (DRILL_TENANT, PROBE_TENANT):
        whom = "whom drills stop" if name == DRILL_TENANT else "who asks probes"
        raise UsageError(f"{name} is {whom}", fix="choose another name")
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name[:100]!r} is no tenant name",
            fix="use letters, digits, `.`, `_`, `@` and `-`, at most 100 of them",
        )


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="The tenant's name.")],
    directory: _Dir = Path(),
    *,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            help="chat (default) | outcomes: its violations stop at once | probe: no traffic."
        ),
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

    _require_name(name)
    now = SystemClock().now()
    try:
        scopes = msgspec.convert(scope or ["chat"], tuple[TenantScope, ...])
    except msgspec.ValidationError:
        raise UsageError(f"unknown scope in {scope}", fix="use chat, outcomes or probe") from None
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


_BUDGET = re.compile(r"(\d{1,12}(?:\.\d{1,9})?) ([A-Z]{3})")


@app.command("limit")
def limit(
    name: Annotated[str, typer.Argument(help="The tenant's name.")],
    directory: _Dir = Path(),
    *,
    requests: Annotated[
        int, typer.Option("--requests-per-minute", help="0: no limit.", min=0, max=10_000_000)
    ] = 0,
    tokens: Annotated[
        int, typer.Option("--tokens-per-minute", help="0: no limit.", min=0, max=10_000_000_000)
    ] = 0,
    budget: Annotated[str, typer.Option(help="A month, such as `50 EUR`; empty: none.")] = "",
    json: _Json = False,
) -> None:
    """Set what a tenant may take, over all its keys and workers; what is not given is unlimited.

    Takes effect within a second. Without an option it says what stands and what is taken.
    """
    from roadworthy.domain import UsageError
    from roadworthy.serving import TenantLimits, limiting, load_tenants, next_slot
    from roadworthy.wiring.clock import SystemClock
    from roadworthy.wiring.counting import counting_of, recount
    from roadworthy.wiring.places import workspace_of

    _require_name(name)
    workspace = workspace_of(directory, standing=True, create=False)
    counting = counting_of([directory])
    amount = _BUDGET.fullmatch(budget)
    if budget and amount is None:
        raise UsageError(f"{budget!r} is no budget", fix="write an amount and a currency: `50 EUR`")
    money = {"budget": amount.group(1), "currency": amount.group(2)} if amount else {}
    if requests or tokens or money:
        with limiting(workspace.tenants, workspace.lock) as limits:
            limits[name] = TenantLimits(
                slot=next_slot(limits, name),
                requests_per_minute=requests,
                tokens_per_minute=tokens,
                **money,
            )
        recount(workspace, SystemClock(), counting)  # what it spent before it had a budget
    shown = _standing(workspace, counting, name)
    if json:
        emit(shown)
        return
    for line in _in_words(shown):
        say(line)
    if name not in {key.tenant for key in load_tenants(workspace.tenants).keys.values()}:
        warn(f"no key is of a tenant {name!r}; see: roadworthy keys tenant list")


def _standing(workspace: Workspace, counting: Any, name: str) -> dict[str, Any]:
    """A tenant's limits and what it took of them."""
    from roadworthy.serving import billionths, forecast, load_tenants, month_of
    from roadworthy.wiring.clock import SystemClock
    from roadworthy.wiring.counting import books_of

    limits = load_tenants(workspace.tenants).limits.get(name)
    if limits is None or limits.lifted:
        return {"tenant": name, "limits": None}
    now = SystemClock().now().timestamp()
    books = books_of(workspace, counting)
    shown: dict[str, Any] = {"tenant": name, "limits": {}}
    if limits.requests_per_minute:
        shown["limits"]["requests_per_minute"] = limits.requests_per_minute
        there = books.exists()
        shown["requests_left"] = (
            books.requests_left(limits, now) if there else limits.requests_per_minute
        )
    if limits.tokens_per_minute:
        shown["limits"]["tokens_per_minute"] = limits.tokens_per_minute
    if limits.budget:
        spent = books.spent(limits, month_of(now)) if books.exists() else 0
        shown["limits"]["budget"] = f"{limits.budget} {limits.currency}"
        shown["spent"] = f"{spent / 1e9:.6f}"
        shown["forecast"] = f"{forecast(spent, now) / 1e9:.2f}"
        shown["within_budget"] = forecast(spent, now) <= billionths(limits.budget)
    return shown


def _in_words(shown: dict[str, Any]) -> list[str]:
    name, limits = shown["tenant"], shown["limits"]
    if limits is None:
        return [f"{name} has no limits: it may take as much as it wants."]
    lines = []
    if "requests_per_minute" in limits:
        left = shown["requests_left"]
        lines.append(f"{name}: {limits['requests_per_minute']} requests a minute, {left} left now")
    if "tokens_per_minute" in limits:
        lines.append(f"{name}: {limits['tokens_per_minute']} tokens a minute")
    if "budget" in limits:
        ahead = "" if shown["within_budget"] else ", MORE than that"
        lines.append(
            f"{name}: {limits['budget']} a month, {shown['spent']} spent, "
            f"{shown['forecast']} at its end if it goes on like this{ahead}"
        )
    return lines


@app.command("unlimit")
def unlimit(
    name: Annotated[str, typer.Argument(help="The tenant's name.")],
    directory: _Dir = Path(),
    *,
    json: _Json = False,
) -> None:
    """Lift a tenant's limits. What it took stays counted, should it be limited again."""
    from roadworthy.domain import UsageError
    from roadworthy.serving import TenantLimits, limiting
    from roadworthy.wiring.places import workspace_of

    workspace = workspace_of(directory, standing=True, create=False)
    with limiting(workspace.tenants, workspace.lock) as limits:
        if name not in limits or limits[name].lifted:
            raise UsageError(f"{name} has no limits", fix="see: roadworthy keys tenant limit NAME")
        limits[name] = TenantLimits(slot=limits[name].slot)
    if json:
        emit({"tenant": name, "limits": None})
        return
    say(f"{name} has no limits any more.")


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
