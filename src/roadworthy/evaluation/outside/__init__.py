"""Suites that others wrote, read from a copy that the user has or names; none is in here."""

from .cases import MARK, SETS, Borrowed, SetKind, borrow
from .hub import Fetched, HubLimits, fetch, is_address
from .rows import Limits

__all__ = [
    "MARK",
    "SETS",
    "Borrowed",
    "Fetched",
    "HubLimits",
    "Limits",
    "SetKind",
    "borrow",
    "fetch",
    "is_address",
]
