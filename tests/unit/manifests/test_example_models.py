"""The example's candidates ask models that its own folder describes, digest for digest."""

from __future__ import annotations

from pathlib import Path

import pytest

from roadworthy.domain import is_same_model, wanted_models
from roadworthy.manifests import load_model_file, load_system

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "claims-desk"
CANDIDATES = [
    "candidate.yaml", "baseline.yaml", "candidates/described.yaml", "candidates/next.yaml",
    "candidates/baseline-wider.yaml",
]  # fmt: skip


@pytest.mark.parametrize("candidate", CANDIDATES)
def test_every_model_of_the_example_is_described(candidate: str) -> None:
    system = load_system(EXAMPLE, candidate=candidate)
    known = [load_model_file(path) for path in sorted((EXAMPLE / "models").glob("*.yaml"))]
    asked = wanted_models(system.candidate, system.charter, system.files, system.deployment)
    assert asked
    for one in asked:
        assert any(is_same_model(each.identity, one.identity) for each in known), one.words
