"""What may leave to whom: does anybody say where personal data may go, where do upstreams lie?"""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import UNSET

from roadworthy.domain import (
    DEEP_RAILS,
    Egress,
    UsageError,
    deep_options,
    deep_upstream,
    is_host_allowed,
    is_inside,
    regions_of,
)

from .document import Document
from .reading import DEPLOYMENT, Reading

_WHAT = {"block": "is blocked", "redact": "is taken out", "pseudonymise": "goes under other names"}


def check_egress(reading: Reading) -> None:
    """Note an egress that says no region, and what it means for each upstream here."""
    egress = reading.rails.egress
    if egress is UNSET:
        return
    document = reading.document(reading.rails_file)
    if egress.presidio is not UNSET:
        try:
            deep_options("presidio", egress.presidio)
        except UsageError as wrong:
            document.fault(("egress", "presidio"), wrong.message, wrong.fix)
    charter = reading.charter
    allowed = egress.regions or (charter.use.allowed.jurisdictions if charter else [])
    if charter is not None and not allowed:
        document.fault(
            ("egress",),
            "nobody says to which regions personal data may go",
            "write `egress.regions`, or `use.allowed.jurisdictions` in charter.yaml",
        )
        return
    if not reading.document(DEPLOYMENT).broken:
        for name in sorted(_asked(reading)):
            _check_upstream(name, egress, allowed, reading, document)


def _asked(reading: Reading) -> set[str]:
    """The upstreams that the release asks."""
    named = set()
    candidate = reading.candidate
    if candidate is not None and candidate.model.is_hosted:
        named.add(candidate.model.upstream)
    for rail in reading.rails.rails:
        if rail.detector in DEEP_RAILS:
            try:
                named.add(deep_upstream(deep_options(rail.detector, rail.options)))
            except UsageError:
                continue  # noted at the rail
    return named & set(reading.deployment.upstreams)


def _check_upstream(
    name: str, egress: Egress, allowed: list[str], reading: Reading, document: Document
) -> None:
    upstream = reading.deployment.upstreams[name]
    urls = [upstream.url, *(each.url for each in upstream.also)]
    hosts = [urlsplit(url).hostname or "" for url in urls]
    for host in hosts:
        if egress.hosts and not is_host_allowed(host, egress.hosts):
            document.fault(
                ("egress", "hosts"),
                f"the release may not ask the upstream `{name}` of {DEPLOYMENT} here, at `{host}`:"
                " it will not be served",
                f"add `{host}`, or another upstream",
                severity="warning",
            )
    outside = [region for region in regions_of(upstream) if not is_inside(region, allowed)]
    if outside:
        where = "has no region" if "" in outside else f"is in {', '.join(sorted(set(outside)))}"
        document.fault(
            ("egress",),
            f"the upstream `{name}` of {DEPLOYMENT} here {where}: personal data on its way there "
            + _WHAT[egress.personal_data],
            f"give it a `region` out of {', '.join(allowed)} if it lies there, or leave it so",
            severity="warning",
        )
