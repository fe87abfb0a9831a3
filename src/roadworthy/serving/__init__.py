"""The steps of the request line, one file a step. What it never does: decide policy."""

from .decision import Decided, decide, read_label
from .flight import Flight, Ticket
from .texts import input_text, input_texts, with_texts

__all__ = [
    "Decided",
    "Flight",
    "Ticket",
    "decide",
    "input_text",
    "input_texts",
    "read_label",
    "with_texts",
]
