"""Append-only segments: on disk before the answer leaves, texts sealed, every record checked."""

from .reading import Tail, find, read_journal, read_segment, segments, told
from .record import Record, Sealed
from .recovery import Recovered, recover
from .sealing import Seal, seal_segment
from .spool import Spool
from .vault import Vault, open_master_key, unseal

__all__ = [
    "Record",
    "Recovered",
    "Seal",
    "Sealed",
    "Spool",
    "Tail",
    "Vault",
    "find",
    "open_master_key",
    "read_journal",
    "read_segment",
    "recover",
    "seal_segment",
    "segments",
    "told",
    "unseal",
]
