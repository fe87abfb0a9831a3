"""The steps of the request line, one file a step. What it never does: decide policy."""

from .acceptance import Acceptance, compile_acceptance, compile_map
from .admit import Admittance, Denial
from .alike import comes_to
from .arms import drawn_as_one, takes
from .brakes import covers, flags_for, standing, tighten
from .conversation import Conversation, conversation
from .decision import Decided, decide, read_confidence, read_label
from .egress import Border, compile_border
from .emergency import BuiltRail, build_rail
from .exact_cache import ExactCache, replayed
from .flight import Flight, Ticket
from .guard import Guard
from .hold_back import OutputRails
from .identify import Caller, FacetReader, Tenants
from .late_rules import LateRule
from .notice import Listeners, Notice, Told, has_begun, in_language_of
from .outcome import RailOutcome
from .pseudonyms import Pseudonyms, put_back
from .quota import MOST_AHEAD_NS, WINDOW_NS, Quota, alarm, billionths, forecast, month_of, used_up
from .rail_explanation import RailExplanation, explain_rails
from .rails import RailLine
from .route import Aim, aim, names
from .tenants import (
    MAX_SLOTS,
    TenantFile,
    TenantKey,
    TenantLimits,
    TenantScope,
    editing,
    hash_key,
    limiting,
    load_tenants,
    new_key,
    next_slot,
)
from .texts import (
    escaped_texts,
    input_text,
    input_texts,
    is_plain_talk,
    message_text,
    spoken_texts,
    texts_between,
    with_texts,
)
from .thoughts import thought_text, thoughts, without_thoughts
from .tool_calls import (
    ToolCall,
    beside_text,
    call_texts,
    checked_calls,
    delta_text,
    tool_calls,
)
from .unpersonal import is_nobodys
from .veiled import Veiled, VeiledProvider

__all__ = [
    "MAX_SLOTS",
    "MOST_AHEAD_NS",
    "WINDOW_NS",
    "Acceptance",
    "Admittance",
    "Aim",
    "Border",
    "BuiltRail",
    "Caller",
    "Conversation",
    "Decided",
    "Denial",
    "ExactCache",
    "FacetReader",
    "Flight",
    "Guard",
    "LateRule",
    "Listeners",
    "Notice",
    "OutputRails",
    "Pseudonyms",
    "Quota",
    "RailExplanation",
    "RailLine",
    "RailOutcome",
    "TenantFile",
    "TenantKey",
    "TenantLimits",
    "TenantScope",
    "Tenants",
    "Ticket",
    "Told",
    "ToolCall",
    "Veiled",
    "VeiledProvider",
    "aim",
    "alarm",
    "beside_text",
    "billionths",
    "build_rail",
    "call_texts",
    "checked_calls",
    "comes_to",
    "compile_acceptance",
    "compile_border",
    "compile_map",
    "conversation",
    "covers",
    "decide",
    "delta_text",
    "drawn_as_one",
    "editing",
    "escaped_texts",
    "explain_rails",
    "flags_for",
    "forecast",
    "has_begun",
    "hash_key",
    "in_language_of",
    "input_text",
    "input_texts",
    "is_nobodys",
    "is_plain_talk",
    "limiting",
    "load_tenants",
    "message_text",
    "month_of",
    "names",
    "new_key",
    "next_slot",
    "put_back",
    "read_confidence",
    "read_label",
    "replayed",
    "spoken_texts",
    "standing",
    "takes",
    "texts_between",
    "thought_text",
    "thoughts",
    "tighten",
    "tool_calls",
    "used_up",
    "with_texts",
    "without_thoughts",
]
