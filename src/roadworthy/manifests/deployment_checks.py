"""roadworthy.toml: addresses and references to secrets; a secret itself is never repeated."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from roadworthy.domain import Address, LimitSettings, Telemetry, Upstream

from .document import Document, Path
from .paperwork_checks import check_date
from .reading import DEPLOYMENT, Reading

_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")
STORE_PREFIX = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DATABASE = re.compile(r"/?|/[0-9]{1,4}")
_STORE = 'write one such as `url = "rediss://limits.example.org:6380/0"`'
_FORM = "write `env:NAME` or `file:PATH`; the secret itself never stands in a file of the system"


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
    check_reference(deployment.master_key, ("master_key",), document)
    for index, price in enumerate(deployment.prices):
        check_date(price.since[:10], ("prices", index, "since"), document)


def check_reference(text: str, place: Path, document: Document) -> None:
    """Note a credential that is no reference, without saying what stands there."""
    if text and document.sound(place) and not _REFERENCE.fullmatch(text):
        document.fault(place, f"`{document.spell(place)}` is neither `env:` nor `file:`", _FORM)


def _check_telemetry(telemetry: Telemetry, document: Document) -> None:
    check_reference(telemetry.credential, ("telemetry", "credential"), document)
    _check_url(telemetry.otlp, ("telemetry", "otlp"), document)
    for name in telemetry.headers:
        if name.lower() in ("authorization", "proxy-authorization", "x-api-key", "cookie"):
            document.fault(
                ("telemetry", "headers", name),
                f"`telemetry.headers.{name}` would hold a secret in a file of the system",
                _FORM.replace("write", "write `credential =`:"),
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
        _fault_of_secret(where, document)
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
    _check_url(upstream.url, (*place, "url"), document)


def _check_url(url: str, where: Path, document: Document) -> None:
    if not document.sound(where):
        return
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
        secret = parts.username is not None or parts.password is not None
        _ = parts.port
    except ValueError:
        sound, secret = False, False
    if secret:
        _fault_of_secret(where, document)
    elif not sound:
        document.fault(
            where,
            f"`{document.spell(where)}` is `{url[:80]}`, which is no web address",
            'write one such as `url = "https://api.example.org/v1"`',
        )


def _fault_of_secret(where: Path, document: Document) -> None:
    document.fault(
        where,
        f"`{document.spell(where)}` holds a name or password",
        "put them into `credential`, as `env:NAME` or `file:PATH`",
    )
