"""The query engine: how it is found, and what it may take.

Leaves: `duckdb`, and how a connection is opened. Never here: an extension that is fetched.
"""

from __future__ import annotations

from types import ModuleType

from roadworthy.domain import UsageError

MEMORY_MB = 1024
"""Of the query engine; what needs more spills to the disk."""

CONFIG = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "preserve_insertion_order": "false",
}


def duckdb() -> ModuleType:
    """`duckdb`. Raises UsageError where it is not installed."""
    try:
        import duckdb
    except ImportError:
        raise UsageError(
            "`duckdb`, which asks the table of observations, is not installed",
            fix="pip install 'roadworthy[observations]'",
        ) from None
    return duckdb
