"""Detectors by the name that a file gives them.

Enters: a name, options and the side files. Leaves: a detector, ready and checked. Never happens
here: an import of a detector that nobody asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roadworthy.domain import Detector

from .options import refuse

DETECTOR_NAMES = (
    "cel", "classifier", "deny", "injection", "linear", "pattern", "pii", "prompt_leak", "schema",
    "secrets", "toxicity", "verbatim",
)  # fmt: skip
"""Every name that `make_detector` knows; `linear` is another name of `classifier`."""


def make_detector(name: str, options: Mapping[str, Any], assets: Mapping[str, Any]) -> Detector:
    """The detector of that name. Raises ManifestError saying what is wrong and what is right.

    `assets` are the system's side files, parsed, by path relative to its folder.
    """
    match name:
        case "pattern":
            from . import patterns

            return patterns.make(options, assets)
        case "deny":
            from . import deny

            return deny.make(options, assets)
        case "pii":
            from . import pii

            return pii.make(options, assets)
        case "secrets":
            from . import secrets

            return secrets.make(options, assets)
        case "schema":
            from . import schema

            return schema.make(options, assets)
        case "cel":
            from . import expression

            return expression.make(options, assets)
        case "classifier" | "linear":
            from . import linear

            return linear.make(options, assets)
        case "injection" | "toxicity":
            from . import trained

            return trained.make(name, options)
        case "prompt_leak":
            from . import prompt_leak

            return prompt_leak.make(options, assets)
        case "verbatim":
            from . import verbatim

            return verbatim.make(options, assets)
    import difflib  # for who has mistyped only

    near = difflib.get_close_matches(name, DETECTOR_NAMES, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(DETECTOR_NAMES)}"
    raise refuse(f"there is no detector `{name}`", hint)
