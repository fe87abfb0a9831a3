"""The steps of the request line, one file a step. What it never does: decide policy."""

from .admit import Admittance, Denial
from .brakes import flags_for, tighten
from .decision import Decided, decide, read_label
from .flight import Flight, Ticket
from .identify import Caller, FacetReader, Tenants
from .route import Aim, aim, names
from .tenants import TenantFile, TenantKey, TenantScope, editing, hash_key, load_tenants, new_key
from .texts import input_text, input_texts, with_texts

__all__ = [
    "Admittance",
    "Aim",
    "Caller",
    "Decided",
    "Denial",
    "FacetReader",
    "Flight",
    "TenantFile",
    "TenantKey",
    "TenantScope",
    "Tenants",
    "Ticket",
    "aim",
    "decide",
    "editing",
    "flags_for",
    "hash_key",
    "input_text",
    "input_texts",
    "load_tenants",
    "names",
    "new_key",
    "read_label",
    "tighten",
    "with_texts",
]
