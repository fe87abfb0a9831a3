"""The reference of a candidate: covered by its digest, whole, and this system's, or an error."""

from __future__ import annotations

from typing import Any

import pytest

from doubles.pinnable import ASSETS, CANDIDATE, a_system, candidate
from roadworthy.domain import ManifestError, ReferenceCounts
from roadworthy.release import pin, reference_digest, reference_of

REFERENCE: dict[str, Any] = {
    "system": "claims-desk",
    "source": "past.jsonl",
    "source_digest": "sha256:1",
    "date": "2026-11-22T10:00:00Z",
    "fitted": 3,
    "held": 19,
    "labelled": False,
    "false_alarm": 0.05,
    "threshold": 1.5,
    "facets": {"supplier": ["acme"]},
    "topics": ["car", "roof"],
    "detector": {"t": {"shape": [2, 2], "type": "f2", "data": "AAAAAAAAAAA="}},
    "counts": {"inputs": {"car": 2, "roof": 1}, "words": 9, "n": 3},
}


def content(named: Any = "reference.json", **changes: Any) -> Any:
    own = candidate() if named is None else candidate(ood=named)
    assets = {**ASSETS, "reference.json": {**REFERENCE, **changes}}
    return pin(a_system(candidate=own, assets=assets))


def test_the_counts_are_what_drift_is_held_against() -> None:
    found = reference_of(content())
    assert found is not None
    assert found.counts == ReferenceCounts(inputs={"car": 2, "roof": 1}, words=9, n=3)


def test_a_candidate_without_one_has_none_and_its_old_digest() -> None:
    assert reference_of(content(None)) is None
    assert reference_digest(content(None)) == ""
    assert "ood" not in CANDIDATE
    assert pin(a_system()).candidate_digest == pin(a_system(candidate=candidate())).candidate_digest


def test_every_byte_of_it_is_in_the_candidates_digest() -> None:
    assert content().candidate_digest != content(threshold=1.6).candidate_digest
    assert reference_digest(content()) != reference_digest(content(threshold=1.6))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"system": "other-desk"}, "fitted for the system `other-desk`"),
        ({"topics": ["car"]}, "counted in topics"),
        ({"detector": {"t": {"shape": [3, 2], "type": "f2", "data": "AAAAAAAAAAA="}}}, "not whole"),
        ({"false_alarm": 0}, "no reference"),
    ],
)
def test_an_unsound_reference_fails_closed(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ManifestError, match=said):
        reference_of(content(**changes))


def test_a_missing_reference_fails_closed() -> None:
    with pytest.raises(ManifestError, match="no reference"):
        reference_of(content("gone.json"))
