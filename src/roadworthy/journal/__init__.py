"""Append-only segments: on disk before the answer leaves, texts sealed, every record checked."""

from .finding import find_all
from .fingerprint import SURELY, fingerprints, shares, words_of
from .fingerprint_log import FingerprintLog, Logged
from .held import HeldTail, drawn_for
from .host_log import HostLog, read_host
from .inclusion import Included, included
from .parquet import Exported, export_segment, is_exported
from .prometheus import (
    CONTENT_TYPE,
    BudgetGauge,
    ControlGauges,
    ProcessGauge,
    ReviewGauge,
    exposition,
)
from .query import Row, Wanted, query
from .reading import (
    Tail,
    find,
    marks_before,
    mentioning,
    named_within,
    originals,
    read_journal,
    read_segment,
    segments,
    told,
    written_since,
)
from .record import Record, Sealed
from .recovery import Recovered, recover
from .remarks import Remarks
from .sealed_lines import LineWriter, SealedLine, seal_line, sealed_lines, text_of
from .sealing import Seal, seal_segment
from .segment import sync_folder
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
    "LineWriter",
    "Logged",
    "ProcessGauge",
    "Record",
    "Recovered",
    "Remarks",
    "ReviewGauge",
    "Row",
    "Seal",
    "Sealed",
    "SealedLine",
    "Span",
    "Spool",
    "Tail",
    "Tally",
    "Vault",
    "Wanted",
    "WorkerState",
    "WrappedKey",
    "drawn_for",
    "export_segment",
    "exposition",
    "find",
    "find_all",
    "fingerprints",
    "forget_states",
    "included",
    "is_exported",
    "key_names",
    "marks_before",
    "mentioning",
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
    "seal_line",
    "seal_segment",
    "sealed_lines",
    "segments",
    "shares",
    "span_of",
    "sync_folder",
    "text_of",
    "told",
    "unseal",
    "words_of",
    "written_since",
]
