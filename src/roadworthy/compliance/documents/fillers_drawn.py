"""The architecture as the release has it: what a request passes, in which order, drawn.

Enters: the parts of the candidate. Leaves: a picture of our own, the same in words, and the parts
by digest. Never: a part that the release does not have, or a text of a user's as markup.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from roadworthy.domain import Block, Cell, Drawing, Language, Paragraph

from .gathered import Gathered
from .registry import filler
from .words import said

_WIDTH, _HEIGHT, _GAP, _EDGE = 560, 46, 22, 12
_LONGEST = 78
"""Characters of a line in a box; more is cut, and stands whole in the contract."""


@filler("architecture")
def _architecture(found: Gathered, language: Language) -> tuple[Block, ...]:
    boxes = list(_boxes(found, language))
    words = " → ".join(f"{title}: {detail}" if detail else title for title, detail in boxes)
    source = found.source(found.system.candidate_file)
    drawn = said("drawn from this file and what it names", language)
    return (
        Drawing(svg=_svg(boxes), words=words),
        Paragraph(cell=Cell(f"{drawn}: {found.system.candidate_file}", source)),
    )


def _boxes(found: Gathered, language: Language) -> Iterator[tuple[str, str]]:
    """What a request passes: title and what stands there, in its order."""
    system, candidate = found.system, found.system.candidate
    yield said("request", language), ", ".join(one.id for one in found.charter.endpoints)
    if candidate.assertions:
        checks = ", ".join(one.that for one in candidate.assertions)
        yield said("checks of the input", language), checks
    if rails := [one.id for one in system.rails.rails if one.on in ("input", "both")]:
        yield said("rails on the input", language), ", ".join(rails)
    if candidate.knowledge:
        yield said("knowledge", language), candidate.knowledge
    if system.prompt is not None:
        yield said("prompt", language), _short(system.prompt.path, found)
    model = candidate.model
    adapter = f" + {model.adapter}" if model.adapter else ""
    yield said("model", language), f"{model.provider} {model.name}{adapter}"
    if candidate.tools:
        yield said("tools", language), ", ".join(one.name for one in candidate.tools)
    if candidate.decision is not None:
        yield said("decision", language), ", ".join(candidate.decision.labels)
    if rails := [one.id for one in system.rails.rails if one.on in ("output", "both")]:
        yield said("rails on the output", language), ", ".join(rails)
    if never := [one.id for one in found.charter.never if one.is_inline]:
        yield said("never events, before it leaves", language), ", ".join(never)
    held = sorted({one.safe_mode for one in found.charter.endpoints})
    safe = ", ".join(said(one.replace("_", " "), language) for one in held)
    yield said("answer", language), f"{said('or, where anything fails', language)}: {safe}"


def _short(file: str, found: Gathered) -> str:
    digest = found.system.files.get(file, "")
    return f"{file} ({digest.removeprefix('sha256:')[:12]})" if digest else file


def _svg(boxes: list[tuple[str, str]]) -> str:
    height = len(boxes) * (_HEIGHT + _GAP) - _GAP + 2 * _EDGE
    width = _WIDTH + 2 * _EDGE
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"'
        ' role="img" font-family="sans-serif" font-size="12">'
    ]
    middle = _EDGE + _WIDTH // 2
    for at, (title, detail) in enumerate(boxes):
        top = _EDGE + at * (_HEIGHT + _GAP)
        parts.append(
            f'<rect x="{_EDGE}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" rx="4"'
            ' fill="none" stroke="rgb(60,60,60)"/>'
        )
        parts.append(
            f'<text x="{_EDGE + 8}" y="{top + 18}" font-weight="bold">{escape(title)}</text>'
        )
        shown = detail if len(detail) <= _LONGEST else f"{detail[: _LONGEST - 1]}…"
        parts.append(f'<text x="{_EDGE + 8}" y="{top + 36}">{escape(shown)}</text>')
        if at:
            tip = top - 2
            parts.append(
                f'<path d="M{middle} {top - _GAP} V{tip} M{middle - 4} {tip - 6} L{middle} {tip}'
                f' L{middle + 4} {tip - 6}" fill="none" stroke="rgb(60,60,60)"/>'
            )
    return "".join(parts) + "</svg>"
