"""Why a duty does not apply, in words of the catalogue's own questions: for people, no code.

Source: the parts of the duty's condition that are false, and the answers that make them so.
"""

from __future__ import annotations

import re
from typing import Any

from roadworthy.domain import FactSpec, Obligation, Settled

from .sheet import ROLE, Sheet, names_in

_PIECES = re.compile(r"\"[^\"]*\"|'[^']*'|&&|\|\||[()]|[^\"'&|()]+|.")


def other_role(duty: Obligation, sheet: Sheet) -> str:
    """Whom a duty binds, where none of them is held."""
    bound, held = (", ".join(map(sheet.title, names)) for names in (duty.actor, sheet.roles))
    return f"it binds others: {bound}; held: {held}"


def not_the_case(duty: Obligation, sheet: Sheet, role: str) -> str:
    """The answers for which a duty's condition is false; what was not asked, only if alone."""
    told: dict[str, bool] = {}
    for part in parts(duty.applies_when):
        if sheet.outcome(part, **{ROLE: role}).decided is False:
            for name in names_in(part):
                told |= _said(sheet, name)
    asked = [words for words, was_asked in told.items() if was_asked]
    return f"not the case: {'; '.join(asked or told) or f'not as {sheet.title(role)}'}"


def parts(condition: str) -> list[str]:
    """What a condition joins by `&&` at its top: one that is false makes the whole false."""
    depth, found = 0, [""]
    for piece in _PIECES.findall(condition):
        depth += {"(": 1, ")": -1}.get(piece, 0)
        if piece == "||" and not depth:
            return [condition]
        if piece == "&&" and not depth:
            found.append("")
        else:
            found[-1] += piece
    return [part.strip() for part in found]


def _said(sheet: Sheet, name: str) -> dict[str, bool]:
    """A fact and its answer in words -> whether somebody was asked."""
    spec = sheet.spec(name)
    settled = sheet.settled(name) if spec is not None else None
    if spec is None or settled is None or not settled.known:
        return {}
    return {f"{_asked(spec)} {_answer(spec, settled)}": settled.why != "not_asked"}


def _asked(spec: FactSpec) -> str:
    if spec.question and not spec.title:
        return spec.question
    return f"{spec.title or spec.id.replace('_', ' ')}:"


def _answer(spec: FactSpec, settled: Settled) -> str:
    match settled.why:
        case "not_asked":
            return "not asked"
        case "unclaimed":
            return "not claimed"
    value: Any = settled.values[0]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return spec.choices.get(str(value)) or str(value) or "none"
