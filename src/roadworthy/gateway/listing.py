"""Pages of a list, as OpenAI's APIs have them: `after`, `limit`, `order`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl

import msgspec

from roadworthy.domain import Instant, parse_instant

from .problems import ApiError, bad_field


class Named(Protocol):
    """What can stand in a list."""

    @property
    def id(self) -> str:
        """By which it is asked for."""
        ...


_Item = TypeVar("_Item", bound=Named)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Which page."""

    after: str = ""
    limit: int = 20
    order: str = "desc"
    purpose: str = ""


def asked(query: bytes, *, limit: int, most: int) -> Asked:
    """The page that a query asks for. Raises ApiError that names the parameter."""
    try:
        said = dict(parse_qsl(query.decode("ascii"), max_num_fields=16))
    except ValueError:
        raise ApiError(400, "the query cannot be read", code="invalid_value") from None
    wanted = said.get("limit", str(limit))
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) < 7 and 1 <= int(wanted) <= most):
        raise bad_field("limit", f"limit is a number from 1 to {most}")
    order = said.get("order", "desc")
    if order not in ("asc", "desc"):
        raise bad_field("order", "order is asc or desc")
    return Asked(
        after=said.get("after", ""),
        limit=int(wanted),
        order=order,
        purpose=said.get("purpose", ""),
    )


def beneath(path: str, place: str, verb: str) -> tuple[str, str]:
    """The id and the verb in a path such as `/v1/files/ID/content`; both may be empty.

    Raises ApiError (404) for a path that only begins like that.
    """
    id_, slash, rest = path.removeprefix(place).removeprefix("/").partition("/")
    tidy = place + (f"/{id_}" if id_ else "") + (f"/{verb}" if rest else "")
    if path != tidy or (slash and rest != verb):
        raise ApiError(404, f"there is nothing at {path}", code="not_found")
    return id_, rest


def page(items: Sequence[_Item], which: Asked, view: Callable[[_Item], dict[str, Any]]) -> bytes:
    """A page of what is there, oldest first. Raises ApiError for an `after` that is none of it."""
    ordered = list(items) if which.order == "asc" else list(reversed(items))
    if which.after:
        at = next((n for n, one in enumerate(ordered) if one.id == which.after), None)
        if at is None:
            raise bad_field("after", f"there is no {which.after!r} here")
        ordered = ordered[at + 1 :]
    shown = ordered[: which.limit]
    return msgspec.json.encode(
        {
            "object": "list",
            "data": [view(one) for one in shown],
            "first_id": shown[0].id if shown else None,
            "last_id": shown[-1].id if shown else None,
            "has_more": len(ordered) > len(shown),
        }
    )


def seconds(at: Instant) -> int | None:
    """An instant as OpenAI's APIs say it; None for none."""
    return int(parse_instant(at).timestamp()) if at else None
