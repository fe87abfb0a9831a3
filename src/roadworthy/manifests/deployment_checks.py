"""roadworthy.toml: addresses and references to secrets; a secret itself is never repeated."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from roadworthy.domain import Address, Telemetry, Upstream

from .document import Document, Path
from .paperwork_checks import check_date
from .reading import DEPLOYMENT, Reading

_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")
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
        document.fault(
            where,
            f"`{document.spell(where)}` holds a name or password",
            "put them into `credential`, as `env:NAME` or `file:PATH`",
        )
    elif not sound:
        document.fault(
            where,
            f"`{document.spell(where)}` is `{url[:80]}`, which is no web address",
            'write one such as `url = "https://api.example.org/v1"`',
        )
