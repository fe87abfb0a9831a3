"""What a name on the page leads to in the list of cases: by number, so that names stay data."""

from __future__ import annotations

from typing import Any


class Links:
    """Filters by number, in the order in which they were asked for."""

    def __init__(self) -> None:
        self._known: dict[tuple[tuple[str, Any], ...], int] = {}

    def to(self, **wanted: Any) -> int:
        """The number of a filter such as `tag="tail"`, `flip="broken"` or `case=12`."""
        return self._known.setdefault(tuple(sorted(wanted.items())), len(self._known))

    def listed(self) -> list[dict[str, Any]]:
        """All of them, for the page's index."""
        return [dict(wanted) for wanted in self._known]
