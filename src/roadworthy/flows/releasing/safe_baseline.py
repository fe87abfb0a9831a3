"""What a release falls back on: the newest release before it that never did harm.

Enters: the route as it was, the release that goes live, the incidents of its system. Leaves: the
safe baseline, or why there is none and what would make one. Never: a release that let out what
must never leave, even when its incident is closed; what was learned is in the next.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from roadworthy.domain import Incident, Route


class SafeBaseline(Struct, frozen=True, kw_only=True):
    """Where a system goes when its live release must not answer."""

    digest: str = ""
    """Empty: the static fallback of each endpoint."""
    path: str = ""
    why_none: str = ""


def safe_baseline(old: Route | None, live: str, incidents: Iterable[Incident]) -> SafeBaseline:
    """What to fall back on once `live` (a bundle's digest) is live."""
    before = [] if old is None else [(old.live, old.path), (old.baseline, old.baseline_path)]
    others = [(digest, path) for digest, path in before if digest and digest != live]
    known: dict[str, list[str]] = {}
    for each in incidents:
        if each.disqualifies:
            known.setdefault(each.release, []).append(f"{each.id} ({each.state})")
    for digest, path in others:
        if digest not in known:
            return SafeBaseline(digest=digest, path=path)
    return SafeBaseline(why_none=_why_none([digest for digest, _ in others], known))


def _why_none(before: list[str], known: dict[str, list[str]]) -> str:
    following = "the next release falls back on this one, as long as this one has no incident"
    if not before:
        return f"no other release was live before; {following}"
    had = "; ".join(f"{digest} had {', '.join(known[digest])}" for digest in before)
    return (
        f"a release with an incident is none, a closed one included: {had}. What makes one: "
        f"{following}; an incident that was none, two people dismiss before a release follows"
    )
