"""The AI bill of materials: complete, deterministic, in CycloneDX's form."""

from __future__ import annotations

import json

from doubles.pinnable import CANDIDATE, a_system, candidate
from roadworthy.release import pin
from roadworthy.release.bom import bill_of_materials
from roadworthy_verify.covered import encoded


def test_it_names_every_part_with_its_digest() -> None:
    bill = bill_of_materials(pin(a_system()))
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    parts = {part["bom-ref"]: part for part in bill["components"]}
    assert sorted(parts) == [
        "file:rules/words.json", "file:schemas/answer.json", "file:w.json", "model:words",
        "prompt:route", "rails", "tool:lookup",
    ]  # fmt: skip
    assert parts["model:words"]["type"] == "machine-learning-model"
    assert parts["prompt:route"]["hashes"][0]["alg"] == "SHA-256"
    assert bill["dependencies"][0]["dependsOn"] == [part["bom-ref"] for part in bill["components"]]


def test_a_model_is_named_by_its_hash_or_its_pin() -> None:
    def model(digest: str) -> dict[str, object]:
        chosen = candidate(model={**CANDIDATE["model"], "digest": digest, "version": "3"})
        return bill_of_materials(pin(a_system(candidate=chosen)))["components"][0]

    assert model("sha256:" + "a" * 64)["hashes"] == [{"alg": "SHA-256", "content": "a" * 64}]
    pinned = model("2026-01-01")
    assert "hashes" not in pinned
    assert {"name": "roadworthy:digest", "value": "2026-01-01"} in pinned["properties"]
    assert pinned["version"] == "3"


def test_it_is_the_same_twice_and_without_floats() -> None:
    content = pin(a_system())
    first, second = bill_of_materials(content), bill_of_materials(content)
    assert encoded(first) == encoded(second)
    assert json.loads(encoded(first)) == first
    assert "." not in first["serialNumber"]
