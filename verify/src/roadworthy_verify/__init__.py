"""Verify a Roadworthy ledger, release or bundle offline.

Standard library and `cryptography` only, small enough to be read in one sitting. Start with
`command.py` (what is asked), then `ledger.py` (what is checked, in numbered steps).
"""

from .report import Report
from .trust import Key, Trust, TrustError, load_trust

__all__ = ["Key", "Report", "Trust", "TrustError", "load_trust"]
