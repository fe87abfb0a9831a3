"""Verify a Roadworthy ledger, release, bundle or proof offline.

Standard library and `cryptography` only, small enough to be read in one sitting. Start with
`command.py` (what is asked), then `log.py` and `bundle.py` (what is checked, in numbered steps).
"""

from .authority import Authority, AuthorityError, disagreements, replay
from .bundle import verify_bundle
from .carried import carried_heads, load_heads
from .checkpoint import CheckpointError, Head
from .envelope import EnvelopeError
from .ledger import verify_ledger
from .log import check_log
from .path import read_text, recognise, verify_path
from .proof import verify_proof
from .report import Report, sentences
from .trust import Key, Trust, TrustError, load_trust

__all__ = [
    "Authority",
    "AuthorityError",
    "CheckpointError",
    "EnvelopeError",
    "Head",
    "Key",
    "Report",
    "Trust",
    "TrustError",
    "carried_heads",
    "check_log",
    "disagreements",
    "load_heads",
    "load_trust",
    "read_text",
    "recognise",
    "replay",
    "sentences",
    "verify_bundle",
    "verify_ledger",
    "verify_path",
    "verify_proof",
]
