"""roadworthy.toml: addresses and references to secrets; a secret itself is never repeated."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from roadworthy.domain import Address, LimitSettings, Telemetry, Upstream, parse_duration

from .address_checks import FORM, check_reference, check_url, fault_of_secret
from .document import Document, Path
from .notification_checks import check_notifications
from .paperwork_checks import check_date
from .reading import DEPLOYMENT, Reading

STORE_PREFIX = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DATABASE = re.compile(r"/?|/[0-9]{1,4}")
_STORE = 'write one such as `url = "rediss://limits.example.org:6380/0"`'


def check_deployment(reading: Reading) -> None:
    """Note the faults of roadworthy.toml."""
    if not reading.folder.has(DEPLOYMENT):
        return
    document, deployment = reading.document(DEPLOYMENT), reading.deployment
    if document.broken:
        return
    for name, upstream in deployment.upstreams.items():
        place = ("upstreams", name)
        _check_address(upstream, place, document)
        for index, address in enumerate(upstream.also):
            _check_address(address, (*place, "also", index), document)
    if deployment.telemetry is not None:
        _check_telemetry(deployment.telemetry, document)
    _check_limits(deployment.limits, document)
    for key in ("probes", "drills"):
        said = getattr(deployment.rehearsals, key)
        if said and document.sound(("rehearsals", key)):
            try:
                parse_duration(said)
            except ValueError as error:
                message, _, fix = str(error).partition(": ")
                document.fault(("rehearsals", key), message, fix)
    check_notifications(deployment, document)
    check_reference(deployment.master_key, ("master_key",), document)
    for index, price in enumerate(deployment.prices):
        check_date(price.since[:10], ("prices", index, "since"), document)


def _check_telemetry(telemetry: Telemetry, document: Document) -> None:
    check_reference(telemetry.credential, ("telemetry", "credential"), document)
    check_url(telemetry.otlp, ("telemetry", "otlp"), document)
    for name in telemetry.headers:
        if name.lower() in ("authorization", "proxy-authorization", "x-api-key", "cookie"):
            document.fault(
                ("telemetry", "headers", name),
                f"`telemetry.headers.{name}` would hold a secret in a file of the system",
                FORM.replace("write", "write `credential =`:"),
            )


def _check_limits(limits: LimitSettings, document: Document) -> None:
    check_reference(limits.credential, ("limits", "credential"), document)
    if not STORE_PREFIX.fullmatch(limits.prefix) and document.sound(("limits", "prefix")):
        document.fault(
            ("limits", "prefix"),
            "`limits.prefix` is no name for keys",
            "write one of letters, digits, `.`, `_` and `-`, at most 64 of them",
        )
    where = ("limits", "url")
    if not limits.url or not document.sound(where):
        return
    wrong = wrong_store(limits.url)
    if wrong == "secret":
        fault_of_secret(where, document)
    elif wrong:
        document.fault(where, f"`{document.spell(where)}` is `{limits.url[:80]}`, {wrong}", _STORE)


def wrong_store(url: str) -> str:
    """What is wrong with an address of Redis; empty when nothing is, `secret` when it holds one."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "which is no address"
    if parts.username is not None or parts.password is not None:
        return "secret"
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        return "which is no address of Redis"
    if not _DATABASE.fullmatch(parts.path) or parts.query or parts.fragment:
        return "which says more than a host, a port and the number of a database"
    return ""


def _check_address(upstream: Upstream | Address, place: Path, document: Document) -> None:
    check_reference(upstream.credential, (*place, "credential"), document)
    check_url(upstream.url, (*place, "url"), document)
