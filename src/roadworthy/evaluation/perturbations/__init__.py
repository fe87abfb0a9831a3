"""Perturbations: changes that leave the meaning, so that the answer should not change."""

from . import casing, homoglyphs, long_context, look_alikes, names, rewording, typos

__all__ = [
    "casing",
    "homoglyphs",
    "long_context",
    "look_alikes",
    "names",
    "rewording",
    "typos",
]
