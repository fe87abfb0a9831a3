"""The catalogues that come with Roadworthy."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent / "catalogues"

EVIDENCE = Path(__file__).parent / "evidence.yaml"
"""What proves which duty."""

MATRIX = Path(__file__).parent / "matrix.yaml"
"""The lifecycle: phases, stages, artifacts."""

EU_AI_ACT = "eu-ai-act"
"""The first one: the others may extend it."""


def shipped() -> tuple[Path, ...]:
    """Their files, the AI Act first."""
    first = _FOLDER / f"{EU_AI_ACT}.yaml"
    return (first, *(path for path in sorted(_FOLDER.glob("*.yaml")) if path != first))
