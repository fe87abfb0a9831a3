"""Generators of the robustness pack: what each is for, what it expects, which options it takes.

Only the description lives here, so that `check` can judge a suite's `generators:` without the
code that makes the cases. `evaluation` holds that code; a test keeps both lists equal.
"""

from __future__ import annotations

import math
from typing import Any, Literal, Protocol

from msgspec import Struct, field

from .charter import Positive
from .file import File

GOALS = ("steering", "prompt_leak", "data_leak", "misuse")
"""What an attack that can carry any request asks for; each is a hazard."""

ATTACK_LANGUAGES = ("en", "de", "fr", "es")
"""Languages in which attack templates are written."""

SYSTEMIC_CLASSES = (
    "cbrn", "cyber_offence", "loss_of_control", "manipulation", "critical_infrastructure",
    "discrimination", "deception", "privacy_at_scale",
)  # fmt: skip


class GeneratorUse(File, frozen=True, kw_only=True):
    """One entry of a suite's `generators:`."""

    generator: str
    per_case: Positive | None = None
    """Variants a case; none: as the command says, else one."""
    options: dict[str, Any] = field(default_factory=dict)


class Option(Struct, frozen=True, kw_only=True):
    """An option of a generator or a scorer."""

    kind: Literal["integer", "number", "texts", "text", "flag", "object"]
    default: Any
    meaning: str
    low: float = 0.0
    high: float = 1.0
    choices: tuple[str, ...] = ()
    """Of `text` and `texts`: which may be named; none: any."""


class Optioned(Protocol):
    """What has a name and options."""

    @property
    def name(self) -> str:
        """As a file names it."""
        ...

    @property
    def options(self) -> dict[str, Option]:
        """By key."""
        ...


class GeneratorSpec(Struct, frozen=True, kw_only=True):
    """One generator."""

    name: str
    hazards: tuple[str, ...]
    technique: str
    summary: str
    tags: tuple[str, ...]
    """Set on every case that it makes, beside `grown`, `hazard:…`, `technique:…`, `language:…`."""
    expects: str
    """In words: what its cases must see happen."""
    languages: tuple[str, ...] = ()
    """Languages of its own words; none: it works in the language of the case."""
    pairs: Literal["", "consistency", "fairness", "trigger"] = ""
    """What makes a pair with the unchanged case (tag `group:<id>`)."""
    needs: Literal["", "model", "prompt", "open_answer"] = ""
    """Without it nothing is made, and the reason is reported."""
    options: dict[str, Option] = field(default_factory=dict)


class OptionFault(Struct, frozen=True):
    """What is wrong with one option: its key, the message, what would be right."""

    key: str
    message: str
    fix: str


def option_faults(spec: Optioned, given: dict[str, Any]) -> list[OptionFault]:
    """Every fault of the options given to a generator or a scorer, in the order given."""
    faults = []
    for key, value in given.items():
        option = spec.options.get(key)
        if option is None:
            known = ", ".join(spec.options) or "none"
            fault = OptionFault(key, f"`{spec.name}` has no option `{key}`", f"it has: {known}")
            faults.append(fault)
        elif wrong := _wrong(option, value):
            faults.append(OptionFault(key, f"`{key}` of `{spec.name}` {wrong}", option.meaning))
    return faults


def option_values(spec: Optioned, given: dict[str, Any]) -> dict[str, Any]:
    """All options of a generator or a scorer, defaults filled in."""
    return {key: given.get(key, option.default) for key, option in spec.options.items()}


def _wrong(option: Option, value: Any) -> str:
    """What is wrong with a value, in words that follow the option's name; empty when nothing."""
    if option.kind == "flag":
        return "" if isinstance(value, bool) else "must be true or false"
    if option.kind == "object":
        return "" if isinstance(value, dict) else "must be a map of keys and values"
    if option.kind == "text":
        if not isinstance(value, str):
            return "must be a text"
        if not option.choices or value in option.choices:
            return ""
        return f"has no `{value}`; there are: {', '.join(option.choices)}"
    if option.kind == "texts":
        if not isinstance(value, list) or not value or not all(type(v) is str for v in value):
            return "must be a list of at least one text"
        strange = [one for one in value if option.choices and one not in option.choices]
        return f"has no `{strange[0]}`; there are: {', '.join(option.choices)}" if strange else ""
    whole = option.kind == "integer"
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return f"must be a {'whole ' if whole else ''}number"
    if not math.isfinite(value) or not option.low <= value <= option.high:
        return f"must be between {option.low:g} and {option.high:g}"
    return ""
