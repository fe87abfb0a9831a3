"""Suites that others wrote, read from a copy that the user has; nothing of them is in here."""

from .cases import MARK, SETS, Borrowed, SetKind, borrow
from .rows import Limits

__all__ = ["MARK", "SETS", "Borrowed", "Limits", "SetKind", "borrow"]
