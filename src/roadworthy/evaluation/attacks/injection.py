"""Orders to the model: beside the case (direct), or in what the case quotes (indirect)."""

from __future__ import annotations

from pathlib import Path

from ..draw import Draw
from ..slot import carrier_field
from ..variant import Seed, Variant
from ..variant import data_of as _data
from .delivery import deliver, fitted
from .goals import ask

_DATA = Path(__file__).parent / "data" / "injection.toml"


def direct(seed: Seed, draw: Draw) -> Variant | str:
    """The case with an order to the model beside it."""
    return deliver(seed, draw, _DATA, "direct")


def indirect(seed: Seed, draw: Draw) -> Variant | str:
    """The order inside something that the case quotes, or in the variable that quotes."""
    language = seed.words_language()
    wanted = ask(seed, draw, language)
    if isinstance(wanted, str):
        return wanted
    order: str = draw.pick(_data(_DATA)[language]["orders"]).format(request=wanted.text)
    quoted: str = draw.pick(_data(_DATA)[language]["indirect"]).format(order=order)
    named = seed.options["field"] or carrier_field(seed.case)
    given = seed.case.input.get(named) if isinstance(seed.case.input, dict) else None
    if seed.options["field"] and not isinstance(given, str):
        return f"the case has no text `{named}`"
    if isinstance(given, str):
        limit = seed.surface.limit(named)
        text = f"{given}\n\n{quoted}"
        if limit and len(text) > limit:
            return "the prompt's variable has no room for the attack"
        return Variant(
            text=seed.text, language=language, hazard=wanted.hazard, expect=wanted.expect,
            fields={named: text}, detail=named,
        )  # fmt: skip
    text = f"{seed.text}\n\n{quoted}"
    return fitted(
        seed, Variant(text=text, language=language, hazard=wanted.hazard, expect=wanted.expect)
    )
