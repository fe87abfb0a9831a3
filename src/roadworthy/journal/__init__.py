"""Append-only segments: on disk before the answer leaves, texts sealed, every record checked."""

from .fingerprint import SURELY, fingerprints, shares, words_of
from .fingerprint_log import FingerprintLog, Logged
from .held import HeldTail
from .host_log import HostLog, read_host
from .inclusion import Included, included
from .parquet import Exported, export_segment, is_exported
from .prometheus import CONTENT_TYPE, BudgetGauge, ControlGauges, ProcessGauge, exposition
from .query import Row, Wanted, query
from .reading import (
    Tail,
    find,
    named_within,
    originals,
    read_journal,
    read_segment,
    segments,
    told,
)
from .record import Record, Sealed
from .recovery import Recovered, recover
from .remarks import Remarks
from .sealing import Seal, seal_segment
from .spans import Span, span_of
from .spool import Spool
from .tally import Gauges, Tally, WorkerState, forget_states, publish_state, read_states
from .vault import ERASED_FILE, MASTER_FILE, Vault, WrappedKey, key_names, open_master_key, unseal

__all__ = [
    "CONTENT_TYPE",
    "ERASED_FILE",
    "MASTER_FILE",
    "SURELY",
    "BudgetGauge",
    "ControlGauges",
    "Exported",
    "FingerprintLog",
    "Gauges",
    "HeldTail",
    "HostLog",
    "Included",
    "Logged",
    "ProcessGauge",
    "Record",
    "Recovered",
    "Remarks",
    "Row",
    "Seal",
    "Sealed",
    "Span",
    "Spool",
    "Tail",
    "Tally",
    "Vault",
    "Wanted",
    "WorkerState",
    "WrappedKey",
    "export_segment",
    "exposition",
    "find",
    "fingerprints",
    "forget_states",
    "included",
    "is_exported",
    "key_names",
    "named_within",
    "open_master_key",
    "originals",
    "publish_state",
    "query",
    "read_host",
    "read_journal",
    "read_segment",
    "read_states",
    "recover",
    "seal_segment",
    "segments",
    "shares",
    "span_of",
    "told",
    "unseal",
    "words_of",
]
