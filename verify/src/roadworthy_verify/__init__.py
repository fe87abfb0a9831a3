"""Verify a Roadworthy ledger, release or bundle offline.

Standard library and `cryptography` only, small enough to be read in one sitting. Start with
`command.py` (what is asked), then `ledger.py` (what is checked, in numbered steps).
"""

from .checkpoint import CheckpointError, Head, load_heads
from .ledger import verify_ledger
from .log import check_log
from .report import Report
from .trust import Key, Trust, TrustError, load_trust

__all__ = [
    "CheckpointError",
    "Head",
    "Key",
    "Report",
    "Trust",
    "TrustError",
    "check_log",
    "load_heads",
    "load_trust",
    "verify_ledger",
]
