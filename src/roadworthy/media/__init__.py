"""Marks on pictures and sound, and what reads them (EU AI Act, Article 50(2)). Needs `[media]`."""

from .certificates import Authority, MarkKey, make_authority, make_mark_key
from .installed import INSTALL, MarkError, missing
from .label import READY, require_drawable
from .manifest import About, Manifest
from .marking import SOUNDS, Marked, Marker, Seen, look_at_document, look_at_picture, look_at_sound
from .pictures import MIMES
from .watermark import FALSE_ALARM, Found

__all__ = [
    "FALSE_ALARM",
    "INSTALL",
    "MIMES",
    "READY",
    "SOUNDS",
    "About",
    "Authority",
    "Found",
    "Manifest",
    "MarkError",
    "MarkKey",
    "Marked",
    "Marker",
    "Seen",
    "look_at_document",
    "look_at_picture",
    "look_at_sound",
    "make_authority",
    "make_mark_key",
    "missing",
    "require_drawable",
]
