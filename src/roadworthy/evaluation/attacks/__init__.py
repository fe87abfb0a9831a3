"""Attacks: what somebody tries who wants another answer than the right one."""

from . import (
    crescendo,
    encodings,
    extraction,
    injection,
    many_shot,
    membership,
    misuse,
    payloads,
    role_play,
    triggers,
)

__all__ = [
    "crescendo",
    "encodings",
    "extraction",
    "injection",
    "many_shot",
    "membership",
    "misuse",
    "payloads",
    "role_play",
    "triggers",
]
