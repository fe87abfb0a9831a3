"""Detectors as files name them: known name, known options, sound patterns, side files there.

What a detector *is* lives upstairs in `detectors`; here only the names that a file may use (a
test holds the two lists equal).
"""

from __future__ import annotations

from typing import Any

from roadworthy.domain import DEEP_RAILS

from .compiled import RULE_VARIABLES, check_cel, check_pattern, check_schema
from .document import Document, Path
from .folder import Folder
from .typed import suggest

DETECTOR_OPTIONS: dict[str, tuple[str, ...]] = {
    "pattern": ("patterns", "kind", "ignore_case", "normalise", "decode"),
    "deny": ("words", "kind", "inside_words", "ignore_case", "normalise", "decode"),
    "pii": ("kinds", "countries", "normalise"),
    "secrets": ("kinds", "normalise"),
    "schema": ("schema",),
    "cel": ("expression",),
    "classifier": ("weights", "ngrams", "counting", "kind"),
    "linear": ("weights", "ngrams", "counting", "kind"),
    "verbatim": ("texts", "words", "kind"),
    "prompt_leak": ("words", "canary", "examples", "kind"),
    "injection": ("false_alarms", "kind"),
    "toxicity": ("false_alarms", "kind"),
}
"""Detector -> the options that a file may give it."""

_SIDE_FILES = ("file", "words", "schema", "weights", "texts")
"""Options whose text is the path of a side file."""

_NEEDED = {
    "pattern": "patterns",
    "deny": "words",
    "schema": "schema",
    "cel": "expression",
    "classifier": "weights",
    "linear": "weights",
    "verbatim": "texts",
}


def check_detector(
    name: str, options: dict[str, Any], folder: Folder, document: Document, place: Path
) -> None:
    """Note an unknown detector or option, a missing option, and what does not compile."""
    if not document.sound((*place, "detector")):
        return
    known = DETECTOR_OPTIONS.get(name)
    if name in DEEP_RAILS:
        document.fault(
            (*place, "detector"),
            f"`{name}` asks outside of this process, which only a rail does",
            "put it into rails.yaml, or use a detector that looks here",
        )
        return
    if known is None:
        document.fault(
            (*place, "detector"),
            f"there is no detector `{name}`",
            suggest(name, list(DETECTOR_OPTIONS), "the detectors are"),
        )
        return
    where = (*place, "options")
    for key in options:
        if key not in known:
            document.fault(
                (*where, key),
                f"the detector `{name}` has no option `{key}`",
                suggest(key, list(known), "its options are"),
            )
    needed = _NEEDED.get(name)
    if needed is not None and needed not in options and document.sound(where):
        document.fault(
            where, f"the detector `{name}` needs the option `{needed}`", f"add `{needed}:`"
        )
    for key, value in options.items():
        _check_option(key, value, folder, document, (*where, key))


def _check_option(key: str, value: Any, folder: Folder, document: Document, place: Path) -> None:
    if key in _SIDE_FILES and isinstance(value, str):
        target = folder.reach(value, document, place)
        if target is not None:
            folder.side_file(target)
    elif key == "schema":
        check_schema(value, document, place)
    elif key == "expression" and isinstance(value, str):
        check_cel(value, document, place, variables=RULE_VARIABLES)
    elif key == "patterns":
        _check_patterns(value, document, place)


def _check_patterns(value: Any, document: Document, place: Path) -> None:
    """A pattern, a list of them, or a mapping from kind to either."""
    if isinstance(value, str):
        check_pattern(value, document, place)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_patterns(item, document, (*place, index))
    elif isinstance(value, dict):
        for kind, item in value.items():
            _check_patterns(item, document, (*place, kind))
    else:
        document.fault(
            place, f"`{document.spell(place)}` is no pattern", "write an RE2 pattern in quotes"
        )
