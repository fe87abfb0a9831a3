"""What may leave to whom: hosts that a release may ask, regions to which personal data may go."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType, field

from .deployment import Upstream
from .file import File

_EU = frozenset(
    ("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
     "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK")
)  # fmt: skip
_GROUPS = {"EU": _EU, "EEA": _EU | {"EU", "IS", "LI", "NO"}}
"""Regions that stand for others (ISO 3166-1 alpha-2)."""


class Egress(File, frozen=True, kw_only=True):
    """What may leave with a question, before any upstream reads it."""

    hosts: list[str] = field(default_factory=list)
    """Hosts that the release may ask, `*.example.eu` for all below one; none: any."""
    regions: list[str] = field(default_factory=list)
    """Regions to which personal data may go, as `region` of upstreams names them; `EU` and `EEA`
    stand for their members. None: `use.allowed.jurisdictions` of the charter."""
    personal_data: Literal["block", "redact", "pseudonymise"] = "block"
    """What follows where it would go elsewhere. `pseudonymise`: a placeholder goes in its place,
    and what the answer says of the placeholder is said of the data again."""
    kinds: list[str] = field(default_factory=list)
    """Kinds of the detector `pii`; none: those that it looks for by itself."""
    countries: list[str] = field(default_factory=list)
    """Countries whose national numbers are looked for; none: all known."""
    patterns: dict[str, str] = field(default_factory=dict)
    """Kind -> RE2 pattern: what else is personal data here, such as customer numbers."""
    presidio: dict[str, Any] | UnsetType = UNSET
    """Options of the detector `presidio`, which finds names and places with a spaCy model. Left
    out: only what has a shape is found."""
    budget_ms: Annotated[float, Meta(gt=0)] = 2000.0
    """How long Presidio may take for a text; then nothing leaves."""


def is_inside(region: str, allowed: list[str]) -> bool:
    """Whether a region is one of those allowed. A region that nobody named is none."""
    name = region.strip().upper()
    known = {each.strip().upper() for each in allowed}
    return bool(name) and (name in known or any(name in _GROUPS.get(each, ()) for each in known))


def regions_of(upstream: Upstream) -> list[str]:
    """The region of each address of an upstream."""
    return [upstream.region, *(each.region for each in upstream.also)]


def is_host_allowed(host: str, allowed: list[str]) -> bool:
    """Whether a host is one of those allowed; `*.example.eu` is every host below it."""
    name = host.rstrip(".").lower()
    for each in allowed:
        wanted = each.rstrip(".").lower()
        below = wanted.removeprefix("*")
        if name == wanted or (below != wanted and name.endswith(below)):
            return True
    return not allowed
