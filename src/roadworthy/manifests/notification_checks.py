"""`[notifications]` of roadworthy.toml: can each target be reached, does each route lead to one?"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from roadworthy.domain import Deployment, NoticeRoute, NoticeTarget

from .address_checks import REFERENCE, check_reference, check_url
from .document import Document, Path
from .paperwork_checks import check_date

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def check_notifications(deployment: Deployment, document: Document) -> None:
    """Note the faults of targets and routes, and of days that are none."""
    said = deployment.notifications
    for name, target in said.targets.items():
        place: Path = ("notifications", "targets", name)
        if not _NAME.fullmatch(name):
            document.fault(
                place,
                f"`{name[:80]}` is no name for a target",
                "write one of small letters, digits, `-` and `_`, at most 63 of them",
            )
        check_reference(target.credential, (*place, "credential"), document)
        (_check_mail if target.kind == "email" else _check_http)(target, place, document)
    for index, route in enumerate(said.routes):
        _check_route(route, ("notifications", "routes", index), said.targets, document)
    for index, day in enumerate(deployment.holidays):
        check_date(day, ("holidays", index), document)


def _check_http(target: NoticeTarget, place: Path, document: Document) -> None:
    if target.kind == "pagerduty" and not target.credential:
        document.fault(place, "PagerDuty needs a routing key", 'write `credential = "env:NAME"`')
    if not target.url:
        if target.kind != "pagerduty":
            document.fault(place, f"a {target.kind} needs an address", 'write `url = "https://…"`')
        return
    if REFERENCE.fullmatch(target.url):
        return
    where = (*place, "url")
    check_url(target.url, where, document)
    parts = urlsplit(target.url)
    if parts.scheme == "http" and parts.hostname not in _HERE:
        document.fault(
            where,
            f"what is sent to `{parts.hostname}` can be read, and written, on its way",
            "write `https://`",
            severity="warning",
        )


def _check_mail(target: NoticeTarget, place: Path, document: Document) -> None:
    wanted = {"host": target.host, "sender": target.sender, "to": target.to}
    if missing := [name for name, value in wanted.items() if not value]:
        document.fault(place, f"an e-mail needs `{missing[0]}`", f"write `{missing[0]}`")
    for address in (target.sender, *target.to):
        if address and ("@" not in address or not address.isprintable() or "," in address):
            document.fault(
                place, f"`{address[:80]}` is no mail address", "write one such as desk@example.org"
            )
    if target.security == "none" and target.host not in _HERE:
        document.fault(
            (*place, "security"),
            f"mail to `{target.host}` would go in the open",
            'write `security = "starttls"` or `"tls"`',
        )
    if bool(target.user) != bool(target.credential):
        document.fault(
            place,
            "`user` and `credential` belong together",
            "write both, or neither where the mail server asks for none",
        )


def _check_route(
    route: NoticeRoute, place: Path, targets: dict[str, NoticeTarget], document: Document
) -> None:
    if not route.to:
        document.fault((*place, "to"), "a route leads to nobody", "name a target")
    for index, name in enumerate(route.to):
        if name not in targets:
            document.fault(
                (*place, "to", index),
                f"there is no target `{name}`",
                f"these are there: {', '.join(targets) or 'none'}",
            )
